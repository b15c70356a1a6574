#include "applier/ddl/account_planner.hpp"

#include "applier/ddl/account_clauses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy::applier::ddl {

namespace {

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

} // namespace

// Up to the end of the last token that was stepped over.
std::size_t account_planner::end_before() const {
    return list_->tokens[at_.index() - 1].end;
}

bool account_planner::at_end() {
    while (at_.take_symbol(';')) {
    }
    return at_.at_end();
}

// Where MySQL has written the statement itself.
bool account_planner::concerns_nobody(const elements& list) const {
    return !any_selected(list) &&
           (charset_->is_utf8() || std::ranges::all_of(list, [](const element& one) {
                return is_ascii(one.account.name.user);
            }));
}

// MySQL writes names that it prints itself in UTF-8 and leaves texts as they were sent, all under
// the character set of the session: a replica reads one of them wrongly.
std::expected<void, std::string> account_planner::check_text() const {
    if (is_ascii(statement_->text) || charset_->is_utf8()) return {};
    return because("the source has logged it in two character sets at once, as it does for "
                   "sessions that are not in UTF-8");
}

std::expected<account_planner::elements, std::string>
account_planner::take_accounts(bool with_sign_in) {
    elements list;
    do {
        auto account = reader_.take(at_);
        if (!account) return because(not_understood);
        element one;
        one.begin = account->begin;
        one.is_selected = selection_->accounts().selects(account->name);
        if (with_sign_in && !take_sign_in(at_)) return because(not_understood);
        one.end = end_before();
        one.account = *std::move(account);
        list.push_back(std::move(one));
    } while (at_.take_symbol(','));
    return list;
}

bool account_planner::any_selected(const elements& list) {
    return std::ranges::any_of(list, &element::is_selected);
}

// What an executable comment begins or ends inside of would change its meaning.
std::expected<void, std::string> account_planner::erase(std::size_t begin, std::size_t end) {
    std::size_t at = begin;
    for (const token& one : list_->tokens) {
        if (one.end <= begin || at >= end) continue;
        const auto between =
            statement_->text.substr(at, std::min(one.begin, end) - std::min(at, one.begin));
        if (between.contains("*/") || between.contains("/*"))
            return because("it has a comment where a part of it is to be left out");
        at = std::max(at, one.end);
    }
    rewriter_->erase(begin, end);
    return {};
}

// At least one is selected. What is left out goes with the comma that parts it from one that stays.
std::expected<void, std::string> account_planner::keep_selected(const elements& list) {
    const auto first = std::ranges::find(list, true, &element::is_selected);
    if (first != list.begin()) {
        if (auto done = erase(list.front().begin, first->begin); !done) return done;
    }
    for (auto one = first; one != list.end(); ++one) {
        if (!one->is_selected) {
            if (auto done = erase((one - 1)->end, one->end); !done) return done;
        } else if (one->account.is_current_user) {
            rewriter_->replace(one->account.begin, one->account.end, one->account.name.quoted());
        }
    }
    return {};
}

account_planner::outcome account_planner::is_of_nobody(const elements& list) const {
    account_plan plan;
    plan.skipped = fmt::format("objects.accounts selects {} that it names",
                               list.size() == 1 ? "not the account" : "none of the accounts");
    return plan;
}

account_planner::outcome account_planner::changed(const elements& list) {
    if (auto done = keep_selected(list); !done) return because(done.error());
    account_plan plan;
    for (const element& one : list) {
        if (one.is_selected) plan.accounts.push_back(one.account.name);
    }
    plan.uses = std::move(uses_);
    return plan;
}

// Roles that are not selected are not on the target.
std::expected<void, std::string> account_planner::default_roles() {
    const auto begin = at_.peek().begin;
    const auto roles = take_accounts(false);
    if (!roles) return because(roles.error());
    if (any_selected(*roles)) return keep_selected(*roles);
    if (auto done = erase(begin, end_before()); !done) return done;
    rewriter_->replace(begin, begin, "NONE");
    return {};
}

// Of CREATE USER: with the words before it, as there is no NONE. The initial copy gives roles
// later, when all are there.
std::expected<void, std::string> account_planner::take_default_roles() {
    const auto before = end_before();
    if (!at_.take_all({"DEFAULT", "ROLE"})) return {};
    const auto roles = take_accounts(false);
    if (!roles) return because(roles.error());
    if (any_selected(*roles) && !statement_->of_initial_copy) return keep_selected(*roles);
    return erase(before, end_before());
}

account_planner::outcome account_planner::create_users(token_cursor at) {
    at_ = at;
    at_.take_all({"IF", "NOT", "EXISTS"});
    const auto list = take_accounts(true);
    if (!list) return because(list.error());
    if (concerns_nobody(*list)) return is_of_nobody(*list);
    if (auto good = check_text(); !good) return because(good.error());
    if (auto done = take_default_roles(); !done) return because(done.error());
    if (!take_account_options(at_) || !at_end()) return because(not_understood);
    return changed(*list);
}

account_planner::outcome account_planner::alter_users(token_cursor at) {
    at_ = at;
    at_.take_all({"IF", "EXISTS"});
    const auto list = take_accounts(true);
    if (!list) return because(list.error());
    const bool is_as_sent = at_.take_all({"DEFAULT", "ROLE"});
    if (is_as_sent ? !any_selected(*list) : concerns_nobody(*list)) return is_of_nobody(*list);
    if (!is_as_sent) {
        if (auto good = check_text(); !good) return because(good.error());
    } else if (!at_.take_any({"NONE", "ALL"})) {
        if (auto done = default_roles(); !done) return because(done.error());
    }
    if (!take_account_options(at_) || !at_end()) return because(not_understood);
    return changed(*list);
}

account_planner::outcome account_planner::drop_users(token_cursor at) {
    at_ = at;
    at_.take_all({"IF", "EXISTS"});
    const auto list = take_accounts(false);
    if (!list) return because(list.error());
    if (!any_selected(*list)) return is_of_nobody(*list);
    if (!at_end()) return because(not_understood);
    return changed(*list);
}

account_planner::outcome account_planner::create_roles(token_cursor at) {
    at_ = at;
    at_.take_all({"IF", "NOT", "EXISTS"});
    const auto list = take_accounts(false);
    if (!list) return because(list.error());
    if (!any_selected(*list)) return is_of_nobody(*list);
    if (!at_end()) return because(not_understood);
    return changed(*list);
}

account_planner::outcome account_planner::rename_users(token_cursor at) {
    at_ = at;
    elements pairs;
    elements names;
    do {
        const auto from = reader_.take(at_);
        if (!from || !at_.take("TO")) return because(not_understood);
        const auto to = reader_.take(at_);
        if (!to) return because(not_understood);
        const auto& accounts = selection_->accounts();
        const bool is_ours = accounts.selects(from->name);
        if (is_ours != accounts.selects(to->name))
            return because(
                fmt::format("it renames {}, which objects.accounts {}, to {}, which it {}",
                            from->name.to_string(), is_ours ? "selects" : "does not select",
                            to->name.to_string(), is_ours ? "does not" : "does"));
        pairs.push_back({*from, from->begin, to->end, is_ours});
        names.push_back({*to, to->begin, to->end, is_ours});
    } while (at_.take_symbol(','));
    if (!at_end()) return because(not_understood);
    if (!any_selected(pairs)) return is_of_nobody(pairs);
    auto plan = changed(pairs);
    if (!plan) return plan;
    for (const element& one : names) {
        if (one.is_selected) plan->accounts.push_back(one.account.name);
    }
    return plan;
}

// SET DEFAULT ROLE and SET PASSWORD; other SET statements are about no account.
account_planner::outcome account_planner::set(token_cursor at) {
    at_ = at;
    if (!at_.take_all({"DEFAULT", "ROLE"})) {
        if (at_.sees("PASSWORD")) return because(not_understood);
        return account_plan{.skipped = "it is about a session", .accounts = {}, .uses = {}};
    }
    // The accounts stand behind the roles, which are only looked at where one of them is selected.
    auto roles = at_;
    const bool is_word = at_.take_any({"NONE", "ALL"});
    if (!is_word && !take_accounts(false)) return because(not_understood);
    if (!at_.take("TO")) return because(not_understood);
    const auto list = take_accounts(false);
    if (!list || !at_end()) return because(not_understood);
    if (!any_selected(*list)) return is_of_nobody(*list);
    at_ = roles;
    if (!is_word) {
        if (auto done = default_roles(); !done) return because(done.error());
    }
    return changed(*list);
}

} // namespace understudy::applier::ddl
