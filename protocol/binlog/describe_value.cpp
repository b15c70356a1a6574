#include "protocol/binlog/describe_value.hpp"

#include "protocol/binlog/describe_decimal.hpp"
#include "protocol/binlog/describe_temporal.hpp"
#include "protocol/binlog/describe_text.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <array>
#include <bit>
#include <charconv>

namespace understudy::protocol {

namespace {

std::string describe_integer(std::span<const std::byte> value, bool is_unsigned) {
    const auto number = byte_reader(value).little_endian(value.size());
    const auto unused_bits = 64 - 8 * value.size();
    if (is_unsigned) {
        return std::to_string(number);
    }
    return std::to_string(static_cast<std::int64_t>(number << unused_bits) >> unused_bits);
}

template<class Float, class Bits>
std::string describe_float(std::uint64_t bits) {
    std::array<char, 64> text{};
    const auto number = std::bit_cast<Float>(static_cast<Bits>(bits));
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() ? std::string(text.data(), end) : "?";
}

std::string describe_bits(std::span<const std::byte> value, unsigned bits) {
    const auto number = byte_reader(value).big_endian(value.size());
    std::string text = "b'";
    for (unsigned i = bits; i-- > 0;) {
        text += (number >> i & 1) != 0 ? '1' : '0';
    }
    return text + "'";
}

std::string describe_year(std::uint64_t year) {
    return year == 0 ? "0000" : std::to_string(1900 + year);
}

std::string describe_size(const char* what, std::size_t size) {
    return std::string(what) + " of " + std::to_string(size) + " bytes";
}

// value has exactly the size that its type asks for.
std::string describe_whole_value(const table_map_column& column, std::span<const std::byte> value,
                                 bool is_unsigned) {
    const unsigned meta = column.metadata;
    byte_reader in(value);
    switch (column.type) {
    case column_type::null: return "NULL";
    case column_type::tiny:
    case column_type::short_:
    case column_type::int24:
    case column_type::long_:
    case column_type::longlong: return describe_integer(value, is_unsigned);
    case column_type::float_: return describe_float<float, std::uint32_t>(in.u32());
    case column_type::double_: return describe_float<double, std::uint64_t>(in.u64());
    case column_type::newdecimal: return describe_decimal(value, meta >> 8, meta & 0xff);
    case column_type::bit: return describe_bits(value, meta);
    case column_type::year: return describe_year(in.u8());
    case column_type::date:
    case column_type::newdate: return describe_date(in.u24());
    case column_type::time: return describe_old_time(in.u24());
    case column_type::datetime: return describe_old_datetime(in.u64());
    case column_type::timestamp: return describe_timestamp(in.u32(), 0, 0);
    case column_type::time2: return describe_time(value, meta);
    case column_type::datetime2: return describe_datetime(value, meta);
    case column_type::timestamp2: {
        const auto seconds = in.u32_be();
        return describe_timestamp(seconds, read_fraction(in, meta), meta);
    }
    case column_type::enum_:
    case column_type::set: return std::to_string(in.little_endian(value.size()));
    case column_type::varchar:
    case column_type::var_string:
    case column_type::string: return describe_text(value.subspan(string_prefix_size(meta)));
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob: return describe_text(value.subspan(meta));
    case column_type::json: return describe_size("JSON", value.size() - meta);
    case column_type::geometry: return describe_size("GEOMETRY", value.size() - meta);
    case column_type::vector: return describe_size("VECTOR", value.size() - meta);
    case column_type::mariadb_blob_compressed:
        return describe_size("compressed BLOB", value.size() - meta);
    case column_type::mariadb_varchar_compressed:
        return describe_size("compressed VARCHAR", value.size() - string_prefix_size(meta));
    case column_type::typed_array: break;
    }
    return describe_bytes(value);
}

} // namespace

std::string describe_value(const table_map_column& column, std::span<const std::byte> value,
                           bool is_unsigned_hint) {
    if (value_size(column, value) != value.size()) {
        return describe_bytes(value);
    }
    return describe_whole_value(column, value, column.is_unsigned.value_or(is_unsigned_hint));
}

std::string describe_row(const table_map& map, const row_image& image) {
    std::string text = "(";
    for (std::size_t i = 0; i < image.columns.size() && i < map.columns.size(); ++i) {
        const auto& column = image.columns[i];
        text += i == 0 ? "" : ", ";
        if (!column.present) {
            text += "-";
        } else if (column.is_null) {
            text += "NULL";
        } else {
            text += column.is_partial ? "changes in " : "";
            text += describe_value(map.columns[i], column.value, false);
        }
    }
    return text + ")";
}

} // namespace understudy::protocol
