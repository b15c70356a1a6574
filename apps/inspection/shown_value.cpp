#include "apps/inspection/shown_value.hpp"

#include "apps/figure_text.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/value/byte_text.hpp"
#include "protocol/value/character_set.hpp"
#include "protocol/value/digits.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <optional>
#include <vector>

namespace understudy::apps {

namespace {

using protocol::column_type;

bool has_labels(const protocol::column_definition& column) {
    return (column.type == column_type::enum_ || column.type == column_type::set) &&
           !column.labels.empty();
}

// Bytes of the length before text that is stored as it is; nothing: it is not such a column.
std::optional<std::size_t> text_prefix_size(const protocol::column_definition& column) {
    switch (column.type) {
    case column_type::varchar:
    case column_type::var_string:
    case column_type::string: return protocol::string_prefix_size(column.metadata);
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob: return column.metadata;
    default: return std::nullopt;
    }
}

bool is_character_data(const protocol::column_definition& column) {
    return text_prefix_size(column) || column.type == column_type::mariadb_blob_compressed ||
           column.type == column_type::mariadb_varchar_compressed;
}

// Or unknown: then what is ASCII is taken for it.
bool is_ascii_compatible(const protocol::column_definition& column) {
    const auto* charset =
        column.collation ? protocol::character_set_of(*column.collation) : nullptr;
    return charset == nullptr || charset->is_ascii_compatible;
}

// An empty label among others of a SET is not told from none.
bool are_plain(const std::vector<std::string>& labels) {
    return std::ranges::all_of(labels, [](const std::string& label) {
        return !label.empty() && protocol::is_plain(label);
    });
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

// Without jumps, for vectors.
unsigned may_need_escape(unsigned char byte) {
    return static_cast<unsigned>(byte < 0x20) | static_cast<unsigned>(byte == 0x7f) |
           static_cast<unsigned>(byte == '\\') | static_cast<unsigned>(byte == '\'') |
           static_cast<unsigned>(byte == 0xc2) | static_cast<unsigned>(byte == 0xe2);
}

void append_escaped(std::string& out, std::string_view text, char quote) {
    std::size_t plain = 0; // from here on nothing was escaped
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (may_need_escape(static_cast<unsigned char>(text[at])) == 0) continue;
        out += text.substr(plain, at - plain);
        append_escape(out, text, at, quote);
        plain = at + 1;
    }
    out += text.substr(plain);
}

// Looks at every byte, whatever it finds: compilers turn that into vectors. The last block overlaps
// the one before it.
bool needs_escapes(std::string_view text) {
    constexpr std::size_t block = 16;
    std::array<unsigned char, block> found{};
    const auto look = [&](const char* at, std::size_t size) {
        for (std::size_t i = 0; i < size; ++i)
            found[i] |=
                static_cast<unsigned char>(may_need_escape(static_cast<unsigned char>(at[i])));
    };
    if (text.size() < block) {
        look(text.data(), text.size());
    } else {
        const char* const last = text.data() + text.size() - block;
        for (const char* at = text.data(); at < last; at += block)
            look(at, block);
        look(last, block);
    }
    return std::ranges::any_of(found, [](unsigned char one) { return one != 0; });
}

// Numbers and times are digits and signs, and bytes are.
bool may_hold_anything(const protocol::column_definition& column) {
    switch (column.type) {
    case column_type::geometry:
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
    default: return !is_character_data(column) || column.collation != protocol::binary_collation;
    }
}

char* put_in_quotes(char* to, std::string_view text) {
    *to++ = '\'';
    to = protocol::put_text(to, text);
    *to++ = '\'';
    return to;
}

} // namespace

shown_column::shown_column(const protocol::column_definition& column)
    : may_need_escapes_(may_hold_anything(column)) {
    const auto prefix = text_prefix_size(column);
    quoted_ = has_labels(column) ||
              (is_character_data(column) && column.collation != protocol::binary_collation);
    if (!quoted_ || !is_ascii_compatible(column)) return;
    if (prefix) {
        plain_ = plain::text;
        prefix_size_ = *prefix;
    }
    if (!has_labels(column) || !are_plain(column.labels)) return;
    plain_ = column.type == column_type::enum_ ? plain::enum_label : plain::set_labels;
    for (const auto& label : column.labels)
        labels_size_ += label.size() + 1;
}

bool shown_column::append_plain(std::string& out, const protocol::column_definition& column,
                                std::span<const std::byte> value, std::size_t text_max) const {
    constexpr std::size_t quotes = 2;
    const auto fits = [&](std::size_t size) { return text_max == 0 || size <= text_max; };
    const auto append_label = [&](std::string_view label) {
        protocol::append_put(out, label.size() + quotes,
                             [&](char* to) { return put_in_quotes(to, label); });
        return true;
    };
    if (plain_ == plain::text) {
        const auto size = protocol::prefixed_size(prefix_size_, value);
        if (size != value.size() || !fits(size - prefix_size_)) return false;
        const auto text = protocol::as_text(value.subspan(prefix_size_));
        return protocol::is_plain(text) && append_label(text);
    }
    if (plain_ == plain::never || value.size() != column.metadata) return false;
    const auto& labels = column.labels;
    auto number = protocol::byte_reader(value).little_endian(value.size());
    if (plain_ == plain::enum_label) {
        return number != 0 && number <= labels.size() && fits(labels[number - 1].size()) &&
               append_label(labels[number - 1]);
    }
    if (number == 0 || static_cast<std::size_t>(std::bit_width(number)) > labels.size() ||
        !fits(labels_size_))
        return false;
    protocol::append_put(out, labels_size_ + quotes, [&](char* to) {
        *to++ = '\'';
        for (; number != 0; number &= number - 1) {
            to = protocol::put_text(to, labels[static_cast<std::size_t>(std::countr_zero(number))]);
            *to++ = ',';
        }
        to[-1] = '\'';
        return to;
    });
    return true;
}

void append_harmless(std::string& out, std::string_view text) {
    append_escaped(out, text, '\0');
}

protocol::result<void> append_shown(std::string& out, protocol::value_writer& text,
                                    const protocol::column_definition& column,
                                    const shown_column& how,
                                    const protocol::row_image::column& value, std::size_t text_max,
                                    const protocol::row_image::column* before) {
    if (value.is_null) {
        out += "NULL";
        return {};
    }
    if (how.may_be_plain() && how.append_plain(out, column, value.value, text_max)) return {};
    // Numbers and the like, with nothing around them.
    if (!how.is_quoted() && !how.may_need_escapes() && text_max == 0)
        return text.append(out, column, value.value);
    const bool quoted = how.is_quoted();
    if (quoted) out += '\'';
    const auto start = out.size();
    auto done = value.is_partial && before != nullptr
                    ? text.append_updated(out, column, *before, value)
                    : text.append(out, column, value);
    if (!done) return done;
    auto size = out.size() - start;
    const auto whole = size;
    if (text_max != 0 && size > text_max) {
        size = text_max;
        // Not in the middle of a character.
        while (size > 0 && (static_cast<unsigned char>(out[start + size]) & 0xc0U) == 0x80U)
            --size;
        out.resize(start + size);
    }
    if (how.may_need_escapes() && needs_escapes(std::string_view(out).substr(start))) {
        const auto raw = out.substr(start);
        out.resize(start);
        append_escaped(out, raw, quoted ? '\'' : '\0');
    }
    if (quoted) out += '\'';
    if (size < whole) out += "… (" + count_text(whole) + " bytes)";
    return {};
}

} // namespace understudy::apps
