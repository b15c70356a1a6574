#include "relay/segment_reader.hpp"

#include "relay/errc.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::fail;
using protocol::result;

constexpr std::string_view suffix = ".segment";
constexpr std::size_t digits = 12;

segment_reader::step bad(segment_reader::outcome what, const protocol::error& reason) {
    return {what, {}, {}, reason.what, reason.code};
}

segment_reader::step torn() {
    return {
        segment_reader::outcome::torn, {}, {}, "the frame is cut off", make_error_code(errc::torn)};
}

} // namespace

std::string segment_name(std::uint64_t number) {
    auto text = std::to_string(number);
    if (text.size() < digits) text.insert(0, digits - text.size(), '0');
    return text + std::string(suffix);
}

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
    if (!name.ends_with(suffix)) return std::nullopt;
    name.remove_suffix(suffix.size());
    std::uint64_t number = 0;
    const auto* end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data(), end, number);
    if (parsed.ec != std::errc{} || parsed.ptr != end || name.size() < digits) return std::nullopt;
    return number;
}

std::string segment_reader::place(std::uint64_t offset) const {
    return path_ + ": at byte " + std::to_string(offset);
}

// Fewer bytes only at the end of the file.
result<std::span<const std::byte>> segment_reader::fill(std::uint64_t offset, std::uint64_t size) {
    if (buffer_.size() < size) buffer_.resize(static_cast<std::size_t>(size));
    const auto into = std::span(buffer_).first(static_cast<std::size_t>(size));
    const auto count = file_->read_at(offset, into);
    if (!count) return std::unexpected(count.error());
    return into.first(*count);
}

result<segment_reader> segment_reader::open(directory& where, std::string name,
                                            const key_ring& keys) {
    auto opened = where.open_for_reading(name);
    if (!opened) return std::unexpected(opened.error());
    segment_reader reader(std::move(*opened), where.path_of(name));
    const auto damaged = [&](protocol::error inner) -> result<segment_reader> {
        if (inner.code == errc::torn) inner.code = make_error_code(errc::corrupt);
        return protocol::wrap(std::move(inner), reader.place(0));
    };
    const auto prefix = reader.fill(0, segment_prefix_size);
    if (!prefix) return std::unexpected(prefix.error());
    const auto size = decode_segment_prefix(*prefix);
    if (!size) return damaged(size.error());
    const auto file_size = reader.size();
    if (!file_size) return std::unexpected(file_size.error());
    if (*size > *file_size)
        return damaged({make_error_code(errc::torn), "the header is cut off", {}});
    const auto bytes = reader.fill(0, *size);
    if (!bytes) return std::unexpected(bytes.error());
    auto cipher = open_segment_cipher(*bytes, keys);
    if (!cipher) return damaged(cipher.error());
    reader.cipher_ = std::move(*cipher);
    auto header = decode_segment_header(*bytes, reader.cipher_ ? &*reader.cipher_ : nullptr);
    if (!header) return damaged(header.error());
    if (parse_segment_name(name) != header->number) {
        return damaged({make_error_code(errc::corrupt), "the name does not fit the header", {}});
    }
    reader.header_ = std::move(*header);
    reader.header_size_ = *size;
    return reader;
}

result<segment_reader::step> segment_reader::read(std::uint64_t offset, std::uint64_t limit) {
    if (offset >= limit) return step{};
    const auto available = limit - offset;
    // Most headers fit into the first piece, so that a frame takes two reads.
    const auto first = fill(offset, std::min<std::uint64_t>(available, 512));
    if (!first) return std::unexpected(first.error());
    const auto sizes = decode_frame_prefix(*first);
    if (!sizes) {
        return bad(sizes.error().code == errc::torn ? outcome::torn : outcome::damaged,
                   sizes.error());
    }
    if (sizes->total() > available) return torn();
    const auto bytes = fill(offset, sizes->total());
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->size() < sizes->total()) return torn();
    const auto stored = bytes->subspan(sizes->header);
    if (!frame_checksum_matches(bytes->first(sizes->header), stored)) {
        return bad(outcome::damaged,
                   {make_error_code(errc::corrupt), "the frame's checksum does not match", {}});
    }
    if (cipher_ && !decrypt_frame(std::span(buffer_).first(bytes->size()), *cipher_)) {
        return bad(outcome::damaged, cipher_->tampered());
    }
    auto header = decode_frame_header(*bytes, cipher_.has_value());
    if (!header) return bad(outcome::damaged, header.error());
    return step{outcome::frame, {offset, sizes->header, std::move(*header)}, stored, {}, {}};
}

result<std::optional<segment_footer>> segment_reader::footer() {
    const auto size = this->size();
    if (!size) return std::unexpected(size.error());
    if (*size < header_size_ + segment_trailer_size) return std::nullopt;
    const auto trailer_at = *size - segment_trailer_size;
    const auto trailer = fill(trailer_at, segment_trailer_size);
    if (!trailer) return std::unexpected(trailer.error());
    const auto found = decode_segment_trailer(*trailer, *size);
    if (!found && found.error().code == errc::torn) return std::nullopt;
    if (!found) return protocol::wrap(found.error(), place(trailer_at));
    if (found->offset < header_size_) {
        return fail(errc::corrupt, place(trailer_at) + ": the footer overlaps the header");
    }
    const auto bytes = fill(found->offset, found->size);
    if (!bytes) return std::unexpected(bytes.error());
    auto decoded = decode_segment_footer(*bytes, found->offset, cipher_ ? &*cipher_ : nullptr);
    if (!decoded) return protocol::wrap(decoded.error(), place(found->offset));
    return std::optional(std::move(*decoded));
}

result<std::uint64_t> segment_reader::durable_by_later_frames(std::uint64_t from,
                                                              std::uint64_t limit) {
    constexpr auto magic = static_cast<std::byte>(frame_magic & 0xffU);
    if (from >= limit) return 0;
    std::vector<std::byte> window(
        static_cast<std::size_t>(std::min<std::uint64_t>(1U << 20U, limit - from)));
    std::uint64_t durable = 0;
    while (from < limit) {
        const auto wanted = std::min<std::uint64_t>(window.size(), limit - from);
        const auto count =
            file_->read_at(from, std::span(window).first(static_cast<std::size_t>(wanted)));
        if (!count) return std::unexpected(count.error());
        if (*count == 0) break;
        auto next = from + *count;
        for (std::size_t i = 0; i < *count; ++i) {
            if (window[i] != magic) continue;
            const auto found = read(from + i, limit);
            if (!found) return std::unexpected(found.error());
            if (found->what != outcome::frame) continue;
            durable = std::max(durable, found->entry.header.durable_before);
            next = found->entry.next_offset();
            break;
        }
        from = next;
    }
    return durable;
}

} // namespace understudy::relay
