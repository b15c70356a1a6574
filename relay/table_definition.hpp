#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/binlog/table_map.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::relay {

// One column as it stands in row images, with what a TABLE_MAP does not say (or only with
// binlog_row_metadata=FULL).
struct table_column {
    std::string name{};
    std::string type_text{}; // "enum('a','b')", as information_schema prints it
    protocol::column_type type = protocol::column_type::null;
    std::uint16_t metadata = 0;  // normalised as in protocol::table_map_column
    std::string character_set{}; // empty: no text
    std::string collation{};
    std::vector<std::string> labels{}; // of ENUM and SET, in order
    bool is_unsigned = false;
    bool nullable = true;
    bool generated = false;
    bool invisible = false;
    bool operator==(const table_column&) const = default;
};

struct table_key {
    struct part {
        std::uint32_t column = 0; // from 0
        std::uint32_t prefix = 0; // characters; 0: the whole value
        bool operator==(const part&) const = default;
    };
    std::string name;
    std::vector<part> parts;
    bool operator==(const table_key&) const = default;
};

// A table of the source under the source's names. Generated and invisible columns are columns too.
struct table_definition {
    std::string database;
    std::string table;
    std::vector<table_column> columns;
    std::vector<table_key> unique_keys; // "PRIMARY" first; those over expressions are left out
    bool operator==(const table_definition&) const = default;

    // Column numbers of PRIMARY; empty: there is none.
    [[nodiscard]] std::vector<std::uint32_t> primary_key() const;
};

// What holds from a position of the source's log on, until the next record of the same table.
struct definition_record {
    protocol::binlog_position from;
    std::string gtid; // of the statement that made it so, where one is known
    bool dropped = false;
    table_definition what; // dropped: the names only
    bool operator==(const definition_record&) const = default;
};

// Why rows of this map cannot be read by this definition, with both sides; nullopt: they can. All
// that the map tells is compared: number, types, sizes and NULLs of the columns, and their names
// and signs where the source logs them.
[[nodiscard]] std::optional<std::string> find_contradiction(const table_definition& known,
                                                            const protocol::table_map& map);

// The labels in "enum('a','it''s')"; empty if it is no such list.
[[nodiscard]] std::vector<std::string> labels_of(std::string_view type_text);

} // namespace understudy::relay
