#pragma once

#include "applier/table_plan.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/result.hpp"
#include "protocol/value/value_writer.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace understudy::applier {

// Rows of row images as parts of SQL statements: values, assignments and conditions. What is
// written means the same in every session whose time_zone is '+00:00' and whose sql_mode is
// session_sql_mode. Keeps buffers between rows. Pure; one thread at a time.
class sql_row {
public:
    // "(1,_latin1 x'E9',NULL)": the columns of the image that may be written (writable_columns).
    // `may_warn` becomes true when the target will warn of a value that is right: ENUM's number 0,
    // and character sets that it calls deprecated.
    [[nodiscard]] protocol::result<void> append_values(std::string& out, const table_plan& table,
                                                       const protocol::row_image& image,
                                                       bool& may_warn);
    // "`v`=2,`w`=NULL": what an UPDATE changes, or all columns of its image. Columns that the
    // target would change by itself (ON UPDATE CURRENT_TIMESTAMP) are always named; something
    // always is.
    enum class assigned : std::uint8_t { changed, all };
    [[nodiscard]] protocol::result<void>
    append_assignments(std::string& out, const table_plan& table, const protocol::row_image& before,
                       const protocol::row_image& after, assigned which, bool& may_warn);
    // "7" or "(7,'a')", for key IN (…); the image has all columns of the key.
    [[nodiscard]] protocol::result<void> append_key(std::string& out, const table_plan& table,
                                                    const protocol::row_image& image);
    // "`id`=7 AND `k`='a'", found through the key.
    [[nodiscard]] protocol::result<void> append_key_condition(std::string& out,
                                                              const table_plan& table,
                                                              const protocol::row_image& image);
    // The same of these columns, whose values are in the image and not NULL.
    [[nodiscard]] protocol::result<void> append_condition(std::string& out, const table_plan& table,
                                                          std::span<const std::uint32_t> columns,
                                                          const protocol::row_image& image);
    // A condition on every column of the image, which no other row fulfils unless it is the same:
    // text is compared as bytes, numbers exactly.
    [[nodiscard]] protocol::result<void> append_row_condition(std::string& out,
                                                              const table_plan& table,
                                                              const protocol::row_image& image);

    // Columns that an INSERT names: those of the image that are not generated.
    [[nodiscard]] static std::vector<std::uint32_t>
    writable_columns(const table_plan& table, const protocol::column_bitmap& present);
    // "`a`,`b`"
    [[nodiscard]] static std::string names_of(const table_plan& table,
                                              std::span<const std::uint32_t> columns);

private:
    [[nodiscard]] protocol::result<void> append_value(std::string& out, const table_plan& table,
                                                      std::uint32_t column,
                                                      const protocol::row_image& before,
                                                      const protocol::row_image& image,
                                                      bool& may_warn);
    [[nodiscard]] protocol::result<void> append_compared(std::string& out, const table_plan& table,
                                                         std::uint32_t column,
                                                         const protocol::row_image::column& value);
    [[nodiscard]] protocol::result<void> append_equal(std::string& out, const table_plan& table,
                                                      std::uint32_t column,
                                                      const protocol::row_image::column& value);

    [[nodiscard]] protocol::result<void> append_json_text(std::string& out, const table_plan& table,
                                                          std::uint32_t column,
                                                          const protocol::row_image::column& before,
                                                          const protocol::row_image::column& value);

    protocol::value_writer values_{protocol::value_form::sql};
    protocol::value_writer texts_{protocol::value_form::text};
    std::string document_;
};

// Why values of these columns cannot be written into the table by SQL without the danger of
// becoming others; nullopt: they can. Columns are matched by position, and by name where the source
// logs names. A target's column may hold more than the source's: a wider number, a longer text,
// more digits of a second. Pure.
[[nodiscard]] std::optional<std::string>
find_sql_difference(std::span<const protocol::column_definition> source,
                    const target_table& target);

// The same of one column, whatever it is called, as the end of a sentence: "is int on the source
// and smallint on the target, …".
[[nodiscard]] std::optional<std::string>
find_sql_difference(const protocol::column_definition& source, const target_column& target);

// What the TABLE_MAP and the target's table tell of the columns together, as value_writer wants it.
[[nodiscard]] std::vector<protocol::column_definition>
sql_columns(std::vector<protocol::column_definition> logged, const target_table& target);

} // namespace understudy::applier
