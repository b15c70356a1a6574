#include "applier/sql_row.hpp"

#include "applier/definition_check.hpp"
#include "applier/definition_recorder.hpp"
#include "applier/errc.hpp"
#include "protocol/assert.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/value/byte_text.hpp"
#include "protocol/value/character_set.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "relay/definition_columns.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::applier {

using protocol::column_definition;
using protocol::column_type;
using protocol::fail;
using protocol::result;
using protocol::row_image;

namespace {

bool is_zero(std::span<const std::byte> value) {
    return std::ranges::all_of(value, [](std::byte one) { return one == std::byte{0}; });
}

// Character sets whose names alone make a server warn (sql/sql_yacc.yy,
// warn_on_deprecated_charset).
bool is_deprecated(const column_definition& column) {
    if (!column.collation) return false;
    const auto* const set = protocol::character_set_of(*column.collation);
    if (set == nullptr) return false;
    static constexpr std::string_view names[] = {"ucs2", "macroman", "macce", "dec8", "hp8"};
    return std::ranges::find(names, set->name) != std::end(names);
}

enum class comparison : std::uint8_t {
    plain,
    as_number, // of ENUM, SET and BIT, whose texts may be equal where their numbers are not
    as_bytes,  // a collation would find other rows, too
};

comparison comparison_of(const column_definition& column) {
    switch (column.type) {
    case column_type::enum_:
    case column_type::set:
    case column_type::bit: return comparison::as_number;
    case column_type::string:
        // CAST pads neither CHAR nor BINARY; the row image of a BINARY has lost its trailing zeros,
        // which the literal gets back.
        return column.collation == protocol::binary_collation ? comparison::plain
                                                              : comparison::as_bytes;
    case column_type::varchar:
    case column_type::var_string:
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob:
    case column_type::geometry:
    case column_type::vector: return comparison::as_bytes;
    default: return comparison::plain;
    }
}

std::uint64_t number_of(const column_definition& column, std::span<const std::byte> value) {
    protocol::byte_reader in(value);
    return column.type == column_type::bit ? in.big_endian(value.size())
                                           : in.little_endian(value.size());
}

std::span<const std::byte> without_prefix(const column_definition& column,
                                          std::span<const std::byte> value) {
    const bool is_string = column.type == column_type::string ||
                           column.type == column_type::varchar ||
                           column.type == column_type::var_string;
    const std::size_t prefix =
        is_string ? protocol::string_prefix_size(column.metadata) : column.metadata;
    return value.subspan(std::min(prefix, value.size()));
}

std::string name_of(const table_plan& table, std::uint32_t column) {
    return state::quote_identifier(table.target.columns[column].name);
}

result<void> wrapped(result<void> done, const table_plan& table) {
    if (done) return done;
    return wrap(std::move(done.error()),
                "a value of table " + table.target.name.to_string() + " cannot be written as SQL");
}

bool is_json_text(const table_plan& table, std::uint32_t column) {
    return table.columns[column].type == column_type::json &&
           table.target.columns[column].type != column_type::json;
}

bool same(const row_image::column& before, const row_image::column& after) {
    return before.present && !after.is_partial && before.is_null == after.is_null &&
           std::ranges::equal(before.value, after.value);
}

} // namespace

std::vector<std::uint32_t> sql_row::writable_columns(const table_plan& table,
                                                     const protocol::column_bitmap& present) {
    std::vector<std::uint32_t> columns;
    for (std::uint32_t i = 0; i < present.count; ++i) {
        if (present.test(i) && !table.target.columns[i].generated) columns.push_back(i);
    }
    return columns;
}

std::string sql_row::names_of(const table_plan& table, std::span<const std::uint32_t> columns) {
    std::string out;
    for (const std::uint32_t column : columns) {
        if (!out.empty()) out += ',';
        out += name_of(table, column);
    }
    return out;
}

// MariaDB's JSON is text and knows no other way to say one.
result<void> sql_row::append_json_text(std::string& out, const table_plan& table,
                                       std::uint32_t column, const row_image::column& before,
                                       const row_image::column& value) {
    if (value.is_partial && (!before.present || before.is_null || before.is_partial)) {
        return fail(errc::unsupported_event,
                    "the log holds only the changes of a JSON document of table " +
                        table.target.name.to_string() +
                        ", which the target keeps as text: set binlog_row_value_options = '' on "
                        "the source, and copy the table anew");
    }
    document_.clear();
    auto done =
        wrapped(texts_.append_updated(document_, table.columns[column], before, value), table);
    if (!done) return done;
    protocol::append_sql_string(out, "utf8mb4", true, std::as_bytes(std::span(document_)));
    return {};
}

result<void> sql_row::append_value(std::string& out, const table_plan& table, std::uint32_t column,
                                   const row_image& before, const row_image& image,
                                   bool& may_warn) {
    const auto& value = image.columns[column];
    const column_definition& definition = table.columns[column];
    if (value.is_null) {
        out += "NULL";
        return {};
    }
    may_warn |= (definition.type == column_type::enum_ && is_zero(value.value)) ||
                is_deprecated(definition);
    if (is_json_text(table, column))
        return append_json_text(out, table, column, before.columns[column], value);
    return wrapped(values_.append_updated(out, definition, before.columns[column], value), table);
}

result<void> sql_row::append_values(std::string& out, const table_plan& table,
                                    const row_image& image, bool& may_warn) {
    char separator = '(';
    for (std::uint32_t i = 0; i < image.columns.size(); ++i) {
        if (!image.columns[i].present || table.target.columns[i].generated) continue;
        out += std::exchange(separator, ',');
        if (auto done = append_value(out, table, i, image, image, may_warn); !done) return done;
    }
    out += separator == '(' ? "()" : ")";
    return {};
}

result<void> sql_row::append_assignments(std::string& out, const table_plan& table,
                                         const row_image& before, const row_image& after,
                                         assigned which, bool& may_warn) {
    const std::size_t start = out.size();
    for (std::uint32_t i = 0; i < after.columns.size(); ++i) {
        const target_column& column = table.target.columns[i];
        if (column.generated) continue;
        const bool changed = after.columns[i].present &&
                             (which == assigned::all || !same(before.columns[i], after.columns[i]));
        if (!changed && !column.updated_by_itself) continue;
        if (out.size() != start) out += ',';
        const std::string name = name_of(table, i);
        out += name + '=';
        if (!after.columns[i].present) {
            out += name;
            continue;
        }
        if (auto done = append_value(out, table, i, before, after, may_warn); !done) return done;
    }
    if (out.size() != start) return {};
    // Nothing changes, and yet the row has to be there.
    for (std::uint32_t i = 0; i < after.columns.size(); ++i) {
        if (table.target.columns[i].generated) continue;
        out += name_of(table, i) + '=' + name_of(table, i);
        return {};
    }
    return fail(errc::unsupported_event, "table " + table.target.name.to_string() +
                                             " has only generated columns, which SQL cannot write");
}

result<void> sql_row::append_compared(std::string& out, const table_plan& table,
                                      std::uint32_t column, const row_image::column& value) {
    const column_definition& definition = table.columns[column];
    if (definition.type == column_type::bit) {
        out += std::to_string(number_of(definition, value.value));
        return {};
    }
    return wrapped(values_.append(out, definition, value), table);
}

result<void> sql_row::append_key(std::string& out, const table_plan& table,
                                 const row_image& image) {
    const auto& key = table.target.key;
    if (key.size() > 1) out += '(';
    for (std::size_t i = 0; i < key.size(); ++i) {
        if (i > 0) out += ',';
        if (auto done = append_compared(out, table, key[i], image.columns[key[i]]); !done)
            return done;
    }
    if (key.size() > 1) out += ')';
    return {};
}

// Plainly, so that the server uses its index.
result<void> sql_row::append_key_condition(std::string& out, const table_plan& table,
                                           const row_image& image) {
    return append_condition(out, table, table.target.key, image);
}

result<void> sql_row::append_condition(std::string& out, const table_plan& table,
                                       std::span<const std::uint32_t> columns,
                                       const row_image& image) {
    std::string_view separator;
    for (const std::uint32_t column : columns) {
        out += separator;
        out += name_of(table, column) + '=';
        if (auto done = append_compared(out, table, column, image.columns[column]); !done)
            return done;
        separator = " AND ";
    }
    return {};
}

result<void> sql_row::append_equal(std::string& out, const table_plan& table, std::uint32_t column,
                                   const row_image::column& value) {
    const std::string name = name_of(table, column);
    if (is_json_text(table, column) && !value.is_null) {
        out += "CAST(" + name + " AS BINARY)=CAST(";
        if (auto done = append_json_text(out, table, column, value, value); !done) return done;
        out += " AS BINARY)";
        return {};
    }
    if (value.is_null) {
        out += name + " IS NULL";
        return {};
    }
    const column_definition& definition = table.columns[column];
    switch (comparison_of(definition)) {
    case comparison::as_number:
        out += fmt::format("CAST({} AS UNSIGNED)={}", name, number_of(definition, value.value));
        return {};
    case comparison::as_bytes:
        out += "CAST(" + name + " AS BINARY)=x'";
        protocol::append_hex(out, without_prefix(definition, value.value));
        out += '\'';
        return {};
    case comparison::plain: break;
    }
    out += name + '=';
    return wrapped(values_.append(out, definition, value), table);
}

result<void> sql_row::append_row_condition(std::string& out, const table_plan& table,
                                           const row_image& image) {
    bool first = true;
    for (std::uint32_t i = 0; i < image.columns.size(); ++i) {
        const auto& value = image.columns[i];
        // Generated ones follow from the others.
        if (!value.present || table.target.columns[i].generated) continue;
        if (!std::exchange(first, false)) out += " AND ";
        if (auto done = append_equal(out, table, i, value); !done) return done;
    }
    if (!first) return {};
    return fail(errc::unsupported_event,
                "the row image of table " + table.target.name.to_string() +
                    " has no column to find the row by: binlog_row_image=FULL on the source");
}

namespace {

int integer_size(column_type type) {
    switch (type) {
    case column_type::tiny: return 1;
    case column_type::short_: return 2;
    case column_type::int24: return 3;
    case column_type::long_: return 4;
    case column_type::longlong: return 8;
    default: return 0;
    }
}

bool is_text(column_type type) {
    switch (type) {
    case column_type::string:
    case column_type::varchar:
    case column_type::var_string:
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob:
    case column_type::mariadb_blob_compressed:
    case column_type::mariadb_varchar_compressed: return true;
    default: return false;
    }
}

std::uint64_t text_bytes(column_type type, unsigned metadata) {
    if (type == column_type::blob || type == column_type::mariadb_blob_compressed)
        return metadata >= 8 ? UINT64_MAX : (std::uint64_t{1} << (8 * metadata)) - 1;
    return metadata;
}

bool is_bytes(const column_definition& column) {
    return column.collation == protocol::binary_collation;
}

// The target's column holds every value of the source's exactly.
bool holds(const column_definition& source, const target_column& target) {
    const column_type theirs = source.type;
    const column_type ours = target.type;
    if (!target.is_known) return false;
    if (const int size = integer_size(theirs); size > 0) {
        const bool source_unsigned = source.is_unsigned.value_or(target.is_unsigned);
        return integer_size(ours) >= size && source_unsigned == target.is_unsigned;
    }
    if (theirs == column_type::json) {
        // MariaDB's JSON is text.
        return ours == column_type::json || (ours == column_type::blob && target.metadata == 4 &&
                                             target.character_set == "utf8mb4");
    }
    if (is_text(theirs)) {
        if (!is_text(ours)) return false;
        // CHAR loses the spaces at the end.
        if (ours == column_type::string && theirs != column_type::string) return false;
        const bool target_bytes = target.character_set.empty() || target.character_set == "binary";
        if (source.collation && is_bytes(source) != target_bytes) return false;
        // BINARY is padded to its length.
        if (target_bytes && theirs == column_type::string && ours != column_type::string)
            return false;
        if (target_bytes && theirs == column_type::string && source.metadata != target.metadata)
            return false;
        return text_bytes(ours, target.metadata) >= text_bytes(theirs, source.metadata);
    }
    if (theirs == column_type::newdecimal && ours == column_type::newdecimal) {
        const unsigned scale = source.metadata & 0xffU;
        const unsigned whole = (source.metadata >> 8U) - scale;
        const unsigned our_scale = target.metadata & 0xffU;
        return our_scale >= scale && (target.metadata >> 8U) - our_scale >= whole;
    }
    switch (theirs) {
    case column_type::time: return ours == column_type::time2;
    case column_type::datetime: return ours == column_type::datetime2;
    case column_type::timestamp: return ours == column_type::timestamp2;
    case column_type::newdate: return ours == column_type::date;
    case column_type::time2:
    case column_type::datetime2:
    case column_type::timestamp2: return ours == theirs && target.metadata >= source.metadata;
    case column_type::bit: return ours == theirs && target.metadata >= source.metadata;
    case column_type::float_:
    case column_type::double_:
    case column_type::year:
    case column_type::date:
    case column_type::enum_:
    case column_type::set:
    case column_type::geometry: return ours == theirs;
    case column_type::vector: return ours == theirs;
    default: return false;
    }
}

} // namespace

std::optional<std::string> find_sql_difference(std::span<const column_definition> source,
                                               const target_table& target) {
    if (source.size() != target.columns.size()) {
        return fmt::format("the source has {} columns and the target has {}", source.size(),
                           target.columns.size());
    }
    for (std::size_t i = 0; i < source.size(); ++i) {
        const target_column& ours = target.columns[i];
        if (!source[i].name.empty() && source[i].name != ours.name) {
            return fmt::format("column {} is called {} on the source and {} on the target", i + 1,
                               state::quote_identifier(source[i].name),
                               state::quote_identifier(ours.name));
        }
        const auto difference = find_sql_difference(source[i], ours);
        if (!difference) continue;
        return fmt::format("column {} ({}) {}", i + 1, state::quote_identifier(ours.name),
                           *difference);
    }
    return std::nullopt;
}

std::optional<std::string> find_sql_difference(const column_definition& source,
                                               const target_column& target) {
    if (holds(source, target)) return find_difference(source, target);
    return fmt::format("is {} on the source and {} on the target, which may not hold its values",
                       describe_layout(source.type, source.metadata), target.type_text);
}

std::vector<column_definition> sql_columns(std::vector<column_definition> logged,
                                           const target_table& target) {
    UNDERSTUDY_ASSERT(logged.size() == target.columns.size());
    relay::complete_columns(logged, describe_table(target.name, target));
    constexpr std::uint16_t utf8mb4_general_ci = 45;
    for (column_definition& column : logged) {
        // The same bytes, under a name that no server calls deprecated.
        const auto* const set =
            column.collation ? protocol::character_set_of(*column.collation) : nullptr;
        if (set != nullptr && set->name == "utf8") column.collation = utf8mb4_general_ci;
    }
    return logged;
}

} // namespace understudy::applier
