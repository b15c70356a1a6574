#pragma once

#include "applier/ddl/lexer.hpp"
#include "applier/ddl/token_cursor.hpp"
#include "applier/statement_plan.hpp"
#include "state/account_name.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace understudy::applier::ddl {

// An account or a role as it stands in a statement, with its place in the text.
struct account_reference {
    state::account_name name;
    bool is_current_user = false; // by no name of its own; `name` is who executed the statement
    std::size_t begin = 0;
    std::size_t end = 0;
};

// Reads accounts out of one statement, which must live as long. A name in quotes of a string is
// read as the statement's sql_mode says.
class account_reader {
public:
    account_reader(const logged_statement& statement, const statement_charset& charset)
        : statement_(&statement), charset_(&charset) {}

    // user, user@host, CURRENT_USER, CURRENT_USER(). nullopt (the cursor may have moved): none
    // stands here, it cannot be read, or it is the current user and the log does not say who that
    // was.
    [[nodiscard]] std::optional<account_reference> take(token_cursor& at) const;

private:
    [[nodiscard]] std::optional<std::string> text_of(const token& one) const;

    const logged_statement* statement_;
    const statement_charset* charset_;
};

} // namespace understudy::applier::ddl
