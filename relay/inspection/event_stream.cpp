#include "relay/inspection/event_stream.hpp"

#include "protocol/errc.hpp"
#include "relay/errc.hpp"

#include <utility>

namespace understudy::relay::inspection {

using protocol::event_type;
using protocol::fail;
using protocol::result;

result<void> event_stream::decode(const raw_event& raw) {
    current_ = {};
    current_.file = raw.file;
    current_.start_offset = raw.start_offset;
    current_.end_offset = raw.end_offset;
    current_.artificial = raw.artificial;
    const auto header = protocol::decode_event_header(raw.bytes);
    if (!header) return std::unexpected(header.error());
    if (header->type == event_type::format_description) {
        auto format = protocol::decode_format_description(raw.bytes);
        if (!format) return std::unexpected(std::move(format.error()));
        format_ = std::move(*format);
    }
    if (!format_) {
        return fail(protocol::errc::malformed,
                    "no format description comes before the first event");
    }
    if (how_ == checksums::check && format_->has_checksum() &&
        !protocol::checksum_matches(raw.bytes)) {
        return fail(protocol::errc::checksum_mismatch,
                    "the checksum of this " + to_string(header->type) + " event does not match");
    }
    auto event = protocol::decode_event(raw.bytes, format_->has_checksum());
    if (!event) return std::unexpected(std::move(event.error()));
    current_.event = *event;
    current_.format = &*format_;
    if (header->type == event_type::transaction_payload) {
        auto payload = protocol::decode_transaction_payload(*event);
        if (!payload) return std::unexpected(std::move(payload.error()));
        inside_.emplace(*payload);
    }
    return {};
}

result<std::optional<stream_event>> event_stream::next() {
    if (inside_) {
        const auto bytes = inside_->next();
        if (!bytes) return protocol::wrap(bytes.error(), current_.place());
        if (*bytes) {
            auto event = protocol::decode_event(**bytes, false);
            if (!event) return protocol::wrap(std::move(event.error()), current_.place());
            auto inner = current_;
            inner.event = *event;
            inner.unpacked = true;
            return inner;
        }
        inside_.reset();
    }
    const auto raw = source_->next();
    if (!raw) return std::unexpected(raw.error());
    if (!*raw) return std::nullopt;
    if (auto done = decode(**raw); !done) {
        return protocol::wrap(std::move(done.error()), current_.place());
    }
    return current_;
}

} // namespace understudy::relay::inspection
