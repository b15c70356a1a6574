#include "state/condition/row_value.hpp"

#include "protocol/binlog/value_size.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <bit>
#include <cctype>

namespace understudy::state {

namespace {

using protocol::column_type;
using protocol::result;
using kind = comparable::kind;

bool is_bytes(const protocol::column_definition& column) {
    switch (column.type) {
    case column_type::geometry: return true;
    case column_type::string:
    case column_type::varchar:
    case column_type::var_string:
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob: return column.collation == protocol::binary_collation;
    default: return false;
    }
}

std::size_t prefix_size(const protocol::column_definition& column) {
    switch (column.type) {
    case column_type::string:
    case column_type::varchar:
    case column_type::var_string: return protocol::string_prefix_size(column.metadata);
    default: return column.metadata; // the BLOB family: bytes of the length
    }
}

} // namespace

comparable::kind comparable_kind_of(const protocol::column_definition& column) {
    switch (column.type) {
    case column_type::null: return kind::null;
    case column_type::tiny:
    case column_type::short_:
    case column_type::int24:
    case column_type::long_:
    case column_type::longlong:
    case column_type::newdecimal:
    case column_type::bit:
    case column_type::year: return kind::number;
    case column_type::float_:
    case column_type::double_: return kind::real;
    case column_type::date:
    case column_type::newdate:
    case column_type::datetime:
    case column_type::datetime2:
    case column_type::timestamp:
    case column_type::timestamp2: return kind::moment;
    case column_type::time:
    case column_type::time2: return kind::time;
    case column_type::enum_:
    case column_type::set: return column.labels.empty() ? kind::number : kind::text;
    default: return is_bytes(column) ? kind::bytes : kind::text;
    }
}

bool same_column(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) ==
               std::tolower(static_cast<unsigned char>(b));
    });
}

result<void> read_comparable(comparable& into, protocol::value_writer& text,
                             const protocol::column_definition& column,
                             const protocol::row_image::column& value) {
    into.text.clear();
    into.what = kind::absent;
    into.is_single_precision = false;
    if (!value.present) return {};
    into.what = value.is_null ? kind::null : comparable_kind_of(column);
    if (into.what == kind::null) return {};
    if (into.what == kind::bytes) {
        into.text = protocol::as_text(
            value.value.subspan(std::min(prefix_size(column), value.value.size())));
        // The log leaves out the zeros at the end of a BINARY, which a SELECT has.
        if (column.type == column_type::string && into.text.size() < column.metadata)
            into.text.resize(column.metadata);
        return {};
    }
    protocol::byte_reader in(value.value);
    if (column.type == column_type::bit) {
        into.text = std::to_string(in.big_endian(std::min<std::size_t>(value.value.size(), 8)));
        return {};
    }
    if (column.type == column_type::float_) {
        into.is_single_precision = true;
        into.real = static_cast<double>(std::bit_cast<float>(in.u32()));
    }
    if (column.type == column_type::double_) into.real = std::bit_cast<double>(in.u64());
    return text.append(into.text, column, value.value);
}

result<void> read_updated_comparable(comparable& into, protocol::value_writer& text,
                                     const protocol::column_definition& column,
                                     const protocol::row_image::column& before,
                                     const protocol::row_image::column& after) {
    if (!after.is_partial) return read_comparable(into, text, column, after);
    into.text.clear();
    into.what = kind::absent;
    into.is_single_precision = false;
    if (!before.present || before.is_null) return {};
    into.what = kind::text;
    return text.append_updated(into.text, column, before, after);
}

} // namespace understudy::state
