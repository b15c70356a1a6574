#include "protocol/binlog/row_key.hpp"

#include "protocol/assert.hpp"

#include <algorithm>

namespace understudy::protocol {

namespace {

constexpr char null_mark = '\0';
constexpr char value_mark = '\1';

// key := {column}; column := 00 (NULL) | 01 size 4 bytes
void append_value(std::string& out, std::span<const std::byte> value) {
    out += value_mark;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        out += static_cast<char>(value.size() >> shift & 0xff);
    }
    out.append(reinterpret_cast<const char*>(value.data()), value.size());
}

} // namespace

bool append_row_key(std::string& out, const table_map& map, const row_image& image,
                    std::span<const std::uint32_t> columns) {
    UNDERSTUDY_ASSERT(image.columns.size() == map.columns.size());
    const auto is_present = [&](std::uint32_t column) {
        UNDERSTUDY_ASSERT(column < image.columns.size());
        return image.columns[column].present;
    };
    if (!std::ranges::all_of(columns, is_present)) {
        return false;
    }
    for (const auto column : columns) {
        if (image.columns[column].is_null) {
            out += null_mark;
        } else {
            append_value(out, image.columns[column].value);
        }
    }
    return true;
}

} // namespace understudy::protocol
