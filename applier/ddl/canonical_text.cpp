#include "applier/ddl/canonical_text.hpp"

#include "applier/ddl/lexer.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>

namespace understudy::applier::ddl {

namespace {

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

// A text stays apart from every other, also where its characters cannot be read.
void append_literal(std::string& out, std::string_view written) {
    for (const char c : written) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f)
            out += c;
        else
            fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    }
}

} // namespace

std::string canonical_text(std::string_view statement, std::uint64_t sql_mode,
                           std::uint32_t source_version, const statement_charset& charset) {
    std::string out;
    for (const token& one : tokenize(statement, sql_mode, source_version, charset).tokens) {
        if (one.what == token::kind::end) break;
        const auto written = statement.substr(one.begin, one.end - one.begin);
        if (!out.empty() && !out.ends_with('.') && written != ".") out += ' ';
        switch (one.what) {
        case token::kind::word: out += lower_case(one.text); break;
        case token::kind::identifier: out += state::quote_identifier(one.text); break;
        default: append_literal(out, written); break;
        }
    }
    return out;
}

} // namespace understudy::applier::ddl
