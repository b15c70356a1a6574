#include "protocol/binlog/table_map_columns.hpp"

#include "protocol/errc.hpp"

namespace understudy::protocol {

namespace {

// Optional metadata fields (enum Optional_metadata_field_type of the server).
enum class optional_field : std::uint8_t {
    signedness = 1,
    column_name = 4,
    simple_primary_key = 8,
    primary_key_with_prefix = 9,
};

std::unexpected<error> impossible(const table_map_column& column, std::size_t index) {
    return fail(errc::malformed, "column " + std::to_string(index + 1) + " (" +
                                     to_string(column.type) + ") has impossible metadata " +
                                     std::to_string(column.metadata));
}

// STRING hides ENUM and SET, and two bits of a long length, in the first byte
// (Field_string::do_save_field_metadata).
void unpack_string(table_map_column& column, unsigned first, unsigned second) {
    if ((first & 0x30) != 0x30) {
        column.type = static_cast<column_type>(first | 0x30);
        column.metadata = static_cast<std::uint16_t>(second | ((first & 0x30) ^ 0x30) << 4);
    } else {
        column.type = static_cast<column_type>(first);
        column.metadata = static_cast<std::uint16_t>(second);
    }
}

bool metadata_is_possible(const table_map_column& column) {
    constexpr unsigned fraction_digits_max = 6;
    constexpr unsigned precision_max = 65;
    const unsigned meta = column.metadata;
    switch (column.type) {
    case column_type::timestamp2:
    case column_type::datetime2:
    case column_type::time2: return meta <= fraction_digits_max;
    case column_type::newdecimal: return meta >> 8 <= precision_max && (meta & 0xff) <= meta >> 8;
    case column_type::bit: return meta >= 1 && meta <= 64;
    case column_type::enum_: return meta == 1 || meta == 2;
    case column_type::set: return meta >= 1 && meta <= 8;
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob:
    case column_type::geometry:
    case column_type::json:
    case column_type::vector:
    case column_type::mariadb_blob_compressed: return meta >= 1 && meta <= 4;
    default: return true;
    }
}

// false for types that no server writes or that cannot be read.
bool read_metadata(table_map_column& column, byte_reader& in) {
    switch (column.type) {
    case column_type::tiny:
    case column_type::short_:
    case column_type::long_:
    case column_type::longlong:
    case column_type::int24:
    case column_type::null:
    case column_type::timestamp:
    case column_type::date:
    case column_type::time:
    case column_type::datetime:
    case column_type::year:
    case column_type::newdate: column.metadata = 0; return true;
    case column_type::float_:
    case column_type::double_:
    case column_type::timestamp2:
    case column_type::datetime2:
    case column_type::time2:
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob:
    case column_type::geometry:
    case column_type::json:
    case column_type::vector:
    case column_type::mariadb_blob_compressed: column.metadata = in.u8(); return true;
    case column_type::varchar:
    case column_type::var_string:
    case column_type::mariadb_varchar_compressed: column.metadata = in.u16(); return true;
    case column_type::newdecimal: column.metadata = in.u16_be(); return true;
    case column_type::bit: {
        const unsigned bits = in.u8();
        const unsigned bytes = in.u8();
        column.metadata = static_cast<std::uint16_t>(bytes * 8 + bits);
        return true;
    }
    case column_type::string: {
        const unsigned first = in.u8();
        const unsigned second = in.u8();
        unpack_string(column, first, second);
        return column.type == column_type::string || column.type == column_type::enum_ ||
               column.type == column_type::set;
    }
    case column_type::enum_:
    case column_type::set:
        in.skip(1);
        column.metadata = in.u8();
        return true;
    case column_type::typed_array: return false;
    }
    return false;
}

// As the server counts them for the SIGNEDNESS bits: YEAR is in, BIT is not.
bool is_numeric(column_type type) {
    switch (type) {
    case column_type::tiny:
    case column_type::short_:
    case column_type::int24:
    case column_type::long_:
    case column_type::longlong:
    case column_type::float_:
    case column_type::double_:
    case column_type::newdecimal:
    case column_type::year: return true;
    default: return false;
    }
}

// One bit per numeric column, most significant first.
void read_signedness(table_map& map, byte_reader& in) {
    unsigned bits = 0;
    unsigned left = 0;
    for (auto& column : map.columns) {
        if (!is_numeric(column.type)) {
            continue;
        }
        if (left == 0) {
            bits = in.u8();
            left = 8;
        }
        --left;
        column.is_unsigned = (bits >> left & 1U) != 0;
    }
}

void read_names(table_map& map, byte_reader& in) {
    map.column_names.clear();
    while (in.ok() && !in.at_end() && map.column_names.size() < map.columns.size()) {
        map.column_names.emplace_back(in.lenenc_text());
    }
    if (map.column_names.size() != map.columns.size()) {
        in.set_failed();
    }
}

void read_primary_key(table_map& map, byte_reader& in, bool with_prefixes) {
    map.primary_key.clear();
    while (in.ok() && !in.at_end()) {
        const auto column = in.lenenc();
        const auto prefix = with_prefixes ? in.lenenc() : 0;
        if (column >= map.columns.size() || map.primary_key.size() >= map.columns.size()) {
            in.set_failed();
            return;
        }
        map.primary_key.push_back(static_cast<std::uint32_t>(column));
        map.primary_key_has_prefix |= prefix != 0;
    }
}

} // namespace

result<void> read_column_types(table_map& map, std::span<const std::byte> types,
                               std::span<const std::byte> metadata) {
    byte_reader in(metadata);
    for (std::size_t i = 0; i < map.columns.size(); ++i) {
        auto& column = map.columns[i];
        column.type = static_cast<column_type>(types[i]);
        if (!read_metadata(column, in)) {
            return fail(errc::unsupported,
                        "column " + std::to_string(i + 1) +
                            " has a type that cannot be read: " + to_string(column.type));
        }
        if (in.ok() && !metadata_is_possible(column)) {
            return impossible(column, i);
        }
    }
    return in.finish("column metadata");
}

result<void> read_optional_metadata(table_map& map, byte_reader& in) {
    while (!in.at_end()) {
        const auto field = static_cast<optional_field>(in.u8());
        byte_reader value(in.lenenc_bytes());
        if (!in.ok()) {
            return fail(errc::truncated, "the optional metadata end before their last field");
        }
        switch (field) {
        case optional_field::signedness: read_signedness(map, value); break;
        case optional_field::column_name: read_names(map, value); break;
        case optional_field::simple_primary_key: read_primary_key(map, value, false); break;
        case optional_field::primary_key_with_prefix: read_primary_key(map, value, true); break;
        default: break;
        }
        if (!value.ok()) {
            return fail(errc::malformed, "the optional metadata field " +
                                             std::to_string(static_cast<unsigned>(field)) +
                                             " does not fit");
        }
    }
    return {};
}

std::string to_string(column_type type) {
    switch (type) {
    case column_type::tiny: return "TINYINT";
    case column_type::short_: return "SMALLINT";
    case column_type::long_: return "INT";
    case column_type::float_: return "FLOAT";
    case column_type::double_: return "DOUBLE";
    case column_type::null: return "NULL";
    case column_type::timestamp: return "TIMESTAMP of before 5.6.4";
    case column_type::longlong: return "BIGINT";
    case column_type::int24: return "MEDIUMINT";
    case column_type::date: return "DATE";
    case column_type::time: return "TIME of before 5.6.4";
    case column_type::datetime: return "DATETIME of before 5.6.4";
    case column_type::year: return "YEAR";
    case column_type::newdate: return "DATE";
    case column_type::varchar: return "VARCHAR";
    case column_type::bit: return "BIT";
    case column_type::timestamp2: return "TIMESTAMP";
    case column_type::datetime2: return "DATETIME";
    case column_type::time2: return "TIME";
    case column_type::typed_array: return "ARRAY";
    case column_type::mariadb_blob_compressed: return "BLOB COMPRESSED";
    case column_type::mariadb_varchar_compressed: return "VARCHAR COMPRESSED";
    case column_type::vector: return "VECTOR";
    case column_type::json: return "JSON";
    case column_type::newdecimal: return "DECIMAL";
    case column_type::enum_: return "ENUM";
    case column_type::set: return "SET";
    case column_type::tiny_blob: return "TINYBLOB";
    case column_type::medium_blob: return "MEDIUMBLOB";
    case column_type::long_blob: return "LONGBLOB";
    case column_type::blob: return "BLOB";
    case column_type::var_string: return "VARCHAR";
    case column_type::string: return "CHAR";
    case column_type::geometry: return "GEOMETRY";
    }
    return "type " + std::to_string(static_cast<unsigned>(type));
}

} // namespace understudy::protocol
