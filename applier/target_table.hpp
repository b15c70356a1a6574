#pragma once

#include "protocol/binlog/table_map.hpp"
#include "relay/table_definition.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace understudy::applier {

// One column of a table on the target, and how a row image for it must be laid out.
struct target_column {
    std::string name{};
    std::string type_text{}; // "varchar(20)", as information_schema prints it
    protocol::column_type type = protocol::column_type::null;
    std::uint16_t metadata = 0; // normalised as in protocol::table_map_column
    bool is_unsigned = false;
    bool is_known = true;        // false: a type whose layout this version does not know
    std::string character_set{}; // empty: no text
    std::string collation{};
    bool nullable = true;
    bool generated = false;
    bool invisible = false;
    bool updated_by_itself = false; // ON UPDATE CURRENT_TIMESTAMP
    bool auto_increment = false;
    bool has_default = false; // another one than NULL
    bool operator==(const target_column&) const = default;
};

struct target_table {
    state::object_name name;
    std::vector<target_column> columns; // generated and invisible ones included, as in row images
    // Columns of the PRIMARY KEY, or of the first unique key that holds no NULL. Empty: the table
    // has no key.
    std::vector<std::uint32_t> key;
    bool has_other_unique_keys = false;
    bool has_unique_expressions = false; // a unique key over something else than columns
    bool has_foreign_keys = false;       // to other tables or from them, as far as the account sees
    bool refers_to_itself = false;       // a foreign key from the table to itself
    std::string engine;
    std::vector<relay::table_key> unique_keys; // PRIMARY first; those over expressions left out
    struct trigger {
        std::string name;
        bool guarded = false; // looks at @understudy_applying
        bool operator==(const trigger&) const = default;
    };
    std::vector<trigger> triggers;

    // What a transaction wrote goes away with it.
    [[nodiscard]] bool is_transactional() const;
    bool operator==(const target_table&) const = default;
};

// Column layout of one row of information_schema.columns.
[[nodiscard]] target_column describe_column(std::string name, std::string_view data_type,
                                            std::string type_text, std::uint64_t octet_length,
                                            std::uint64_t precision, std::uint64_t scale,
                                            std::uint64_t fractional_digits);

} // namespace understudy::applier
