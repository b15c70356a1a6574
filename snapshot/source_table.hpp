#pragma once

#include "state/object_selection.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::snapshot {

// How the values of a column travel as text and come out the same (column_values.hpp).
enum class value_kind : std::uint8_t {
    number,   // integers and DECIMAL: digits
    floating, // FLOAT and DOUBLE: always read as DOUBLE, whose text round-trips
    temporal, // DATE, TIME, DATETIME, TIMESTAMP, YEAR: text, time zone +00:00
    text,     // characters in the column's own character set
    bytes,    // BINARY and BLOB
    index,    // ENUM and SET: by number, because ENUM's error value 0 has no text of its own
    bits,     // BIT: as an unsigned integer
    json,
    geometry, // SRID and WKB, as stored
    vector,
};

// Empty for a type this room does not know.
[[nodiscard]] std::optional<value_kind> value_kind_of(std::string_view data_type);

struct column {
    std::string name;
    std::string data_type;   // "varchar", lower case
    std::string column_type; // "varchar(30)"
    std::string charset;     // of character columns, as the source calls it
    std::string collation;
    bool generated = false; // computed by the server: never read, never written
    value_kind kind = value_kind::number;
    // JSON whose source can tell the types in it (json_expression.hpp): two more fields are read.
    bool tells_json_types = false;
};

// A unique key over NOT NULL columns whose values SQL compares exactly: rows are read in its order.
struct order_key {
    std::string index;
    std::vector<std::size_t> columns; // positions in source_table::columns
};

struct index_part {
    std::string index;
    std::string column; // empty for an expression
    bool unique = false;
    bool nullable = false;
    bool prefix = false; // only the first characters of the column are in the index
    bool visible = true;
};

// One selected table of the source, as its dictionary shows it. A value.
struct source_table {
    state::object_name name;
    std::string engine;
    bool transactional = true;
    std::vector<column> columns;
    std::optional<order_key> order;
    std::vector<std::string> unique_columns{}; // of all unique keys, also those not in `order`
    std::uint64_t rows_estimated = 0;
    std::uint64_t row_bytes = 0; // average, estimated by the source

    // A MERGE table shows the rows of others.
    [[nodiscard]] bool holds_rows() const { return engine != "MRG_MYISAM"; }

    // Names, types and character sets of all columns in order: what has to stay the same while the
    // table is copied, and what the target's table must have too.
    [[nodiscard]] std::string fingerprint() const;
};

// PRIMARY if it will do, else the first unique key that will. parts: in index and key order.
[[nodiscard]] std::optional<order_key> choose_order(const std::vector<column>& columns,
                                                    const std::vector<index_part>& parts);

// The same type under one name, whatever the server's version: 9.7 shows no display width, calls
// utf8 utf8mb3 and GEOMETRYCOLLECTION GEOMCOLLECTION.
[[nodiscard]] std::string normal_type(std::string_view column_type);
[[nodiscard]] std::string normal_charset(std::string_view name);

} // namespace understudy::snapshot
