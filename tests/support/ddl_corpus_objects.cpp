#include "tests/support/ddl_corpus_objects.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>

namespace understudy::test {
namespace {

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

std::string plain(std::string text) {
    std::erase(text, '`');
    static constexpr std::array<std::array<std::string_view, 3>, 2> renamed{
        {{"corpus_dw.facts", "facts", "orders"}, {"corpus_copy.articles", "articles", "items"}}};
    for (const auto& [target, name, source] : renamed) {
        replace_all(text, fmt::format("{} AS {}", target, source), source);
        replace_all(text, fmt::format("{} {}", target, source), source);
        replace_all(text, target, source);
        for (const char* const form :
             {"TABLE {} (", "REFERENCES {} (", "ON {} FOR", "{}_ibfk_", "{}_chk_", "({},", "({})",
              ",{})", ",{},", "_{}_del", "_{}_gho", "_{}_ghc", "_{}_new", "_{}_old"})
            replace_all(text, fmt::format(fmt::runtime(form), name),
                        fmt::format(fmt::runtime(form), source));
    }
    replace_all(text, "corpus_copy.", "");
    replace_all(text, "corpus.", "");
    return text;
}

} // namespace

std::string shown_as_on_source(sql_client& server, const state::object_name& name) {
    std::string all;
    const auto show = [&](const std::string& kind, const std::string& what, std::size_t column) {
        try {
            const auto rows = server.query("SHOW CREATE " + kind + " " + what);
            all += kind + ": " + plain(rows.at(0).at(column).value_or("NULL")) + "\n";
        } catch (const sql_error&) {
            all += kind + ": none\n";
        }
    };
    if (name.object.empty()) {
        show("DATABASE", state::quote_identifier(name.database), 1);
        replace_all(all, "corpus_copy", "corpus");
        return all;
    }
    show("TABLE", name.to_string(), 1);
    for (const char* const kind : {"PROCEDURE", "FUNCTION", "TRIGGER"})
        show(kind, name.to_string(), 2);
    show("EVENT", name.to_string(), 3);
    return all;
}

} // namespace understudy::test
