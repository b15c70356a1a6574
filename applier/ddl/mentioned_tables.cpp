#include "applier/ddl/mentioned_tables.hpp"

#include "applier/ddl/lexer.hpp"
#include "applier/ddl/token_cursor.hpp"

#include <string>

namespace understudy::applier::ddl {

std::vector<state::object_name> mentioned_tables(const logged_statement& statement,
                                                 std::string_view home) {
    const auto list = tokenize(statement.text, statement.sql_mode, statement.source_version,
                               statement_charset::of_collation(statement.character_set_client));
    std::vector<state::object_name> found;
    const auto take = [&found](token_cursor& at, std::string_view database) {
        auto name = at.take_name();
        if (name)
            found.push_back(
                {name->database.value_or(std::string(database)), std::move(name->name)});
        return name.has_value();
    };
    for (token_cursor at(list.tokens); !at.at_end(); at.advance()) {
        token_cursor from = at;
        if (from.take("REFERENCES")) {
            take(from, home);
        } else if (from.take("LIKE")) {
            take(from, statement.database);
        } else if (from.take("UNION")) {
            from.take_symbol('=');
            if (!from.take_symbol('(')) continue;
            while (take(from, home) && from.take_symbol(',')) {
            }
        }
    }
    return found;
}

} // namespace understudy::applier::ddl
