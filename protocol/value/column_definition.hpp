#pragma once

#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace understudy::protocol {

// What must be known of a column to print its values exactly (value_writer). Made of a TABLE_MAP by
// define_columns; a TABLE_MAP without optional metadata (MySQL before 8.0, MariaDB by default)
// leaves much unknown, which callers that know the table's definition fill in. Without allocation
// of its own, so that `append` is cheap; owns all its bytes.
struct column_definition {
    std::string name; // utf8mb4; empty: unknown
    column_type type = column_type::null;
    std::uint16_t metadata = 0; // normalised as in table_map_column
    bool nullable = true;
    bool visible = true;
    std::optional<bool> is_unsigned; // nothing: unknown, printed as signed
    // Of CHAR, VARCHAR, TEXT, ENUM and SET; binary_collation for BINARY, VARBINARY and BLOB.
    std::optional<std::uint16_t> collation; // nothing: unknown
    // Only the character set is known: `collation` is one of its collations, whichever.
    bool is_collation_guessed = false;
    bool is_generated = false; // known to be; the log alone does not say
    // Of ENUM and SET, in their order, in the character set of `collation`. Empty: unknown.
    std::vector<std::string> labels;
    std::optional<std::uint32_t> geometry_type;     // 0 GEOMETRY, 1 POINT … 7 GEOMETRYCOLLECTION
    std::optional<std::uint32_t> vector_dimensions; // of VECTOR(n)
    // Place in the primary key, 1 is first; 0: not part of it, or unknown. The prefix is in
    // characters; 0: the whole column.
    std::uint32_t primary_key_part = 0;
    std::uint32_t primary_key_prefix = 0;

    [[nodiscard]] bool is_integer() const;
    [[nodiscard]] bool is_character() const; // CHAR, VARCHAR, TEXT and their binary kin
    // Nothing that decides how values are printed is unknown.
    [[nodiscard]] bool is_known() const;
};

// Reads all optional metadata of the map (decode_table_map reads only what the hot path needs).
// Fields of kinds that are not known are passed over, as the server does.
[[nodiscard]] result<std::vector<column_definition>> define_columns(const table_map& map);

} // namespace understudy::protocol
