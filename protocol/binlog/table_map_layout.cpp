#include "protocol/binlog/table_map_layout.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <algorithm>
#include <utility>

namespace understudy::protocol {

namespace {

// Optional metadata fields (enum Optional_metadata_field_type of the server).
enum class optional_field : std::uint8_t {
    signedness = 1,
    column_charset = 3,
    column_name = 4,
    set_str_value = 5,
    enum_str_value = 6,
    geometry_type = 7,
    primary_key_with_prefix = 9,
    enum_and_set_column_charset = 11,
    column_visibility = 12,
    vector_dimensionality = 13,
};

// Bytes that a type, as logged, has in the metadata.
std::size_t metadata_size(column_type type) {
    switch (type) {
    case column_type::float_:
    case column_type::double_:
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob:
    case column_type::geometry:
    case column_type::json:
    case column_type::vector:
    case column_type::timestamp2:
    case column_type::datetime2:
    case column_type::time2:
    case column_type::mariadb_blob_compressed: return 1;
    case column_type::bit:
    case column_type::varchar:
    case column_type::var_string:
    case column_type::newdecimal:
    case column_type::enum_:
    case column_type::set:
    case column_type::string:
    case column_type::mariadb_varchar_compressed: return 2;
    default: return 0;
    }
}

// As the server counts them for the SIGNEDNESS bits: YEAR is in, BIT is not.
bool is_numeric(const column_definition& column) {
    switch (column.type) {
    case column_type::float_:
    case column_type::double_:
    case column_type::newdecimal:
    case column_type::year: return true;
    default: return column.is_integer();
    }
}

bool has_labels(const column_definition& column) {
    return column.type == column_type::enum_ || column.type == column_type::set;
}

class field_writer {
public:
    field_writer(std::vector<std::byte>& out, std::span<const map_column> columns)
        : out_(out), columns_(columns) {}

    void finish(optional_field field) {
        if (!value_.empty()) {
            out_.u8(static_cast<std::uint8_t>(field));
            out_.lenenc_bytes(value_);
        }
        value_.clear();
    }
    // `write` for each column that `wanted` takes, if all of these are `known`.
    template<class Wanted, class Known, class Write>
    void each(optional_field field, Wanted wanted, Known known, Write write) {
        byte_writer value(value_);
        for (const map_column& column : columns_) {
            if (!wanted(column.what)) continue;
            if (!known(column.what)) {
                value_.clear();
                return;
            }
            write(value, column.what);
        }
        finish(field);
    }
    // A bit for each column that `wanted` takes, most significant first.
    template<class Wanted, class IsSet>
    void bits(optional_field field, Wanted wanted, IsSet is_set) {
        std::size_t count = 0;
        for (const map_column& column : columns_) {
            if (!wanted(column.what)) continue;
            if (count % 8 == 0) value_.push_back(std::byte{0});
            if (is_set(column.what))
                value_.back() |= std::byte{0x80} >> static_cast<int>(count % 8);
            ++count;
        }
        finish(field);
    }
    std::vector<std::byte>& value() { return value_; }

private:
    byte_writer out_;
    std::span<const map_column> columns_;
    std::vector<std::byte> value_;
};

void write_labels(byte_writer& out, const column_definition& column) {
    out.lenenc(column.labels.size());
    for (const std::string& label : column.labels)
        out.lenenc_text(label);
}

void write_optional(std::vector<std::byte>& out, std::span<const map_column> columns,
                    std::span<const map_key_part> key) {
    using definition = column_definition;
    field_writer fields(out, columns);
    const auto all = [](const definition&) { return true; };
    const auto all_have = [&](auto wanted, auto has) {
        return std::ranges::all_of(columns, [&](const map_column& column) {
            return !wanted(column.what) || has(column.what);
        });
    };
    const auto has_sign = [](const definition& one) { return one.is_unsigned.has_value(); };
    const auto has_collation = [](const definition& one) { return one.collation.has_value(); };
    const auto write_collation = [](byte_writer& to, const definition& one) {
        to.lenenc(*one.collation);
    };
    if (all_have(is_numeric, has_sign))
        fields.bits(optional_field::signedness, is_numeric,
                    [](const definition& one) { return *one.is_unsigned; });
    fields.each(
        optional_field::column_charset, [](const definition& one) { return one.is_character(); },
        has_collation, write_collation);
    fields.each(
        optional_field::column_name, all, [](const definition& one) { return !one.name.empty(); },
        [](byte_writer& to, const definition& one) { to.lenenc_text(one.name); });
    for (const auto& [field, type] :
         {std::pair(optional_field::set_str_value, column_type::set),
          std::pair(optional_field::enum_str_value, column_type::enum_)}) {
        fields.each(
            field, [type](const definition& one) { return one.type == type; },
            [](const definition& one) { return !one.labels.empty(); }, write_labels);
    }
    fields.each(
        optional_field::geometry_type,
        [](const definition& one) { return one.type == column_type::geometry; },
        [](const definition& one) { return one.geometry_type.has_value(); },
        [](byte_writer& to, const definition& one) { to.lenenc(*one.geometry_type); });
    for (const map_key_part& part : key) {
        byte_writer(fields.value()).lenenc(part.column);
        byte_writer(fields.value()).lenenc(part.prefix);
    }
    fields.finish(optional_field::primary_key_with_prefix);
    fields.each(optional_field::enum_and_set_column_charset, has_labels, has_collation,
                write_collation);
    if (!all_have(all, [](const definition& one) { return one.visible; }))
        fields.bits(optional_field::column_visibility, all,
                    [](const definition& one) { return one.visible; });
    fields.each(
        optional_field::vector_dimensionality,
        [](const definition& one) { return one.type == column_type::vector; },
        [](const definition& one) { return one.vector_dimensions.has_value(); },
        [](byte_writer& to, const definition& one) { to.lenenc(*one.vector_dimensions); });
}

} // namespace

result<std::vector<map_column>> split_columns(const table_map& map) {
    auto definitions = define_columns(map);
    if (!definitions) return std::unexpected(std::move(definitions.error()));
    byte_reader in(map.after_names);
    const auto count = in.lenenc();
    const auto types = in.bytes(count);
    byte_reader metadata(in.lenenc_bytes());
    if (!in.ok() || types.size() != definitions->size())
        return fail(errc::malformed, "a Table_map event with another number of columns");
    std::vector<map_column> columns;
    for (std::size_t i = 0; i < types.size(); ++i) {
        const auto bytes = metadata.bytes(metadata_size(static_cast<column_type>(types[i])));
        columns.push_back(
            {std::move((*definitions)[i]), types[i], std::vector(bytes.begin(), bytes.end())});
    }
    if (!metadata.ok() || !metadata.at_end())
        return fail(errc::malformed, "a Table_map event with column metadata of another size");
    return columns;
}

std::vector<std::byte> join_columns(std::span<const map_column> columns,
                                    std::span<const map_key_part> key) {
    std::vector<std::byte> out;
    byte_writer writer(out);
    writer.lenenc(columns.size());
    std::vector<std::byte> metadata;
    std::vector<std::byte> nullable((columns.size() + 7) / 8);
    for (std::size_t i = 0; i < columns.size(); ++i) {
        writer.u8(std::to_integer<std::uint8_t>(columns[i].logged_type));
        metadata.insert(metadata.end(), columns[i].logged_metadata.begin(),
                        columns[i].logged_metadata.end());
        if (columns[i].what.nullable) nullable[i / 8] |= std::byte{1} << static_cast<int>(i % 8);
    }
    writer.lenenc_bytes(metadata);
    writer.bytes(nullable);
    write_optional(out, columns, key);
    return out;
}

} // namespace understudy::protocol
