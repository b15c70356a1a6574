// GRANT and REVOKE.

#include "applier/ddl/account_clauses.hpp"
#include "applier/ddl/account_planner.hpp"

#include "state/name_glob.hpp"
#include "state/table_shape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy::applier::ddl {

namespace {

// The name of a database as GRANT takes it: `%` and `_` stand for others unless a back-slash is
// before them (sql/auth/sql_auth_cache.cc, wild_compare).
struct database_pattern {
    state::name_glob glob;
    std::string literal; // without back-slashes
    bool has_wildcard = false;
};

database_pattern read_pattern(std::string_view name) {
    database_pattern found;
    for (std::size_t at = 0; at < name.size(); ++at) {
        const bool is_escaped = name[at] == '\\' && at + 1 < name.size();
        if (is_escaped) ++at;
        const char c = name[at];
        found.literal += c;
        if (!is_escaped && c == '%') {
            found.glob.append_any_sequence();
        } else if (!is_escaped && c == '_') {
            found.glob.append_any_character();
        } else {
            found.glob.append_literal(c);
            continue;
        }
        found.has_wildcard = true;
    }
    return found;
}

std::string as_pattern(std::string_view database) {
    std::string escaped;
    for (const char c : database) {
        if (c == '%' || c == '_' || c == '\\') escaped += '\\';
        escaped += c;
    }
    return state::quote_identifier(escaped);
}

} // namespace

// Behind GRANT or REVOKE: privileges ON something, or roles?
bool account_planner::is_about_privileges(std::string_view end) const {
    for (token_cursor at = at_; !at.at_end() && !at.sees(end);) {
        if (at.sees("ON")) return true;
        if (!at.take_parentheses()) at.advance();
    }
    return false;
}

account_planner::outcome account_planner::grant(token_cursor at) {
    at_ = at;
    if (at_.take_all({"PROXY", "ON"})) return proxy("TO");
    return is_about_privileges("TO") ? privileges("TO", true) : roles("TO");
}

account_planner::outcome account_planner::revoke(token_cursor at) {
    at_ = at;
    at_.take_all({"IF", "EXISTS"});
    if (at_.take_all({"PROXY", "ON"})) return proxy("FROM");
    auto everything = at_;
    if (everything.take("ALL")) {
        everything.take("PRIVILEGES");
        if (everything.take_symbol(',') && everything.take_all({"GRANT", "OPTION", "FROM"})) {
            at_ = everything;
            const auto list = take_accounts(false);
            if (!list) return because(list.error());
            if (!any_selected(*list)) return is_of_nobody(*list);
            at_.take_all({"IGNORE", "UNKNOWN", "USER"});
            if (!at_end()) return because(not_understood);
            return changed(*list);
        }
    }
    return is_about_privileges("FROM") ? privileges("FROM", false) : roles("FROM");
}

// Both ends of it have to be there.
account_planner::outcome account_planner::proxy(std::string_view end) {
    const auto proxied = reader_.take(at_);
    if (!proxied || !at_.take(end)) return because(not_understood);
    const auto list = take_accounts(false);
    if (!list) return because(list.error());
    if (!any_selected(*list)) return is_of_nobody(*list);
    if (!selection_->accounts().selects(proxied->name)) {
        account_plan plan;
        plan.skipped = "objects.accounts does not select the account that others may act for";
        return plan;
    }
    if (proxied->is_current_user)
        rewriter_->replace(proxied->begin, proxied->end, proxied->name.quoted());
    at_.take_all({"WITH", "GRANT", "OPTION"});
    at_.take_all({"IGNORE", "UNKNOWN", "USER"});
    if (!at_end()) return because(not_understood);
    return changed(*list);
}

account_planner::outcome account_planner::roles(std::string_view end) {
    const auto granted = take_accounts(false);
    if (!granted) return because(granted.error());
    if (!at_.take(end)) return because(not_understood);
    const auto list = take_accounts(false);
    if (!list) return because(list.error());
    if (!any_selected(*list)) return is_of_nobody(*list);
    if (!any_selected(*granted)) {
        account_plan plan;
        plan.skipped = "objects.accounts selects none of the roles";
        return plan;
    }
    at_.take_all({"WITH", "ADMIN", "OPTION"});
    at_.take_all({"IGNORE", "UNKNOWN", "USER"});
    if (!at_end()) return because(not_understood);
    if (auto done = keep_selected(*granted); !done) return because(done.error());
    return changed(*list);
}

std::expected<std::vector<account_planner::privilege>, std::string>
account_planner::take_privileges() {
    std::vector<privilege> list;
    do {
        privilege one;
        while (at_.peek().what == token::kind::word && !at_.sees("ON")) {
            if (one.word.empty()) one.word = at_.peek().text;
            at_.advance();
        }
        if (one.word.empty()) return because(not_understood);
        if (at_.take_symbol('(')) {
            do {
                const auto what = at_.peek().what;
                if (what != token::kind::word && what != token::kind::identifier)
                    return because(not_understood);
                one.columns.push_back(at_.peek());
                at_.advance();
            } while (at_.take_symbol(','));
            if (!at_.take_symbol(')')) return because(not_understood);
        }
        list.push_back(std::move(one));
    } while (at_.take_symbol(','));
    if (!at_.take("ON")) return because(not_understood);
    return list;
}

// Who it is for stands behind, and decides whether the rest matters.
account_planner::outcome account_planner::privileges(std::string_view end, bool is_grant) {
    auto behind = at_;
    while (!behind.at_end() && !behind.sees(end)) {
        if (!behind.take_parentheses()) behind.advance();
    }
    const auto before = std::exchange(at_, behind);
    if (!at_.take(end)) return because(not_understood);
    const auto list = take_accounts(is_grant);
    if (!list) return because(list.error());
    if (is_grant ? concerns_nobody(*list) : !any_selected(*list)) return is_of_nobody(*list);
    if (is_grant) {
        if (auto good = check_text(); !good) return because(good.error());
        if (!take_account_options(at_)) return because(not_understood);
        if (auto good = take_grant_as(); !good) return because(good.error());
    }
    at_.take_all({"IGNORE", "UNKNOWN", "USER"});
    if (!at_end()) return because(not_understood);

    at_ = before;
    const auto granted = take_privileges();
    if (!granted) return because(granted.error());
    const auto kept = take_scope(*granted);
    if (!kept) return because(kept.error());
    if (*kept == scope::left_out) {
        account_plan plan;
        plan.skipped = "it is about something that is not selected";
        return plan;
    }
    if (at_.index() != behind.index()) return because(not_understood);
    return changed(*list);
}

// GRANT … AS user WITH ROLE …: with whose partial revokes.
std::expected<void, std::string> account_planner::take_grant_as() {
    if (!at_.take("AS")) return {};
    const auto user = reader_.take(at_);
    if (!user) return because(not_understood);
    const auto accounts = selection_->accounts();
    if (!accounts.selects(user->name))
        return because(
            fmt::format("it grants what {} may grant (AS …), which objects.accounts does "
                        "not select",
                        user->name.to_string()));
    if (!at_.take_all({"WITH", "ROLE"})) return {};
    if (at_.take_any({"NONE", "DEFAULT"})) return {};
    if (at_.take("ALL") && !at_.take("EXCEPT")) return {};
    const auto named = take_accounts(false);
    if (!named) return because(named.error());
    if (std::ranges::all_of(*named, &element::is_selected)) return {};
    return because("it names a role behind AS … WITH ROLE that objects.accounts does not select");
}

account_planner::kept account_planner::take_scope(const std::vector<privilege>& granted) {
    // A database can have such a name, where no such word stands before it.
    const bool is_name = at_.sees_symbol('.', 1);
    const bool is_routine = !is_name && (at_.take_any({"FUNCTION", "PROCEDURE", "LIBRARY"}) ||
                                         at_.take_all({"PACKAGE", "BODY"}) || at_.take("PACKAGE"));
    if (!is_routine && !is_name) at_.take("TABLE");
    const auto begin = at_.peek().begin;
    if (at_.take_symbol('*')) {
        if (at_.take_symbol('.'))
            return at_.take_symbol('*') ? kept(scope::kept) : because(not_understood);
        const std::string home(statement_->database);
        if (home.empty()) return because(not_understood);
        return on_database(home, begin, end_before(), false);
    }
    const auto name = at_.take_name();
    if (!name) return because(not_understood);
    if (is_routine) return on_routine(*name);
    if (!name->database && at_.sees_symbol('.') && at_.sees_symbol('*', 1)) {
        at_.advance();
        at_.advance();
        return on_database(name->name, name->begin, name->end, true);
    }
    return on_table(*name, granted);
}

// `is_written`: the name stands there, between `begin` and `end`, and can be a pattern. Otherwise a
// `*` for the default database does.
account_planner::kept account_planner::on_database(std::string_view name, std::size_t begin,
                                                   std::size_t end, bool is_written) {
    if (!is_written) return on_literal_database(std::string(name), begin, end, false);
    const auto pattern = read_pattern(name);
    if (!pattern.has_wildcard) return on_literal_database(pattern.literal, begin, end, true);
    if (selection_->merges_anything() && selection_->may_select_databases(pattern.glob))
        return because(fmt::format("{} is a pattern of databases, and some of them may have rows "
                                   "of others on the target (objects.merge)",
                                   state::quote_identifier(name)));
    if (!selection_->may_rename_databases(pattern.glob))
        return selection_->may_select_databases(pattern.glob) ? scope::kept : scope::left_out;
    const auto named = selection_->databases_named(pattern.glob);
    if (named && named->empty()) return scope::left_out;
    if (named && named->size() == 1) return on_literal_database(named->front(), begin, end, false);
    return because(fmt::format("{} is a pattern of databases (`_` and `%` stand for any character "
                               "and any characters unless a back-slash is before them), and "
                               "objects.rename gives databases that it may mean other names",
                               state::quote_identifier(name)));
}

// What belongs to the database itself follows one that is selected as a whole.
account_planner::kept account_planner::on_literal_database(const std::string& name,
                                                           std::size_t begin, std::size_t end,
                                                           bool as_it_is) {
    const std::string database = selection_->as_stored(name);
    if (!selection_->selects_database(database)) return scope::left_out;
    const auto homes = selection_->target_databases(database);
    if (!homes || homes->size() > 1 || selection_->takes_tables_of_others(database) ||
        selection_->merges_anything_in(database))
        return because(
            fmt::format("what {} has is in several databases on the target, or is there "
                        "among tables of others (objects.rename, objects.merge), so that "
                        "privileges on the database are for other tables there",
                        state::quote_identifier(database)));
    const std::string target = selection_->map_database(database);
    if (as_it_is && target == database) return scope::kept;
    std::string text = as_pattern(target);
    // "*" alone
    if (statement_->text.substr(begin, end - begin) == "*") text += ".*";
    rewriter_->replace(begin, end, std::move(text));
    return scope::kept;
}

account_planner::kept account_planner::on_table(const name_reference& name,
                                                const std::vector<privilege>& granted) {
    const auto table = rewriter_->resolve(name);
    if (table.database.empty()) return because(not_understood);
    if (!rewriter_->selects(table)) return scope::left_out;
    if (selection_->is_merged(table))
        return because(
            fmt::format("the rows of {} are in a table of the target that has others too "
                        "(objects.merge)",
                        table.to_string()));
    rewriter_->replace(name, table, "");
    uses_.push_back(table);
    const auto* const shape = selection_->shape(table.database, table.object);
    if (shape == nullptr) return scope::kept;
    for (const privilege& one : granted) {
        for (const token& column : one.columns) {
            if (shape->drops(column.text))
                return because(fmt::format("the target's table has no column {} (objects.tables)",
                                           state::quote_identifier(column.text)));
            const auto other = shape->name_on_target(column.text);
            if (other != column.text)
                rewriter_->replace(column.begin, column.end, state::quote_identifier(other));
        }
    }
    return scope::kept;
}

account_planner::kept account_planner::on_routine(const name_reference& name) {
    const auto routine = rewriter_->resolve_program(name);
    if (routine.database.empty()) return because(not_understood);
    if (!selection_->selects_database(routine.database)) return scope::left_out;
    const std::string home = selection_->map_database(routine.database);
    if (name.database != home)
        rewriter_->replace(name.begin, name.end,
                           state::object_name{home, routine.object}.to_string());
    return scope::kept;
}

} // namespace understudy::applier::ddl
