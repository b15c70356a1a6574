#include "protocol/value/json_sql.hpp"

#include "protocol/binlog/table_map.hpp"
#include "protocol/errc.hpp"
#include "protocol/value/byte_text.hpp"
#include "protocol/value/float_text.hpp"
#include "protocol/value/json_binary.hpp"
#include "protocol/value/json_text.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace understudy::protocol {

namespace {

constexpr std::string_view charset_name = "utf8mb4";

std::unexpected<error> damaged() {
    return fail(errc::malformed, "a JSON document cannot be read: the row image is damaged");
}

void append_string(std::string& out, std::string_view text) {
    append_sql_string(out, charset_name, true, as_bytes(text));
}

// Goes once over a document that append_json_text has accepted, so its size and depth are sound.
class builder {
public:
    explicit builder(std::string& out) : out_(out) {}

    result<void> build(const json_value& value) {
        if (const auto container = json_container::open(value)) {
            return build_container(*container);
        }
        switch (value.type) {
        case json_type::opaque: {
            const auto opaque = read_json_opaque(value);
            return opaque ? build_opaque(value, *opaque) : damaged();
        }
        case json_type::string: {
            const auto text = read_json_string(value);
            if (!text) return damaged();
            append_string(out_, *text);
            return {};
        }
        case json_type::double_: {
            const auto number = read_json_double(value);
            if (!number) return damaged();
            append_double_literal(out_, *number);
            return {};
        }
        case json_type::uint16:
        case json_type::uint32:
        case json_type::uint64: return build_around("CAST(", value, " AS UNSIGNED)");
        default: return build_around("", value, ""); // null, true, false and integers
        }
    }

private:
    result<void> build_container(const json_container& container) {
        out_ += container.is_object() ? "JSON_OBJECT(" : "JSON_ARRAY(";
        for (std::uint32_t i = 0; i < container.count(); ++i) {
            out_ += i == 0 ? "" : ", ";
            if (container.is_object()) {
                const auto key = container.key(i);
                if (!key) return damaged();
                append_string(out_, *key);
                out_ += ", ";
            }
            const auto element = container.value(i);
            if (!element) return damaged();
            if (auto built = build(*element); !built) return built;
        }
        out_ += ')';
        return {};
    }

    result<void> build_around(std::string_view before, const json_value& value,
                              std::string_view after) {
        out_ += before;
        if (!append_json_scalar(out_, value)) return damaged();
        out_ += after;
        return {};
    }

    result<void> build_temporal(const json_value& value, std::string_view type) {
        std::string text;
        if (!append_json_scalar(text, value)) return damaged();
        out_ += "CAST('";
        out_.append(text, 1, text.size() - 2); // without its double quotes
        out_ += "' AS ";
        out_ += type;
        out_ += ')';
        return {};
    }

    result<void> build_opaque(const json_value& value, const json_opaque& opaque) {
        switch (static_cast<column_type>(opaque.field_type)) {
        case column_type::newdecimal: {
            byte_reader in(opaque.data);
            const unsigned precision = in.u8();
            const unsigned scale = in.u8();
            return build_around("CAST(", value,
                                " AS DECIMAL(" + std::to_string(precision) + "," +
                                    std::to_string(scale) + "))");
        }
        case column_type::date: return build_temporal(value, "DATE");
        case column_type::time: return build_temporal(value, "TIME(6)");
        // SQL has no constants of type TIMESTAMP; JSON_TYPE calls both DATETIME.
        case column_type::datetime:
        case column_type::timestamp: return build_temporal(value, "DATETIME(6)");
        // What constants of bytes become.
        case column_type::varchar:
            out_ += "x'";
            append_hex(out_, opaque.data);
            out_ += '\'';
            return {};
        default: break;
        }
        return fail(errc::unsupported,
                    "a JSON document holds a value of type " +
                        to_string(static_cast<column_type>(opaque.field_type)) +
                        ", which no SQL constant can build: only row events can carry it");
    }

    std::string& out_;
};

// Its text, read by a server, would be something else.
bool is_lost_in_text(const json_value& value) {
    switch (value.type) {
    case json_type::opaque: return true;
    case json_type::int16:
    case json_type::int32:
    case json_type::int64: {
        const auto number = read_json_signed(value);
        return number && *number >= static_cast<std::int64_t>(first_unsigned_in_json_text);
    }
    case json_type::uint16:
    case json_type::uint32:
    case json_type::uint64: {
        const auto number = read_json_unsigned(value);
        return number && *number < first_unsigned_in_json_text;
    }
    case json_type::double_: {
        std::string text;
        return append_json_scalar(text, value) && !is_parsed_exactly(text);
    }
    default: break;
    }
    const auto container = json_container::open(value);
    for (std::uint32_t i = 0; container && i < container->count(); ++i) {
        const auto element = container->value(i);
        if (element && is_lost_in_text(*element)) {
            return true;
        }
    }
    return false;
}

} // namespace

bool is_parsed_exactly(std::string_view json_number) {
    constexpr std::uint64_t integer_max = std::uint64_t{1} << 53U;
    constexpr int power_max = 22; // 10^22 is the last one that a DOUBLE holds
    if (!json_number.contains('.') && !json_number.contains('e')) {
        return true;
    }
    const std::size_t e = std::min(json_number.find('e'), json_number.size());
    std::uint64_t integer = 0;
    int power = 0;
    bool in_fraction = false;
    for (const char c : json_number.substr(0, e)) {
        if (c == '.') in_fraction = true;
        if (c < '0' || c > '9') continue;
        integer = integer * 10 + static_cast<std::uint64_t>(c - '0');
        if (integer > integer_max) {
            return false;
        }
        if (in_fraction) --power;
    }
    if (e < json_number.size()) {
        const char* const end = json_number.data() + json_number.size();
        int exponent = 0;
        const auto read = std::from_chars(json_number.data() + e + 1, end, exponent);
        constexpr int exponent_max = 400; // of a DOUBLE
        if (read.ec != std::errc() || read.ptr != end || exponent < -exponent_max ||
            exponent > exponent_max) {
            return false;
        }
        power += exponent;
    }
    return std::abs(power) <= power_max;
}

result<void> append_json_expression(std::string& out, std::span<const std::byte> document) {
    std::string text;
    if (auto printed = append_json_text(text, document); !printed) {
        return printed;
    }
    const auto root = read_json_document(document);
    if (!root) {
        return damaged();
    }
    const bool typed = is_lost_in_text(*root);
    if (typed && is_container(root->type)) {
        return builder(out).build(*root);
    }
    out += "CAST(";
    if (typed) {
        if (auto built = builder(out).build(*root); !built) return built;
    } else {
        append_string(out, text);
    }
    out += " AS JSON)";
    return {};
}

} // namespace understudy::protocol
