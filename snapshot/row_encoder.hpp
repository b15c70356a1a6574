#pragma once

#include "protocol/result.hpp"
#include "snapshot/copied_row_filter.hpp"
#include "snapshot/source_table.hpp"
#include "state/table_shape.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::snapshot {

// What one statement (or one LOAD DATA body) holds.
struct encoded_rows {
    std::string text;
    std::uint32_t rows = 0;
    // ENUM values 0 in it: the server stores them as asked and warns about each (1265).
    std::uint32_t enum_errors = 0;
};

// Rows that are written in one transaction together with the progress that they mean.
struct batch {
    std::vector<encoded_rows> statements;
    std::uint64_t rows = 0;            // to be written
    std::uint64_t read = 0;            // with those that objects.tables leaves out
    std::uint64_t bytes = 0;           // of the values as read
    std::vector<std::string> last_key; // literals; empty for tables without an order
    bool last = false;                 // nothing comes behind it

    void clear() { *this = batch{}; }
};

// Turns rows of the source into statements for the target. Pure; one table, one thread.
class row_encoder {
public:
    enum class write_mode : std::uint8_t {
        // REPLACE: two chunks read at different times can hold rows that clash on a secondary
        // unique key. What REPLACE removes then was changed meanwhile: the stream brings it back.
        overwrite,
        keep_existing, // INSERT IGNORE: rows of the target stay
        // A row that is there is another table's (objects.merge). LOAD DATA LOCAL has no word for
        // it: there it comes as a warning.
        strict,
    };
    struct options {
        write_mode mode = write_mode::overwrite;
        bool load_data = false;                  // LOAD DATA LOCAL; else multi-row statements
        std::size_t statement_bytes = 1U << 20U; // a longer row is alone in its statement
        bool json_is_text = false;               // MariaDB's: nothing parses it
        // What the task makes of the table's rows; it fits (check_shapes). nullptr: nothing.
        const state::table_shape* shape = nullptr;
    };

    // All columns of the table may be loaded (column_values.hpp).
    [[nodiscard]] static bool can_load(const source_table& table);

    row_encoder(const source_table& table, const state::object_name& target, options how);

    // The LOAD DATA statement whose data the batch's texts are.
    [[nodiscard]] const std::string& load_statement() const { return head_; }
    [[nodiscard]] bool loads_data() const { return how_.load_data; }
    [[nodiscard]] bool keeps_existing() const { return how_.mode == write_mode::keep_existing; }
    [[nodiscard]] bool is_strict() const { return how_.mode == write_mode::strict; }

    // fields: in the order of select_chunk and select_all. errc::value_not_exact for a JSON
    // document that cannot be written as it is; then the batch is of no use.
    [[nodiscard]] protocol::result<void>
    add(batch& to, std::span<const std::optional<std::string_view>> fields);
    // Literals of the order key of the row added last, also if it was left out.
    [[nodiscard]] std::vector<std::string> last_key() const;

private:
    void take_columns(const source_table& table, std::string& names);
    void start_statement(batch& to) const;
    [[nodiscard]] bool
    needs_expression(const column& one,
                     std::span<const std::optional<std::string_view>> fields) const;
    [[nodiscard]] protocol::result<void>
    append(encoded_rows& into, const column& one,
           std::span<const std::optional<std::string_view>> fields) const;

    std::vector<column> columns_;          // those that are written
    std::vector<std::size_t> first_field_; // of each of them
    std::size_t field_count_ = 0;
    std::string added_; // the values of the columns in front of them
    struct key_part {
        column what;
        std::size_t field = 0;
    };
    std::vector<key_part> key_;
    std::vector<std::string> key_values_; // of the last row
    std::optional<copied_row_filter> filter_;
    options how_;
    std::string head_;
};

} // namespace understudy::snapshot
