#include "applier/ddl/account_clauses.hpp"

#include <string_view>

namespace understudy::applier::ddl {

namespace {

bool take_string(token_cursor& at) {
    if (at.peek().what != token::kind::string) return false;
    at.advance();
    return true;
}

bool take_number(token_cursor& at) {
    if (at.peek().what != token::kind::number) return false;
    at.advance();
    if (at.sees_symbol('.') && at.peek(1).what == token::kind::number) {
        at.advance();
        at.advance();
    }
    return true;
}

// '…', 0x…, x'…'
bool take_hash(token_cursor& at) {
    if (take_string(at)) return true;
    if (at.peek().what != token::kind::word) return false;
    const std::string_view text = at.peek().text;
    const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
    const bool is_quoted_hex = (text == "x" || text == "X") &&
                               at.peek(1).what == token::kind::string &&
                               at.peek(1).begin == at.peek().end;
    if (!is_hex && !is_quoted_hex) return false;
    at.advance();
    if (is_quoted_hex) at.advance();
    return true;
}

bool take_plugin(token_cursor& at) {
    const auto what = at.peek().what;
    if (what != token::kind::string && what != token::kind::word && what != token::kind::identifier)
        return false;
    at.advance();
    return true;
}

// Behind BY, AS or USING.
bool take_secret(token_cursor& at) {
    if (at.take_all({"RANDOM", "PASSWORD"})) return true;
    if (!at.sees("PASSWORD")) return take_hash(at);
    at.advance();
    if (at.take_symbol('(')) return take_string(at) && at.take_symbol(')');
    return take_string(at);
}

// Behind IDENTIFIED.
bool take_method(token_cursor& at) {
    if (at.take("BY")) return take_secret(at);
    if (!at.take_any({"WITH", "VIA"})) return false;
    do {
        if (!take_plugin(at)) return false;
        if (at.take_any({"BY", "AS", "USING"}) && !take_secret(at)) return false;
    } while (at.take("OR"));
    return true;
}

// 2 FACTOR …, behind ADD, MODIFY, DROP or alone.
bool take_factor(token_cursor& at) {
    if (!take_number(at) || !at.take("FACTOR")) return false;
    if (at.take("IDENTIFIED")) return take_method(at);
    if (at.take_all({"INITIATE", "REGISTRATION"}) || at.take("UNREGISTER")) return true;
    if (at.take_all({"FINISH", "REGISTRATION", "SET", "CHALLENGE_RESPONSE", "AS"}))
        return take_hash(at);
    return true;
}

bool take_requirement(token_cursor& at) {
    if (at.take("NONE")) return true;
    bool any = false;
    for (;;) {
        if (at.take_any({"SSL", "X509"})) {
            any = true;
        } else if (at.take_any({"CIPHER", "ISSUER", "SUBJECT"})) {
            if (!take_string(at)) return false;
            any = true;
        } else if (!any || !at.take("AND")) {
            return any;
        }
    }
}

bool take_limits(token_cursor& at) {
    bool any = false;
    for (;;) {
        if (at.take_all({"GRANT", "OPTION"})) {
            any = true;
        } else if (at.take_any({"MAX_QUERIES_PER_HOUR", "MAX_UPDATES_PER_HOUR",
                                "MAX_CONNECTIONS_PER_HOUR", "MAX_USER_CONNECTIONS",
                                "MAX_STATEMENT_TIME"})) {
            at.take_symbol('-'); // MAX_USER_CONNECTIONS -1: MariaDB
            if (!take_number(at)) return false;
            any = true;
        } else {
            return any;
        }
    }
}

bool take_days(token_cursor& at) {
    return take_number(at) && at.take("DAY");
}

// Behind PASSWORD.
bool take_password_option(token_cursor& at) {
    if (at.take("EXPIRE")) {
        if (at.take_any({"DEFAULT", "NEVER"})) return true;
        return !at.take("INTERVAL") || take_days(at);
    }
    if (at.take("HISTORY")) return at.take("DEFAULT") || take_number(at);
    if (at.take_all({"REUSE", "INTERVAL"})) return at.take("DEFAULT") || take_days(at);
    if (!at.take_all({"REQUIRE", "CURRENT"})) return false;
    at.take_any({"DEFAULT", "OPTIONAL"});
    return true;
}

} // namespace

bool take_sign_in(token_cursor& at) {
    for (;;) {
        if (at.take("IDENTIFIED") || at.take_all({"AND", "IDENTIFIED"}) ||
            at.take_all({"INITIAL", "AUTHENTICATION", "IDENTIFIED"})) {
            if (!take_method(at)) return false;
        } else if (at.take("REPLACE")) {
            if (!take_string(at)) return false;
        } else if (at.take_any({"ADD", "MODIFY", "DROP"}) ||
                   (at.peek().what == token::kind::number && at.sees("FACTOR", 1))) {
            if (!take_factor(at)) return false;
        } else if (!at.take_all({"RETAIN", "CURRENT", "PASSWORD"}) &&
                   !at.take_all({"DISCARD", "OLD", "PASSWORD"})) {
            return true;
        }
    }
}

bool take_account_options(token_cursor& at) {
    for (;;) {
        if (at.take("REQUIRE")) {
            if (!take_requirement(at)) return false;
        } else if (at.sees("WITH") && !at.sees("ROLE", 1) && !at.sees("ADMIN", 1)) {
            at.advance();
            if (!take_limits(at)) return false;
        } else if (at.take("PASSWORD")) {
            if (!take_password_option(at)) return false;
        } else if (at.take("FAILED_LOGIN_ATTEMPTS")) {
            if (!take_number(at)) return false;
        } else if (at.take("PASSWORD_LOCK_TIME")) {
            if (!at.take("UNBOUNDED") && !take_number(at)) return false;
        } else if (at.take("ACCOUNT")) {
            if (!at.take_any({"LOCK", "UNLOCK"})) return false;
        } else if (at.take_any({"COMMENT", "ATTRIBUTE"})) {
            if (!take_string(at)) return false;
        } else {
            return true;
        }
    }
}

} // namespace understudy::applier::ddl
