#include "relay/segment_writer.hpp"

#include "relay/errc.hpp"
#include "relay/segment_reader.hpp"

#include <algorithm>
#include <utility>

namespace understudy::relay {

using protocol::result;

result<segment_writer> segment_writer::create(directory& where, const segment_header& header,
                                              file_cipher* cipher) {
    const std::string temporary(unfinished_name);
    auto created = where.create(temporary);
    if (!created) return std::unexpected(created.error());
    const auto bytes = encode_segment_header(header, cipher);
    if (auto done = (*created)->append(bytes); !done) return std::unexpected(done.error());
    if (auto done = (*created)->sync(); !done) return std::unexpected(done.error());
    if (auto done = where.rename(temporary, segment_name(header.number)); !done) {
        return std::unexpected(done.error());
    }
    if (auto done = where.sync(); !done) return std::unexpected(done.error());
    return segment_writer(std::move(*created), bytes.size());
}

result<segment_writer> segment_writer::resume(directory& where, const std::string& name,
                                              std::uint64_t size) {
    auto opened = where.open_for_writing(name);
    if (!opened) return std::unexpected(opened.error());
    const auto found = (*opened)->size();
    if (!found) return std::unexpected(found.error());
    if (*found != size) {
        if (auto cut = (*opened)->truncate(size); !cut) return std::unexpected(cut.error());
    }
    // What was found may still be in the page cache only.
    if (auto done = (*opened)->sync(); !done) return std::unexpected(done.error());
    return segment_writer(std::move(*opened), size);
}

result<void> segment_writer::undo(protocol::error reason) {
    if (auto cut = file_->truncate(size_); !cut) {
        // Half a frame stays behind; it is cut off at the next start.
        return protocol::fail(errc::io_failed, reason.what + "; and then: " + cut.error().what);
    }
    return std::unexpected(std::move(reason));
}

result<void> segment_writer::append(std::span<const std::byte> header,
                                    std::span<const std::byte> stored) {
    auto done = file_->append(header);
    if (done) done = file_->append(stored);
    if (!done) return undo(std::move(done.error()));
    size_ += header.size() + stored.size();
    return {};
}

result<void> segment_writer::sync() {
    if (durable_ == size_) return {};
    if (auto done = file_->sync(); !done) {
        // The kernel may have dropped the pages and will not say so again: no second try.
        done.error().code = make_error_code(errc::io_failed);
        return done;
    }
    durable_ = size_;
    return {};
}

result<void> segment_writer::truncate(std::uint64_t size) {
    if (auto done = file_->truncate(size); !done) {
        done.error().code = make_error_code(errc::io_failed); // waiting for room does not mend it
        return done;
    }
    size_ = size;
    durable_ = std::min(durable_, size);
    return {};
}

result<void> segment_writer::seal(std::span<const std::byte> footer) {
    // The footer must not be there when frames before it may still get lost.
    if (auto done = sync(); !done) return done;
    if (auto done = file_->append(footer); !done) return undo(std::move(done.error()));
    size_ += footer.size();
    return sync();
}

} // namespace understudy::relay
