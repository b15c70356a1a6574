#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::protocol {

struct ok_packet {
    std::uint64_t affected_rows = 0;
    std::uint64_t last_insert_id = 0;
    std::uint16_t status = 0;
    std::uint16_t warnings = 0;
    std::string info;
};

struct result_column {
    std::string name;
    std::string table;
    std::uint16_t collation = 0;
    std::uint32_t length = 0;
    std::uint8_t type = 0;
    std::uint16_t flags = 0;
    std::uint8_t decimals = 0;
};

// One row of a text result: a packet cut into fields, views over the receive buffer until the next
// read.
struct text_row {
    std::vector<std::optional<std::string_view>> fields;
};

// A small result, collected: for settings and dictionary queries, never for table data.
struct text_result {
    std::vector<result_column> columns;
    std::vector<std::vector<std::optional<std::string>>> rows;
    ok_packet ok;
};

} // namespace understudy::protocol
