#include "apps/inspection/shown_value.hpp"

#include "apps/figure_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace understudy::apps {

namespace {

using protocol::column_type;

bool is_quoted(const protocol::column_definition& column) {
    switch (column.type) {
    case column_type::enum_:
    case column_type::set: return !column.labels.empty();
    case column_type::varchar:
    case column_type::var_string:
    case column_type::string:
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob:
    case column_type::mariadb_blob_compressed:
    case column_type::mariadb_varchar_compressed:
        return column.collation != protocol::binary_collation;
    default: return false;
    }
}

// The character at `at` moves the cursor, ends the line or reorders text.
bool is_harmful(std::string_view text, std::size_t at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte < 0x20 || byte == 0x7f) return true;
    const auto next = at + 1 < text.size() ? static_cast<unsigned char>(text[at + 1]) : 0U;
    if (byte == 0xc2) return next >= 0x80 && next < 0xa0; // C1
    if (byte != 0xe2 || at + 2 >= text.size()) return false;
    const auto last = static_cast<unsigned char>(text[at + 2]);
    return (next == 0x80 && last >= 0xaa && last <= 0xae) ||
           (next == 0x81 && last >= 0xa6 && last <= 0xa9);
}

void append_escape(std::string& out, std::string_view text, std::size_t at, char quote) {
    const char c = text[at];
    if (quote != '\0' && (c == quote || c == '\\')) {
        out += '\\';
        out += c;
    } else if (c == '\n') {
        out += "\\n";
    } else if (c == '\t') {
        out += "\\t";
    } else if (is_harmful(text, at)) {
        fmt::format_to(std::back_inserter(out), "\\x{:02X}", static_cast<unsigned char>(c));
    } else {
        out += c;
    }
}

bool may_need_escape(unsigned char byte) {
    return byte < 0x20 || byte == 0x7f || byte == '\\' || byte == '\'' || byte == 0xc2 ||
           byte == 0xe2;
}

void append_escaped(std::string& out, std::string_view text, char quote) {
    std::size_t plain = 0; // from here on nothing was escaped
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!may_need_escape(static_cast<unsigned char>(text[at]))) continue;
        out += text.substr(plain, at - plain);
        append_escape(out, text, at, quote);
        plain = at + 1;
    }
    out += text.substr(plain);
}

// Looks at every byte, whatever it finds: compilers turn that into vectors.
bool needs_escapes(std::string_view text) {
    unsigned found = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        found |= static_cast<unsigned>(byte < 0x20) | static_cast<unsigned>(byte == 0x7f) |
                 static_cast<unsigned>(byte == '\\') | static_cast<unsigned>(byte == '\'') |
                 static_cast<unsigned>(byte == 0xc2) | static_cast<unsigned>(byte == 0xe2);
    }
    return found != 0;
}

// Numbers and times are digits and signs.
bool is_text(column_type type) {
    switch (type) {
    case column_type::tiny:
    case column_type::short_:
    case column_type::int24:
    case column_type::long_:
    case column_type::longlong:
    case column_type::float_:
    case column_type::double_:
    case column_type::newdecimal:
    case column_type::bit:
    case column_type::year:
    case column_type::date:
    case column_type::newdate:
    case column_type::time:
    case column_type::time2:
    case column_type::datetime:
    case column_type::datetime2:
    case column_type::timestamp:
    case column_type::timestamp2: return false;
    default: return true;
    }
}

} // namespace

void append_harmless(std::string& out, std::string_view text) {
    append_escaped(out, text, '\0');
}

protocol::result<void> append_shown(std::string& out, protocol::value_writer& text,
                                    const protocol::column_definition& column,
                                    const protocol::row_image::column& value, std::size_t text_max,
                                    const protocol::row_image::column* before) {
    if (value.is_null) {
        out += "NULL";
        return {};
    }
    const bool quoted = is_quoted(column);
    if (quoted) out += '\'';
    const auto start = out.size();
    const protocol::row_image::column unknown;
    if (auto done = text.append_updated(out, column, before != nullptr ? *before : unknown, value);
        !done)
        return done;
    auto size = out.size() - start;
    const auto whole = size;
    if (text_max != 0 && size > text_max) {
        size = text_max;
        // Not in the middle of a character.
        while (size > 0 && (static_cast<unsigned char>(out[start + size]) & 0xc0U) == 0x80U)
            --size;
        out.resize(start + size);
    }
    if (is_text(column.type) && needs_escapes(std::string_view(out).substr(start))) {
        const auto raw = out.substr(start);
        out.resize(start);
        append_escaped(out, raw, quoted ? '\'' : '\0');
    }
    if (quoted) out += '\'';
    if (size < whole) out += "… (" + count_text(whole) + " bytes)";
    return {};
}

} // namespace understudy::apps
