#include "applier/row_description.hpp"

#include "applier/target_session.hpp"
#include "protocol/binlog/describe_value.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <fmt/format.h>

#include <optional>

namespace understudy::applier {

using protocol::column_type;

namespace {

std::int64_t sign_extend(std::uint64_t value, std::size_t width) {
    const unsigned shift = static_cast<unsigned>(64 - 8 * width);
    return static_cast<std::int64_t>(value << shift) >> shift;
}

std::optional<std::string> literal(const protocol::table_map_column& type,
                                   const target_column& column, std::span<const std::byte> value) {
    protocol::byte_reader in(value);
    switch (type.type) {
    case column_type::tiny:
    case column_type::short_:
    case column_type::int24:
    case column_type::long_:
    case column_type::longlong: {
        const std::size_t width = value.size();
        const std::uint64_t number = in.little_endian(width);
        return column.is_unsigned ? std::to_string(number)
                                  : std::to_string(sign_extend(number, width));
    }
    case column_type::varchar: return hex_literal(value.subspan(type.metadata > 255 ? 2 : 1));
    case column_type::string: return hex_literal(value.subspan(type.metadata > 255 ? 2 : 1));
    default: return std::nullopt;
    }
}

} // namespace

std::string describe_key(const table_plan& table, const protocol::row_image& image) {
    const protocol::table_map& map = table.source->map;
    if (!table.has_key()) return "the row " + protocol::describe_row(map, image);
    std::string out;
    for (const std::uint32_t index : table.target.key) {
        const auto& value = image.columns[index];
        const target_column& column = table.target.columns[index];
        const std::string shown =
            !value.present ? "(not logged)"
            : value.is_null
                ? "NULL"
                : protocol::describe_value(map.columns[index], value.value, column.is_unsigned);
        out += fmt::format("{}{} = {}", out.empty() ? "" : ", ",
                           state::quote_identifier(column.name), shown);
    }
    return out;
}

std::string key_condition(const table_plan& table, const protocol::row_image& image) {
    std::string out;
    for (const std::uint32_t index : table.target.key) {
        const auto& value = image.columns[index];
        const target_column& column = table.target.columns[index];
        if (!value.present || value.is_null) return {};
        const auto text = literal(table.source->map.columns[index], column, value.value);
        if (!text) return {};
        // Bytes are in the column's character set; the comparison is by its collation.
        const std::string introducer = column.character_set.empty() || !text->starts_with("x'")
                                           ? ""
                                           : "_" + column.character_set + " ";
        out += fmt::format("{}{} = {}{}", out.empty() ? "" : " AND ",
                           state::quote_identifier(column.name), introducer, *text);
    }
    return out;
}

std::string_view verb_of(protocol::rows_kind kind) {
    switch (kind) {
    case protocol::rows_kind::write: return "INSERT";
    case protocol::rows_kind::update: return "UPDATE";
    case protocol::rows_kind::delete_: return "DELETE";
    }
    return "";
}

} // namespace understudy::applier
