#include "applier/unpacking_reader.hpp"

#include "protocol/binlog/mariadb_compression.hpp"

namespace understudy::applier {

using protocol::result;
using relay::stored_event;

unpacking_reader::unpacking_reader(std::unique_ptr<relay::reader> packed)
    : packed_(std::move(packed)) {}

// MariaDB: first the compression of the event, then that of the columns in it.
result<std::optional<stored_event>> unpacking_reader::uncompressed(const stored_event& stored,
                                                                   bool is_compressed) {
    const auto failed = [&](protocol::error reason) {
        return wrap(std::move(reason), "the event that ends at " + *stored.file + ":" +
                                           std::to_string(stored.end_offset));
    };
    auto event = protocol::decode_event(stored.bytes, format_.has_checksum());
    if (!event) return std::unexpected(std::move(event.error()));
    if (is_compressed) {
        if (auto done = protocol::uncompress_mariadb_event(plain_, *event, format_); !done) {
            return failed(std::move(done.error()));
        }
        event = protocol::decode_event(plain_, false);
        if (!event) return std::unexpected(std::move(event.error()));
    }
    const auto columns = columns_.uncompress(*event, format_);
    if (!columns) return failed(columns.error());
    is_compressed_ |= columns->has_value();
    if (*columns) return keep(**columns, stored);
    if (is_compressed) return keep(plain_, stored);
    return stored;
}

result<std::optional<stored_event>> unpacking_reader::next() {
    for (;;) {
        if (events_) {
            auto event = events_->next();
            if (!event) {
                return wrap(std::move(event.error()), "the event that ends at " + *payload_.file +
                                                          ":" +
                                                          std::to_string(payload_.end_offset));
            }
            if (*event) return keep(**event, payload_);
            events_.reset();
            payload_ = {};
            shelf_.close();
        }
        auto stored = packed_->next();
        if (!stored || !*stored) return stored;
        auto header = protocol::decode_event_header((*stored)->bytes);
        if (!header) return std::unexpected(std::move(header.error()));
        if (header->type == protocol::event_type::format_description) {
            auto format = protocol::decode_format_description((*stored)->bytes);
            if (!format) return std::unexpected(std::move(format.error()));
            format_ = std::move(*format);
        }
        const bool is_payload = header->type == protocol::event_type::transaction_payload;
        const bool is_compressed = protocol::is_mariadb_compressed(header->type);
        is_compressed_ |= is_payload || is_compressed;
        if (is_compressed || (format_.is_mariadb() && columns_.concerns(header->type))) {
            return uncompressed(**stored, is_compressed);
        }
        if (!is_payload) return stored;
        auto event = protocol::decode_event((*stored)->bytes, format_.has_checksum());
        if (!event) return std::unexpected(std::move(event.error()));
        auto payload = protocol::decode_transaction_payload(*event);
        if (!payload) return std::unexpected(std::move(payload.error()));
        payload_ = std::move(**stored);
        events_.emplace(*payload);
    }
}

} // namespace understudy::applier
