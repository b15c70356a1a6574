#include "protocol/value/comparable_key.hpp"

#include "protocol/assert.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/value/character_set.hpp"
#include "protocol/value/collation_key.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

namespace understudy::protocol {

namespace {

void append(std::string& out, std::span<const std::byte> bytes) {
    out += as_text(bytes);
}

std::string_view without_trailing_spaces(std::string_view text, const character_set& charset) {
    using namespace std::string_view_literals;
    const auto space = charset.name == "utf16le" ? " \0"sv
                       : charset.space_size == 1 ? " "sv
                       : charset.space_size == 2 ? "\0 "sv
                                                 : "\0\0\0 "sv;
    while (text.ends_with(space)) {
        text.remove_suffix(space.size());
    }
    return text;
}

bool append_characters(std::string& out, const column_definition& column,
                       std::span<const std::byte> bytes) {
    const auto* charset = column.collation ? character_set_of(*column.collation) : nullptr;
    if (charset == nullptr) {
        return false;
    }
    if (*column.collation == binary_collation) {
        const auto prefix = column.primary_key_prefix;
        append(out, prefix == 0 ? bytes : bytes.first(std::min<std::size_t>(prefix, bytes.size())));
        return true;
    }
    if (column.primary_key_prefix != 0 || column.is_collation_guessed) {
        return false;
    }
    if (!is_binary_order(*column.collation)) {
        return append_collation_key(out, *column.collation, bytes);
    }
    const auto text = as_text(bytes);
    out += pads_with_space(*column.collation) ? without_trailing_spaces(text, *charset) : text;
    return true;
}

// 0 and -0 are equal.
template<class Float, class Bits>
void append_float(std::string& out, std::span<const std::byte> value) {
    const auto bits = static_cast<Bits>(byte_reader(value).little_endian(sizeof(Bits)));
    if (std::bit_cast<Float>(bits) == Float{0}) {
        out.append(sizeof(Bits), '\0');
    } else {
        append(out, value);
    }
}

// Whether only the sign bit, inverted as it is, tells a DECIMAL from zero: then it is -0.
void append_decimal(std::string& out, std::span<const std::byte> value) {
    const auto is_ones = [](std::byte byte) { return byte == std::byte{0xff}; };
    if (!value.empty() && value.front() == std::byte{0x7f} &&
        std::ranges::all_of(value.subspan(1), is_ones)) {
        out += '\x80';
        out.append(value.size() - 1, '\0');
    } else {
        append(out, value);
    }
}

} // namespace

bool append_comparable_value(std::string& out, const column_definition& column,
                             std::span<const std::byte> value) {
    const table_map_column layout{column.type, column.metadata, column.nullable,
                                  column.is_unsigned};
    if (value_size(layout, value) != value.size()) {
        return false;
    }
    switch (column.type) {
    case column_type::tiny:
    case column_type::short_:
    case column_type::int24:
    case column_type::long_:
    case column_type::longlong:
    case column_type::year:
    case column_type::bit:
    case column_type::enum_:
    case column_type::set:
    case column_type::date:
    case column_type::newdate:
    case column_type::time:
    case column_type::datetime:
    case column_type::timestamp:
    case column_type::time2:
    case column_type::datetime2:
    case column_type::timestamp2: append(out, value); return true;
    case column_type::float_: append_float<float, std::uint32_t>(out, value); return true;
    case column_type::double_: append_float<double, std::uint64_t>(out, value); return true;
    case column_type::newdecimal: append_decimal(out, value); return true;
    case column_type::varchar:
    case column_type::var_string:
    case column_type::string:
        return append_characters(out, column, value.subspan(string_prefix_size(column.metadata)));
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob: return append_characters(out, column, value.subspan(column.metadata));
    default: return false;
    }
}

// key := {column}; column := 00 (NULL) | 01 size 4 bytes
bool append_comparable_key(std::string& out, std::span<const column_definition> columns,
                           const row_image& image, std::span<const std::uint32_t> key) {
    constexpr std::size_t size_bytes = 4;
    const auto start = out.size();
    for (const auto number : key) {
        UNDERSTUDY_ASSERT(number < columns.size() && number < image.columns.size());
        const auto& value = image.columns[number];
        if (value.is_null) {
            out += '\0';
            continue;
        }
        out += '\1';
        const auto size_at = out.size();
        out.append(size_bytes, '\0');
        if (!value.present || value.is_partial ||
            !append_comparable_value(out, columns[number], value.value)) {
            out.resize(start);
            return false;
        }
        const auto size = out.size() - size_at - size_bytes;
        for (std::size_t i = 0; i < size_bytes; ++i) {
            out[size_at + i] = static_cast<char>(size >> (8 * i) & 0xff);
        }
    }
    return true;
}

} // namespace understudy::protocol
