#include "protocol/assert.hpp"
#include "protocol/binlog/query_event.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"

// input := format 1, body of a query event      format: 0 MySQL, otherwise MariaDB

namespace understudy::fuzz {

void feed_query(std::span<const std::byte> input) {
    using namespace protocol;
    byte_reader in(input);
    format_description format;
    format.server_version = in.u8() == 0 ? "9.7.4" : "10.11.6-MariaDB-log";
    event_view event;
    event.header.type = event_type::query;
    event.body = in.rest();
    const auto query = decode_query_event(event, format);
    const auto text = decode_query_text(event, format);
    if (query) {
        UNDERSTUDY_ASSERT(text && *text == query->text);
        UNDERSTUDY_ASSERT(query->is_begin() + query->is_commit() + query->is_rollback() +
                              query->is_savepoint() <=
                          1);
    }
}

} // namespace understudy::fuzz
