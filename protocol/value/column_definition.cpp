#include "protocol/value/column_definition.hpp"

#include "protocol/errc.hpp"
#include "protocol/value/character_set.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <limits>

namespace understudy::protocol {

namespace {

// Optional metadata fields (enum Optional_metadata_field_type of the server).
enum class optional_field : std::uint8_t {
    signedness = 1, // read by decode_table_map, as are names and primary key columns
    default_charset = 2,
    column_charset = 3,
    column_name = 4,
    set_str_value = 5,
    enum_str_value = 6,
    geometry_type = 7,
    simple_primary_key = 8,
    primary_key_with_prefix = 9,
    enum_and_set_default_charset = 10,
    enum_and_set_column_charset = 11,
    column_visibility = 12,
    vector_dimensionality = 13,
};

using definitions = std::vector<column_definition>;
using wanted_column = bool (*)(const column_definition&);

bool is_text(const column_definition& column) {
    return column.is_character();
}

bool has_labels(const column_definition& column) {
    return column.type == column_type::enum_ || column.type == column_type::set;
}

template<column_type Type>
bool is(const column_definition& column) {
    return column.type == Type;
}

std::uint16_t read_collation(byte_reader& in) {
    const auto number = in.lenenc();
    if (number > std::numeric_limits<std::uint16_t>::max()) {
        in.set_failed();
    }
    return static_cast<std::uint16_t>(number);
}

// The collation that most columns have, then the others as pairs of a number among the wanted
// columns and a collation.
void read_default_collation(definitions& columns, byte_reader& in, wanted_column wanted) {
    std::vector<column_definition*> candidates;
    const auto common = read_collation(in);
    for (auto& column : columns) {
        if (wanted(column)) {
            column.collation = common;
            candidates.push_back(&column);
        }
    }
    while (in.ok() && !in.at_end()) {
        const auto nth = in.lenenc();
        const auto collation = read_collation(in);
        if (nth >= candidates.size()) {
            in.set_failed();
            return;
        }
        candidates[nth]->collation = collation;
    }
}

template<class Read>
void for_each_wanted(definitions& columns, byte_reader& in, wanted_column wanted, Read read) {
    for (auto& column : columns) {
        if (wanted(column)) {
            read(column, in);
        }
    }
}

void read_own_collation(column_definition& column, byte_reader& in) {
    column.collation = read_collation(in);
}

void read_labels(column_definition& column, byte_reader& in) {
    const auto count = in.lenenc();
    column.labels.clear();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        column.labels.emplace_back(in.lenenc_text());
    }
}

void read_geometry_type(column_definition& column, byte_reader& in) {
    column.geometry_type = static_cast<std::uint32_t>(in.lenenc());
}

void read_vector_dimensions(column_definition& column, byte_reader& in) {
    column.vector_dimensions = static_cast<std::uint32_t>(in.lenenc());
}

// decode_table_map has checked the column numbers.
void read_primary_key(definitions& columns, byte_reader& in, bool with_prefixes) {
    std::uint32_t part = 0;
    while (in.ok() && !in.at_end()) {
        const auto column = in.lenenc();
        const auto prefix = with_prefixes ? in.lenenc() : 0;
        if (column >= columns.size()) {
            in.set_failed();
            return;
        }
        columns[column].primary_key_part = ++part;
        columns[column].primary_key_prefix = static_cast<std::uint32_t>(prefix);
    }
}

// One bit per column, most significant first.
void read_visibility(definitions& columns, byte_reader& in) {
    const auto bits = in.bytes((columns.size() + 7) / 8);
    for (std::size_t i = 0; i < columns.size() && in.ok(); ++i) {
        columns[i].visible = (std::to_integer<unsigned>(bits[i / 8]) >> (7 - i % 8) & 1U) != 0;
    }
}

void read_field(definitions& columns, optional_field field, byte_reader& in) {
    switch (field) {
    case optional_field::default_charset: return read_default_collation(columns, in, is_text);
    case optional_field::column_charset:
        return for_each_wanted(columns, in, is_text, read_own_collation);
    case optional_field::enum_and_set_default_charset:
        return read_default_collation(columns, in, has_labels);
    case optional_field::enum_and_set_column_charset:
        return for_each_wanted(columns, in, has_labels, read_own_collation);
    case optional_field::set_str_value:
        return for_each_wanted(columns, in, is<column_type::set>, read_labels);
    case optional_field::enum_str_value:
        return for_each_wanted(columns, in, is<column_type::enum_>, read_labels);
    case optional_field::geometry_type:
        return for_each_wanted(columns, in, is<column_type::geometry>, read_geometry_type);
    case optional_field::vector_dimensionality:
        return for_each_wanted(columns, in, is<column_type::vector>, read_vector_dimensions);
    case optional_field::simple_primary_key: return read_primary_key(columns, in, false);
    case optional_field::primary_key_with_prefix: return read_primary_key(columns, in, true);
    case optional_field::column_visibility: return read_visibility(columns, in);
    case optional_field::signedness:
    case optional_field::column_name: break;
    }
}

} // namespace

bool column_definition::is_integer() const {
    switch (type) {
    case column_type::tiny:
    case column_type::short_:
    case column_type::int24:
    case column_type::long_:
    case column_type::longlong: return true;
    default: return false;
    }
}

bool column_definition::is_character() const {
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

bool column_definition::is_known() const {
    if (is_integer()) {
        return is_unsigned.has_value();
    }
    if (is_character()) {
        return collation && character_set_of(*collation) != nullptr;
    }
    if (has_labels(*this)) {
        return !labels.empty() && collation && character_set_of(*collation) != nullptr;
    }
    return true;
}

result<std::vector<column_definition>> define_columns(const table_map& map) {
    definitions columns(map.columns.size());
    for (std::size_t i = 0; i < columns.size(); ++i) {
        const auto& from = map.columns[i];
        auto& column = columns[i];
        column.type = from.type;
        column.metadata = from.metadata;
        column.nullable = from.nullable;
        column.is_unsigned = from.is_unsigned;
        if (i < map.column_names.size()) {
            column.name = map.column_names[i];
        }
    }
    byte_reader in(map.optional_metadata);
    while (!in.at_end()) {
        const auto number = in.u8();
        byte_reader value(in.lenenc_bytes());
        if (in.ok()) {
            read_field(columns, static_cast<optional_field>(number), value);
        }
        if (!in.ok() || !value.ok()) {
            return fail(errc::malformed, "the optional metadata field " + std::to_string(number) +
                                             " of the Table_map event of " +
                                             std::string(map.database) + "." +
                                             std::string(map.table) + " does not fit");
        }
    }
    return columns;
}

} // namespace understudy::protocol
