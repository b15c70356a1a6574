#include "protocol/assert.hpp"
#include "protocol/binlog/describe_value.hpp"
#include "protocol/binlog/row_key.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>
#include <numeric>

// input := type 1, map size 2, body of a table map, body of a rows event

namespace understudy::fuzz {

namespace {

using namespace protocol;

void walk(const table_map& map, const rows_event& rows) {
    std::vector<std::uint32_t> every_column(map.columns.size());
    std::iota(every_column.begin(), every_column.end(), 0U);
    std::size_t walked = 0;
    row_reader reader(map, rows);
    for (auto more = reader.next(); more && *more; more = reader.next()) {
        for (const auto* image : {&reader.before(), &reader.after()}) {
            if (image->columns.empty()) {
                continue;
            }
            walked += image->bytes.size();
            std::string key;
            static_cast<void>(append_row_key(key, map, *image, every_column));
            static_cast<void>(describe_row(map, *image));
        }
    }
    UNDERSTUDY_ASSERT(walked <= rows.rows.size());
}

} // namespace

void feed_rows(std::span<const std::byte> input) {
    byte_reader in(input);
    event_view map_event;
    event_view rows_view;
    rows_view.header.type = static_cast<event_type>(in.u8());
    map_event.header.type = event_type::table_map;
    map_event.body = in.bytes(std::min<std::size_t>(in.u16(), in.remaining()));
    rows_view.body = in.rest();
    const auto map = decode_table_map(map_event, {});
    const auto rows = decode_rows_event(rows_view, {});
    if (map && rows) {
        walk(*map, *rows);
    }
}

} // namespace understudy::fuzz
