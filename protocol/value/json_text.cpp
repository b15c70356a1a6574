#include "protocol/value/json_text.hpp"

#include "protocol/binlog/table_map.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/errc.hpp"
#include "protocol/value/byte_text.hpp"
#include "protocol/value/decimal_text.hpp"
#include "protocol/value/digits.hpp"
#include "protocol/value/float_text.hpp"
#include "protocol/value/temporal_text.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <cstdint>
#include <string_view>

namespace understudy::protocol {

namespace {

void append_integer(std::string& out, std::uint64_t magnitude, bool negative) {
    constexpr std::size_t size_max = 21;
    append_put(out, size_max, [&](char* to) {
        if (negative) *to++ = '-';
        return put_number(to, magnitude);
    });
}

// The server marks doubles that look like integers.
void append_json_double(std::string& out, double number) {
    const auto start = out.size();
    append_double(out, number);
    if (out.find_first_of(".e", start) == std::string::npos) {
        out += ".0";
    }
}

bool append_opaque_decimal(std::string& out, std::span<const std::byte> data) {
    constexpr unsigned precision_max = 65;
    byte_reader in(data);
    const unsigned precision = in.u8();
    const unsigned scale = in.u8();
    if (!in.ok() || precision > precision_max || scale > precision ||
        in.remaining() != decimal_digits_size(precision - scale) + decimal_digits_size(scale)) {
        return false;
    }
    append_decimal(out, in.rest(), precision, scale);
    return true;
}

bool append_opaque_temporal(std::string& out, column_type type, std::span<const std::byte> data) {
    byte_reader in(data);
    const auto packed = static_cast<std::int64_t>(in.u64());
    if (!in.ok() || !in.at_end()) {
        return false;
    }
    out += '"';
    switch (type) {
    case column_type::date: append_json_date(out, packed); break;
    case column_type::time: append_json_time(out, packed); break;
    default: append_json_datetime(out, packed); break;
    }
    out += '"';
    return true;
}

bool append_opaque(std::string& out, const json_opaque& opaque) {
    constexpr std::size_t base64_line_size = 76; // base64_encode of the server
    const auto type = static_cast<column_type>(opaque.field_type);
    switch (type) {
    case column_type::newdecimal: return append_opaque_decimal(out, opaque.data);
    case column_type::date:
    case column_type::time:
    case column_type::datetime:
    case column_type::timestamp: return append_opaque_temporal(out, type, opaque.data);
    default: break;
    }
    std::string text = "base64:type" + std::to_string(opaque.field_type) + ":";
    append_base64(text, opaque.data, base64_line_size);
    append_json_string(out, text);
    return true;
}

bool is_plain_or_utf8(std::string_view text) {
    return is_plain(text) || is_utf8(text);
}

bool append_literal(std::string& out, json_literal literal) {
    switch (literal) {
    case json_literal::null: out += "null"; break;
    case json_literal::true_: out += "true"; break;
    case json_literal::false_: out += "false"; break;
    }
    return true;
}

// The parts of a whole document do not overlap, so what is visited can't be more than there is.
class printer {
public:
    printer(std::string& out, std::size_t document_size) : out_(out), left_(document_size) {}

    bool print(const json_value& value, unsigned depth) {
        if (!is_container(value.type)) {
            const auto start = out_.size();
            // An escape makes six characters of one byte, base64 with its name a little more.
            constexpr std::size_t growth = 8;
            return append_json_scalar(out_, value) && spend((out_.size() - start) / growth);
        }
        const auto container = json_container::open(value);
        if (!container || depth == json_depth_max || !spend(container->count())) {
            return false;
        }
        out_ += container->is_object() ? '{' : '[';
        for (std::uint32_t i = 0; i < container->count(); ++i) {
            if (i != 0) out_ += ", ";
            if (container->is_object() && !print_key(*container, i)) {
                return false;
            }
            const auto element = container->value(i);
            if (!element || !print(*element, depth + 1)) {
                return false;
            }
        }
        out_ += container->is_object() ? '}' : ']';
        return true;
    }

private:
    bool print_key(const json_container& object, std::uint32_t index) {
        const auto key = object.key(index);
        if (!key || !spend(key->size()) || !is_plain_or_utf8(*key)) {
            return false;
        }
        append_json_string(out_, *key);
        out_ += ": ";
        return true;
    }
    bool spend(std::size_t bytes) {
        if (bytes > left_) {
            return false;
        }
        left_ -= bytes;
        return true;
    }

    std::string& out_;
    std::size_t left_;
};

} // namespace

bool append_json_scalar(std::string& out, const json_value& value) {
    switch (value.type) {
    case json_type::literal: {
        const auto literal = read_json_literal(value);
        return literal && append_literal(out, *literal);
    }
    case json_type::int16:
    case json_type::int32:
    case json_type::int64: {
        const auto number = read_json_signed(value);
        if (!number) return false;
        const auto bits = static_cast<std::uint64_t>(*number);
        append_integer(out, *number < 0 ? 0 - bits : bits, *number < 0);
        return true;
    }
    case json_type::uint16:
    case json_type::uint32:
    case json_type::uint64: {
        const auto number = read_json_unsigned(value);
        if (number) append_integer(out, *number, false);
        return number.has_value();
    }
    case json_type::double_: {
        const auto number = read_json_double(value);
        if (number) append_json_double(out, *number);
        return number.has_value();
    }
    case json_type::string: {
        const auto text = read_json_string(value);
        if (!text || !is_plain_or_utf8(*text)) return false;
        append_json_string(out, *text);
        return true;
    }
    case json_type::opaque: {
        const auto opaque = read_json_opaque(value);
        return opaque && append_opaque(out, *opaque);
    }
    default: return false;
    }
}

result<void> append_json_text(std::string& out, std::span<const std::byte> document) {
    const auto root = read_json_document(document);
    if (!root || !printer(out, document.size() + 1).print(*root, 0)) {
        return fail(errc::malformed, "a JSON document of " + std::to_string(document.size()) +
                                         " bytes cannot be read: the row image is damaged");
    }
    return {};
}

} // namespace understudy::protocol
