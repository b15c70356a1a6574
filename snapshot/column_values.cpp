#include "snapshot/column_values.hpp"

#include "applier/target_session.hpp"

#include <array>
#include <span>

namespace understudy::snapshot {

namespace {

// For each byte what stands behind the backslash, 0 if it stands for itself.
using escape_table = std::array<char, 256>;

constexpr escape_table escapes_of(std::string_view pairs) {
    escape_table table{};
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2)
        table[static_cast<unsigned char>(pairs[i])] = pairs[i + 1];
    return table;
}

// The session's sql_mode has no NO_BACKSLASH_ESCAPES, and under SET NAMES binary no byte is the
// tail of a character.
constexpr escape_table literal_escapes = escapes_of(std::string_view("\0"
                                                                     "0''\\\\",
                                                                     6));
constexpr escape_table field_escapes = escapes_of(std::string_view("\0"
                                                                   "0\tt\nn\\\\",
                                                                   8));

void append_escaped(std::string& out, std::string_view value, const escape_table& escapes) {
    std::size_t clean = 0;
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char escape = escapes[static_cast<unsigned char>(value[i])];
        if (escape == 0) continue;
        out.append(value, clean, i - clean);
        out += '\\';
        out += escape;
        clean = i + 1;
    }
    out.append(value, clean);
}

} // namespace

std::string select_expression(const column& one) {
    std::string name = state::quote_identifier(one.name);
    switch (one.kind) {
    case value_kind::floating: return name + "*1e0";
    case value_kind::index:
    case value_kind::bits: return "CAST(" + name + " AS UNSIGNED)";
    default: return name;
    }
}

void append_value(std::string& out, const column& one,
                  const std::optional<std::string_view>& value) {
    if (!value) {
        out += "NULL";
        return;
    }
    switch (one.kind) {
    case value_kind::number:
    case value_kind::index:
    case value_kind::bits: out += *value; return;
    case value_kind::floating: // in quotes, or -0 would be an integer without a sign
    case value_kind::temporal:
        out += '\'';
        out += *value;
        out += '\'';
        return;
    case value_kind::json:
        out += "_utf8mb4"; // a binary string is no JSON text
        [[fallthrough]];
    case value_kind::text:
    case value_kind::bytes:
    case value_kind::geometry:
    case value_kind::vector:
        out += '\'';
        append_escaped(out, *value, literal_escapes);
        out += '\'';
        return;
    }
}

bool loads(const column& one) {
    switch (one.kind) {
    case value_kind::number:
    case value_kind::floating:
    case value_kind::temporal:
    case value_kind::text:
    case value_kind::bytes: return true;
    case value_kind::index: // '1' may be the name of a member
    case value_kind::bits:  // '1' would be the byte 0x31
    case value_kind::json:
    case value_kind::geometry:
    case value_kind::vector: return false;
    }
    return false;
}

void append_field(std::string& out, const column& one,
                  const std::optional<std::string_view>& value) {
    if (!value) {
        out += "\\N";
    } else if (one.kind == value_kind::text || one.kind == value_kind::bytes) {
        append_escaped(out, *value, field_escapes);
    } else {
        out += *value;
    }
}

std::string key_literal(const column& one, std::string_view value) {
    switch (one.kind) {
    case value_kind::text:
        return "_" + one.charset + " " + applier::hex_literal(std::as_bytes(std::span(value)));
    case value_kind::bytes:
        return "_binary " + applier::hex_literal(std::as_bytes(std::span(value)));
    case value_kind::temporal: return "'" + std::string(value) + "'";
    case value_kind::floating: {
        // With an exponent, or the server reads it as DECIMAL.
        std::string text(value);
        return text.contains('e') ? text : text + "e0";
    }
    default: return std::string(value);
    }
}

} // namespace understudy::snapshot
