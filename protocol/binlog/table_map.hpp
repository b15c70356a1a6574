#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::protocol {

// Column types as they stand in TABLE_MAP (enum_field_types).
enum class column_type : std::uint8_t {
    tiny = 1,
    short_ = 2,
    long_ = 3,
    float_ = 4,
    double_ = 5,
    null = 6,
    timestamp = 7,
    longlong = 8,
    int24 = 9,
    date = 10,
    time = 11,
    datetime = 12,
    year = 13,
    newdate = 14,
    varchar = 15,
    bit = 16,
    timestamp2 = 17,
    datetime2 = 18,
    time2 = 19,
    typed_array = 20,
    mariadb_blob_compressed = 140,
    mariadb_varchar_compressed = 141,
    vector = 242,
    json = 245,
    newdecimal = 246,
    enum_ = 247,
    set = 248,
    tiny_blob = 249,
    medium_blob = 250,
    long_blob = 251,
    blob = 252,
    var_string = 253,
    string = 254,
    geometry = 255,
};

[[nodiscard]] std::string to_string(column_type type);

// One column of a TABLE_MAP. `type` is the real one: ENUM and SET hidden in STRING metadata are
// unpacked.
struct table_map_column {
    column_type type = column_type::null;
    std::uint16_t metadata =
        0; // normalised: VARCHAR/STRING maximal bytes, ENUM/SET storage bytes, BLOB length bytes,
           // NEWDECIMAL precision<<8|scale, BIT bits, temporal types fractional digits
    bool nullable = true;
    std::optional<bool> is_unsigned; // only where the source logs signedness
};

struct table_map {
    std::uint64_t table_id = 0;
    std::uint16_t flags = 0;
    std::string_view database; // views over the event
    std::string_view table;
    std::vector<table_map_column> columns;
    std::span<const std::byte>
        after_names; // from the column count to the end: definition bytes, same for same layout
    std::vector<std::uint32_t>
        primary_key; // column numbers, where the source logs them (binlog_row_metadata=FULL)
    bool primary_key_has_prefix = false;   // a part covers only the first characters of its column
    std::vector<std::string> column_names; // likewise
    // All optional fields as they came, for define_columns, which reads the others of them too.
    std::span<const std::byte> optional_metadata;

    // 0xFFFFFF: the dummy map that only marks the end of a statement's rows.
    [[nodiscard]] bool is_dummy() const { return table_id == 0x00ffffff; }
};

[[nodiscard]] result<table_map> decode_table_map(const event_view& event,
                                                 const format_description& format);
// The same into a map that is used again and again: keeps its buffers. After an error `into` must
// not be used.
[[nodiscard]] result<void> decode_table_map_into(table_map& into, const event_view& event,
                                                 const format_description& format);

// The TABLE_MAP of a statement for another server: other id and names, everything after the names
// as it came. No checksum; log_pos 0. timestamp and server_id go into the header.
void encode_table_map(std::vector<std::byte>& out, std::uint32_t timestamp, std::uint32_t server_id,
                      std::uint64_t table_id, std::uint16_t flags, std::string_view database,
                      std::string_view table, std::span<const std::byte> after_names);

} // namespace understudy::protocol
