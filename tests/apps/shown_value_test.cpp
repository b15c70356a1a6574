#include "apps/inspection/shown_value.hpp"
#include "protocol/value/value_writer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::apps {
namespace {

using protocol::column_definition;
using protocol::column_type;

constexpr std::uint16_t utf8mb4 = 255;
constexpr std::uint16_t latin1 = 8;
constexpr std::uint16_t utf16 = 54;
constexpr std::uint16_t gbk = 28;

column_definition column(column_type type, unsigned metadata,
                         std::optional<std::uint16_t> collation = {},
                         std::vector<std::string> labels = {}) {
    column_definition made;
    made.type = type;
    made.metadata = static_cast<std::uint16_t>(metadata);
    made.collation = collation;
    made.labels = std::move(labels);
    return made;
}

std::string shown(const column_definition& definition, std::span<const std::byte> value,
                  std::size_t text_max) {
    protocol::value_writer text(protocol::value_form::text);
    std::string out = "before ";
    const auto done = append_shown(out, text, definition, shown_column(definition),
                                   {.value = value, .present = true}, text_max);
    if (!done) return "error: " + done.error().what;
    EXPECT_TRUE(out.starts_with("before "));
    return out.substr(7);
}

// Character by character, as it is described.
std::string escaped(std::string_view text, bool quoted) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto byte = [&](std::size_t i) {
            return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
        };
        const auto c = byte(at);
        const bool c1 = c == 0xc2 && byte(at + 1) >= 0x80 && byte(at + 1) < 0xa0;
        const bool turns_text =
            c == 0xe2 && ((byte(at + 1) == 0x80 && byte(at + 2) >= 0xaa && byte(at + 2) <= 0xae) ||
                          (byte(at + 1) == 0x81 && byte(at + 2) >= 0xa6 && byte(at + 2) <= 0xa9));
        if (quoted && (c == '\'' || c == '\\')) {
            out += '\\';
            out += text[at];
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '\t') {
            out += "\\t";
        } else if (c < 0x20 || c == 0x7f || c1 || turns_text) {
            out += fmt::format("\\x{:02X}", c);
        } else {
            out += text[at];
        }
    }
    return out;
}

std::vector<std::byte> with_prefix(std::string_view text, std::size_t prefix_size) {
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i < prefix_size; ++i)
        bytes.push_back(static_cast<std::byte>(text.size() >> (8 * i) & 0xff));
    for (const char c : text)
        bytes.push_back(static_cast<std::byte>(c));
    return bytes;
}

std::string random_text(std::mt19937& random) {
    constexpr std::string_view pieces[] = {"\n",           "\t",           "'",        "\\",
                                           "\"",           "\x7f",         "\x01",     "\xc3\xa9",
                                           "\xe2\x80\xae", "\xe2\x82\xac", "\xc2\x85", "\xff"};
    std::string text(random() % 70, 'x');
    for (char& c : text)
        c = static_cast<char>(' ' + random() % 95);
    if (random() % 2 == 0) {
        std::erase_if(text, [](char c) { return c == '\'' || c == '"' || c == '\\'; });
    }
    for (auto specials = random() % 3; specials-- > 0;) {
        text.insert(random() % (text.size() + 1), pieces[random() % std::size(pieces)]);
    }
    return text;
}

TEST(shown_value, is_the_text_of_the_value_in_quotes_with_escapes) {
    struct kind {
        column_definition definition;
        std::size_t prefix_size;
        bool quoted;
    };
    const std::vector<kind> kinds = {
        {column(column_type::varchar, 200, utf8mb4), 1, true},
        {column(column_type::varchar, 400, latin1), 2, true},
        {column(column_type::string, 200, gbk), 1, true},
        {column(column_type::blob, 2, utf16), 2, true},
        {column(column_type::blob, 3, utf8mb4), 3, true},
        {column(column_type::varchar, 200), 1, true},
        {column(column_type::varchar, 200, protocol::binary_collation), 1, false},
        {column(column_type::blob, 2, protocol::binary_collation), 2, false},
        {column(column_type::geometry, 4), 4, false},
    };
    std::mt19937 random(20261128);
    for (int i = 0; i < 1'000; ++i) {
        const auto text = random_text(random);
        for (std::size_t k = 0; k < kinds.size(); ++k) {
            const auto& [definition, prefix_size, quoted] = kinds[k];
            const auto value = with_prefix(text, prefix_size);
            protocol::value_writer writer(protocol::value_form::text);
            std::string plain;
            ASSERT_TRUE(writer.append(plain, definition, value));
            const std::string quote = quoted ? "'" : "";
            ASSERT_EQ(shown(definition, value, 0), quote + escaped(plain, quoted) + quote) << k;
            constexpr std::size_t text_max = 20;
            const auto cut = shown(definition, value, text_max);
            if (plain.size() <= text_max) {
                ASSERT_EQ(cut, quote + escaped(plain, quoted) + quote) << k;
            } else {
                ASSERT_TRUE(cut.ends_with(fmt::format("… ({} bytes)", plain.size()))) << cut;
            }
        }
    }
}

TEST(shown_value, writes_labels_as_text) {
    using strings = std::vector<std::string>;
    struct label_case {
        const char* name;
        column_type type;
        strings labels;
        std::uint8_t number;
        const char* expected;
    };
    const label_case cases[] = {
        {"ENUM", column_type::enum_, {"new", "paid"}, 2, "'paid'"},
        {"ENUM of what was not allowed", column_type::enum_, {"new", "paid"}, 0, "''"},
        {"ENUM of an empty label", column_type::enum_, {"", "paid"}, 1, "''"},
        {"ENUM with a quote", column_type::enum_, {"it's"}, 1, "'it\\'s'"},
        {"ENUM of unknown labels", column_type::enum_, {}, 2, "2"},
        {"SET", column_type::set, {"a", "b", "c"}, 5, "'a,c'"},
        {"SET of all", column_type::set, {"a", "b", "c"}, 7, "'a,b,c'"},
        {"SET of none", column_type::set, {"a", "b", "c"}, 0, "''"},
        {"SET with a backslash", column_type::set, {"a", "b\\"}, 3, "'a,b\\\\'"},
        {"SET of unknown labels", column_type::set, {}, 5, "5"},
        {"ENUM of a number that is too large",
         column_type::enum_,
         {"new"},
         2,
         "error: a column: has no label of number 2"},
        {"SET of a bit that is too high",
         column_type::set,
         {"a"},
         2,
         "error: a column: has no labels for all bits of 2"},
    };
    for (const auto& one : cases) {
        SCOPED_TRACE(one.name);
        const std::vector value{std::byte{one.number}};
        EXPECT_EQ(shown(column(one.type, 1, utf8mb4, one.labels), value, 0), one.expected);
    }
    const std::vector value{std::byte{3}};
    EXPECT_EQ(shown(column(column_type::set, 1, utf8mb4, {"long", "longer"}), value, 8),
              "'long,lon'… (11 bytes)");
}

} // namespace
} // namespace understudy::apps
