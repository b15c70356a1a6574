#include "protocol/value/value_writer.hpp"

#include "protocol/binlog/value_size.hpp"
#include "protocol/errc.hpp"
#include "protocol/value/byte_text.hpp"
#include "protocol/value/compressed_column.hpp"
#include "protocol/value/decimal_text.hpp"
#include "protocol/value/digits.hpp"
#include "protocol/value/float_text.hpp"
#include "protocol/value/json_diff.hpp"
#include "protocol/value/json_diff_text.hpp"
#include "protocol/value/json_sql.hpp"
#include "protocol/value/json_text.hpp"
#include "protocol/value/temporal_text.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace understudy::protocol {

namespace {

// Doubles, and so many readers of JSON, hold integers up to here.
constexpr std::uint64_t json_integer_max = std::uint64_t{1} << 53;

constexpr std::size_t number_max = 24; // characters of an integer in quotes

void append_number(std::string& out, std::uint64_t number) {
    append_put(out, number_max, [&](char* to) { return put_number(to, number); });
}

std::string name_of(const column_definition& column) {
    return column.name.empty() ? "a column" : "column " + column.name;
}

std::unexpected<error> does_not_fit(const column_definition& column, std::size_t size) {
    return fail(errc::malformed, "a value of " + std::to_string(size) + " bytes does not fit " +
                                     name_of(column) + " of type " + to_string(column.type) +
                                     ": the row image or the definition is wrong");
}

table_map_column layout_of(const column_definition& column) {
    return {column.type, column.metadata, column.nullable, column.is_unsigned};
}

char quote_of(value_form form) {
    return form == value_form::json ? '"' : '\'';
}

// Values that need no escapes in any form; SQL and JSON put quotes around.
template<class Append>
void append_quoted(std::string& out, value_form form, Append append) {
    if (form == value_form::text) {
        append();
        return;
    }
    out += quote_of(form);
    append();
    out += quote_of(form);
}

float read_float(byte_reader& in) {
    return std::bit_cast<float>(in.u32());
}

void append_temporal(std::string& out, const column_definition& column,
                     std::span<const std::byte> value) {
    byte_reader in(value);
    const unsigned digits = column.metadata;
    switch (column.type) {
    case column_type::date:
    case column_type::newdate: append_date(out, in.u24()); break;
    case column_type::time2: append_time(out, value, digits); break;
    case column_type::datetime2: append_datetime(out, value, digits); break;
    case column_type::timestamp2: append_timestamp(out, value, digits); break;
    case column_type::time: append_old_time(out, in.u24()); break;
    case column_type::datetime: append_old_datetime(out, in.u64()); break;
    default: append_old_timestamp(out, in.u32()); break;
    }
}

void append_year(std::string& out, value_form form, unsigned year) {
    if (year != 0) {
        append_number(out, 1900 + year);
    } else {
        out += form == value_form::text ? "0000" : "0"; // '0' would be 2000
    }
}

} // namespace

result<void> value_writer::append(std::string& out, const column_definition& column,
                                  std::span<const std::byte> value) {
    if (write_fixed(out, column, value)) {
        return {};
    }
    if (value_size(layout_of(column), value) != value.size()) {
        return does_not_fit(column, value.size());
    }
    const auto start = out.size();
    auto written = write(out, column, value);
    if (!written) {
        out.resize(start);
        return wrap(std::move(written.error()), name_of(column));
    }
    return {};
}

void value_writer::append_null(std::string& out) const {
    out += form_ == value_form::json ? "null" : "NULL";
}

result<void> value_writer::append(std::string& out, const column_definition& column,
                                  const row_image::column& value) {
    if (value.is_null) {
        append_null(out);
        return {};
    }
    if (!value.is_partial) {
        return append(out, column, value.value);
    }
    const auto start = out.size();
    if (column.type != column_type::json ||
        value_size(layout_of(column), value.value) != value.value.size()) {
        return does_not_fit(column, value.value.size());
    }
    auto written = write_diffs(out, column, value.value.subspan(column.metadata));
    if (!written) {
        out.resize(start);
        return wrap(std::move(written.error()), name_of(column));
    }
    return {};
}

result<void> value_writer::append_updated(std::string& out, const column_definition& column,
                                          const row_image::column& before,
                                          const row_image::column& after) {
    const bool known = before.present && !before.is_null && !before.is_partial;
    if (!after.is_partial || !known) {
        return append(out, column, after);
    }
    for (const auto value : {before.value, after.value}) {
        if (column.type != column_type::json ||
            value_size(layout_of(column), value) != value.size()) {
            return does_not_fit(column, value.size());
        }
    }
    const auto start = out.size();
    auto written = write_patched(out, before.value.subspan(column.metadata),
                                 after.value.subspan(column.metadata));
    if (!written) {
        out.resize(start);
        return wrap(std::move(written.error()), name_of(column));
    }
    return {};
}

bool value_writer::write_fixed(std::string& out, const column_definition& column,
                               std::span<const std::byte> value) const {
    const unsigned meta = column.metadata;
    byte_reader in(value);
    const auto integer = [&](unsigned bytes) {
        if (value.size() != bytes) return false;
        write_integer(out, in.little_endian(bytes), 8 * bytes, column.is_unsigned.value_or(false));
        return true;
    };
    const auto temporal = [&](std::size_t bytes) {
        if (value.size() != bytes) return false;
        append_quoted(out, form_, [&] { append_temporal(out, column, value); });
        return true;
    };
    switch (column.type) {
    case column_type::tiny: return integer(1);
    case column_type::short_: return integer(2);
    case column_type::int24: return integer(3);
    case column_type::long_: return integer(4);
    case column_type::longlong: return integer(8);
    case column_type::float_:
        if (value.size() != sizeof(float)) return false;
        write_float(out, read_float(in));
        return true;
    case column_type::double_:
        if (value.size() != sizeof(double)) return false;
        write_double(out, std::bit_cast<double>(in.u64()));
        return true;
    case column_type::year:
        if (value.size() != 1) return false;
        append_year(out, form_, in.u8());
        return true;
    case column_type::date:
    case column_type::newdate:
    case column_type::time: return temporal(3);
    case column_type::timestamp: return temporal(4);
    case column_type::datetime: return temporal(8);
    case column_type::time2: return temporal(3 + fraction_size(meta));
    case column_type::timestamp2: return temporal(4 + fraction_size(meta));
    case column_type::datetime2: return temporal(5 + fraction_size(meta));
    default: return false;
    }
}

// Not of the types of write_fixed; value has exactly the size that its type asks for.
result<void> value_writer::write(std::string& out, const column_definition& column,
                                 std::span<const std::byte> value) {
    const unsigned meta = column.metadata;
    byte_reader in(value);
    switch (column.type) {
    case column_type::null: append_null(out); return {};
    case column_type::newdecimal:
        if (form_ == value_form::json) out += '"';
        append_decimal(out, value, meta >> 8, meta & 0xff);
        if (form_ == value_form::json) out += '"';
        return {};
    case column_type::bit: write_bit(out, value, meta); return {};
    case column_type::enum_: return write_enum(out, column, in.little_endian(value.size()));
    case column_type::set: return write_set(out, column, in.little_endian(value.size()));
    case column_type::varchar:
    case column_type::var_string:
    case column_type::string:
        write_characters(out, column, value.subspan(string_prefix_size(meta)));
        return {};
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob: write_characters(out, column, value.subspan(meta)); return {};
    case column_type::json: return write_json(out, value.subspan(meta));
    case column_type::geometry: write_bytes(out, value.subspan(meta)); return {};
    case column_type::vector: write_vector(out, value.subspan(meta)); return {};
    case column_type::mariadb_blob_compressed:
        return write_compressed(out, column, value.subspan(meta));
    case column_type::mariadb_varchar_compressed:
        return write_compressed(out, column, value.subspan(string_prefix_size(meta)));
    default: break;
    }
    return fail(errc::unsupported, "values of " + to_string(column.type) + " cannot be written");
}

void value_writer::write_integer(std::string& out, std::uint64_t number, unsigned bits,
                                 bool is_unsigned) const {
    const auto unused_bits = 64 - bits;
    const auto with_sign = static_cast<std::int64_t>(number << unused_bits) >> unused_bits;
    const bool negative = !is_unsigned && with_sign < 0;
    write_signed(out, negative ? 0 - static_cast<std::uint64_t>(with_sign) : number, negative);
}

void value_writer::write_signed(std::string& out, std::uint64_t magnitude, bool negative) const {
    const bool in_quotes = form_ == value_form::json && magnitude > json_integer_max;
    append_put(out, number_max, [&](char* to) {
        if (in_quotes) *to++ = '"';
        if (negative) *to++ = '-';
        to = put_number(to, magnitude);
        if (in_quotes) *to++ = '"';
        return to;
    });
}

void value_writer::write_bit(std::string& out, std::span<const std::byte> value,
                             unsigned bits) const {
    const auto number = byte_reader(value).big_endian(value.size());
    if (form_ == value_form::json) {
        write_signed(out, number, false);
        return;
    }
    constexpr unsigned bits_max = 64;
    append_put(out, bits_max + 3, [&](char* to) {
        *to++ = 'b';
        *to++ = '\'';
        for (unsigned left = std::min(bits, bits_max); left-- > 0;)
            *to++ = static_cast<char>('0' + (number >> left & 1));
        *to++ = '\'';
        return to;
    });
}

void value_writer::write_float(std::string& out, float number) const {
    if (form_ == value_form::text) {
        append_float_as_selected(out, number);
    } else if (form_ == value_form::sql) {
        append_double_literal(out, static_cast<double>(number)); // rounded only once
    } else {
        const bool in_quotes = !std::isfinite(number);
        if (in_quotes) out += '"';
        append_shortest_float(out, number);
        if (in_quotes) out += '"';
    }
}

void value_writer::write_double(std::string& out, double number) const {
    if (form_ == value_form::sql) {
        append_double_literal(out, number);
        return;
    }
    const bool in_quotes = form_ == value_form::json && !std::isfinite(number);
    if (in_quotes) out += '"';
    append_double(out, number);
    if (in_quotes) out += '"';
}

void value_writer::write_vector(std::string& out, std::span<const std::byte> value) const {
    if (form_ == value_form::sql || value.size() % sizeof(float) != 0) {
        write_bytes(out, value);
        return;
    }
    byte_reader in(value);
    out += '[';
    while (!in.at_end()) {
        if (form_ == value_form::text) {
            append_vector_element(out, read_float(in));
        } else {
            write_float(out, read_float(in));
        }
        out += in.at_end() ? "" : ",";
    }
    out += ']';
}

void value_writer::write_bytes(std::string& out, std::span<const std::byte> bytes) const {
    switch (form_) {
    case value_form::text:
        out += "0x";
        append_hex(out, bytes);
        break;
    case value_form::json:
        out += R"({"base64": ")";
        append_base64(out, bytes);
        out += "\"}";
        break;
    case value_form::sql:
        out += "x'";
        append_hex(out, bytes);
        out += '\'';
        break;
    }
}

void value_writer::write_characters(std::string& out, const column_definition& column,
                                    std::span<const std::byte> bytes) {
    if (!column.collation) {
        write_unknown_text(out, bytes);
        return;
    }
    const auto* charset = character_set_of(*column.collation);
    if (charset == nullptr) {
        write_unknown_text(out, bytes);
    } else if (charset->encoding != character_encoding::binary) {
        write_text(out, *charset, bytes);
    } else if (column.type == column_type::string && bytes.size() < column.metadata) {
        // BINARY(n) lost its trailing zeros on the way.
        joined_.assign(as_text(bytes));
        joined_.resize(column.metadata, '\0');
        write_bytes(out, as_bytes(joined_));
    } else {
        write_bytes(out, bytes);
    }
}

void value_writer::write_text(std::string& out, const character_set& charset,
                              std::span<const std::byte> bytes) {
    if (form_ == value_form::sql) {
        append_sql_string(out, charset.name, charset.is_ascii_compatible, bytes);
        return;
    }
    if (form_ == value_form::text) {
        if (!converter_.append_utf8(out, charset, bytes)) {
            append_sql_string(out, charset.name, false, bytes);
        }
        return;
    }
    converted_.clear();
    if (converter_.append_utf8(converted_, charset, bytes)) {
        append_json_string(out, converted_);
    } else {
        write_bytes(out, bytes);
    }
}

void value_writer::write_unknown_text(std::string& out, std::span<const std::byte> bytes) const {
    const auto text = as_text(bytes);
    if (form_ == value_form::sql || !is_utf8(text)) {
        write_bytes(out, bytes);
    } else if (form_ == value_form::json) {
        append_json_string(out, text);
    } else {
        out += text;
    }
}

result<void> value_writer::write_enum(std::string& out, const column_definition& column,
                                      std::uint64_t number) {
    if (column.labels.empty()) {
        append_number(out, number);
        return {};
    }
    if (number > column.labels.size()) {
        return fail(errc::malformed, "has no label of number " + std::to_string(number));
    }
    if (number != 0) {
        write_label(out, column, column.labels[number - 1]);
        return {};
    }
    // What a value became that was not allowed; a label '' is something else.
    out += form_ == value_form::sql ? "0" : form_ == value_form::json ? "\"\"" : "";
    return {};
}

result<void> value_writer::write_set(std::string& out, const column_definition& column,
                                     std::uint64_t bits) {
    const auto count = column.labels.size();
    if (count == 0) {
        write_signed(out, bits, false);
        return {};
    }
    if (count < 64 && bits >> count != 0) {
        return fail(errc::malformed, "has no labels for all bits of " + std::to_string(bits));
    }
    const auto* charset = column.collation ? character_set_of(*column.collation) : nullptr;
    const std::size_t zeros = charset == nullptr ? 0 : charset->space_size - 1U;
    const bool little_endian = zeros != 0 && charset->name == "utf16le";
    joined_.clear();
    for (auto left = bits; left != 0; left &= left - 1) {
        if (!joined_.empty()) {
            joined_.append(little_endian ? 0 : zeros, '\0');
            joined_ += ',';
            joined_.append(little_endian ? zeros : 0, '\0');
        }
        joined_ += column.labels[static_cast<std::size_t>(std::countr_zero(left))];
    }
    write_label(out, column, joined_);
    return {};
}

void value_writer::write_label(std::string& out, const column_definition& column,
                               std::string_view label) {
    const auto* charset = column.collation ? character_set_of(*column.collation) : nullptr;
    if (charset == nullptr || charset->encoding == character_encoding::binary) {
        write_unknown_text(out, as_bytes(label));
    } else {
        write_text(out, *charset, as_bytes(label));
    }
}

result<void> value_writer::write_json(std::string& out, std::span<const std::byte> document) {
    if (form_ == value_form::sql) {
        return append_json_expression(out, document);
    }
    return append_json_text(out, document);
}

result<void> value_writer::write_diffs(std::string& out, const column_definition& column,
                                       std::span<const std::byte> value) {
    const auto diffs = decode_json_diffs(value);
    if (!diffs) {
        return std::unexpected(diffs.error());
    }
    if (form_ == value_form::json) {
        return append_json_diff_list(out, *diffs);
    }
    if (form_ == value_form::sql && column.name.empty()) {
        return fail(errc::unsupported,
                    "is a partial JSON update, which SQL can only write with the column's name: "
                    "set binlog_row_metadata=FULL on the source");
    }
    return append_json_diff_expression(out, column.name, *diffs);
}

result<void> value_writer::write_patched(std::string& out, std::span<const std::byte> before,
                                         std::span<const std::byte> diffs) {
    const auto decoded = decode_json_diffs(diffs);
    if (!decoded) {
        return std::unexpected(decoded.error());
    }
    const auto document = apply_json_diffs(before, *decoded);
    if (!document) {
        return std::unexpected(document.error());
    }
    return write_json(out, *document);
}

result<void> value_writer::write_compressed(std::string& out, const column_definition& column,
                                            std::span<const std::byte> value) {
    constexpr std::size_t size_max = 0x4000'0000; // max_allowed_packet can be no larger
    inflated_.clear();
    if (auto inflated = append_uncompressed(inflated_, value, size_max); !inflated) {
        return inflated;
    }
    write_characters(out, column, as_bytes(inflated_));
    return {};
}

} // namespace understudy::protocol
