#include "protocol/binlog/query_event.hpp"

#include "protocol/binlog/query_status.hpp"
#include "protocol/binlog/transaction_words.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

namespace understudy::protocol {

namespace {

constexpr std::uint8_t known_post_header_length = 13;

struct query_parts {
    query_event event; // without status
    std::span<const std::byte> status;
};

result<query_parts> split(const event_view& event, std::size_t post_header_length) {
    byte_reader in(event.body);
    query_parts parts;
    parts.event.thread_id = in.u32();
    parts.event.execution_seconds = in.u32();
    const auto database_size = in.u8();
    parts.event.error_code = in.u16();
    const auto status_size = in.u16();
    if (post_header_length > known_post_header_length) {
        in.skip(post_header_length - known_post_header_length);
    }
    parts.status = in.bytes(status_size);
    parts.event.database = in.text(database_size);
    in.skip(1); // NUL
    parts.event.text = in.rest_text();
    if (auto read = in.status(to_string(event.header.type) + " event"); !read) {
        return std::unexpected(std::move(read.error()));
    }
    return parts;
}

result<query_parts> split_query(const event_view& event, const format_description& format) {
    if (event.header.type == event_type::mariadb_query_compressed) {
        return fail(
            errc::unsupported,
            "Query_compressed events cannot be read: set log_bin_compress=OFF on the source");
    }
    if (event.header.type != event_type::query) {
        return fail(errc::malformed,
                    "a Query event was expected, this is " + to_string(event.header.type));
    }
    return split(event, format.post_header_length(event_type::query));
}

} // namespace

bool query_event::is_begin() const {
    return protocol::is_begin(text);
}

bool query_event::is_commit() const {
    return protocol::is_commit(text);
}

bool query_event::is_rollback() const {
    return protocol::is_rollback(text);
}

bool query_event::is_savepoint() const {
    return protocol::is_savepoint(text);
}

result<std::string_view> decode_query_text(const event_view& event,
                                           const format_description& format) {
    auto parts = split_query(event, format);
    if (!parts) {
        return std::unexpected(std::move(parts.error()));
    }
    return parts->event.text;
}

namespace {

result<query_event> with_status(result<query_parts> parts, const format_description& format) {
    if (!parts) {
        return std::unexpected(std::move(parts.error()));
    }
    auto status = decode_query_status(parts->status, format.is_mariadb());
    if (!status) {
        return std::unexpected(std::move(status.error()));
    }
    parts->event.status = std::move(*status);
    return std::move(parts->event);
}

} // namespace

result<query_event> decode_query_event(const event_view& event, const format_description& format) {
    return with_status(split_query(event, format), format);
}

result<query_event> decode_query_event(const event_view& event, const format_description& format,
                                       std::size_t post_header_length) {
    return with_status(split(event, post_header_length), format);
}

} // namespace understudy::protocol
