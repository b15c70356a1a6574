#include "snapshot/account_copy.hpp"

#include "applier/errc.hpp"
#include "applier/server_errors.hpp"
#include "applier/statement_lock.hpp"
#include "applier/statement_plan.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/object_drop.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace understudy::snapshot {

using applier::quote_string;
using applier::target_session;
using boost::asio::awaitable;
using protocol::fail;
using protocol::result;
using state::account_name;

namespace {

result<bool> exists(target_session& target, const account_name& account) {
    auto found = target.query(fmt::format("SELECT 1 FROM mysql.user WHERE User = {} AND Host = {}",
                                          quote_string(account.user), quote_string(account.host)));
    if (!found) return protocol::wrap(std::move(found.error()), "looking for an account");
    return !found->rows.empty();
}

// Of something that is not there: ER_NO_SUCH_TABLE, ER_SP_DOES_NOT_EXIST, ER_BAD_FIELD_ERROR,
// ER_BAD_DB_ERROR, ER_VIEW_INVALID.
bool says_missing(unsigned number) {
    return number == 1146 || number == 1305 || number == 1054 || number == 1049 || number == 1356;
}

protocol::error without_secrets(protocol::error error) {
    applier::hide_quoted(error, "the target does not understand how the source describes it");
    return error;
}

std::string advice_for(unsigned number) {
    constexpr unsigned denied[] = {1044, 1045, 1142, 1143, 1227, 1698, 3619, 3879};
    if (std::ranges::find(denied, number) == std::end(denied)) return "";
    return ". The target's account needs CREATE USER and what it is to grant, with GRANT OPTION: "
           "GRANT ALL ON *.* TO … WITH GRANT OPTION (for PROXY: GRANT PROXY ON ''@'' TO … WITH "
           "GRANT OPTION)";
}

} // namespace

progress_key account_key(const account_name& account) {
    constexpr std::size_t name_max = 64;
    std::string name = account.quoted();
    if (state::count_characters(name) > name_max)
        name = fmt::format("{:016x}", XXH3_64bits(name.data(), name.size()));
    return {"account", {"", std::move(name)}};
}

result<void> drop_account(target_session& target, const progress_row& row) {
    return drop_object(target, "USER", row.definition);
}

account_copy::account_copy(copy_context& context, protocol::net::connection& source)
    : context_(&context), source_(&source), worker_(context.worker({})) {}

awaitable<result<std::vector<std::vector<std::optional<std::string>>>>>
account_copy::ask_source(std::string sql) {
    auto answer = co_await source_->query(std::move(sql));
    if (answer) co_return std::move(answer->rows);
    auto error = std::move(answer.error());
    constexpr unsigned denied = 1142;
    if (error.server.number == denied)
        error.what += ". Accounts are read with SELECT on mysql.*: GRANT SELECT ON mysql.* TO the "
                      "source's account";
    co_return protocol::wrap(std::move(error), "reading the accounts of the source");
}

awaitable<result<std::vector<account_name>>> account_copy::selected() {
    const auto& accounts = context_->selection->accounts();
    std::vector<account_name> found;
    if (accounts.empty()) co_return found;
    const auto rows = co_await ask_source("SELECT User, Host FROM mysql.user ORDER BY User, Host");
    if (!rows) co_return std::unexpected(rows.error());
    for (const auto& row : *rows) {
        account_name one{row[0].value_or(""), row[1].value_or("")};
        if (accounts.selects(one)) found.push_back(std::move(one));
    }
    co_return found;
}

bool account_copy::is_made_here(const account_name& account) const {
    const auto found = context_->done.find(account_key(account));
    return found != context_->done.end() && found->second.now != progress_row::stage::kept;
}

awaitable<result<void>> account_copy::look() {
    const auto all = co_await selected();
    if (!all) co_return std::unexpected(all.error());
    if (all->empty() || context_->keeps_existing()) co_return result<void>{};
    auto call = [&](target_session& target) -> result<std::vector<std::string>> {
        std::vector<std::string> in_the_way;
        for (const account_name& one : *all) {
            if (context_->done.contains(account_key(one))) continue;
            const auto there = exists(target, one);
            if (!there) return std::unexpected(there.error());
            if (*there) in_the_way.push_back(one.to_string());
        }
        return in_the_way;
    };
    const auto in_the_way = co_await worker_.run_retrying(call);
    if (!in_the_way) co_return std::unexpected(in_the_way.error());
    if (in_the_way->empty()) co_return result<void>{};
    co_return fail(
        applier::errc::target_refused,
        fmt::format("the target has accounts already that objects.accounts selects: {}. "
                    "Drop or rename them there, name others in objects.accounts, or set "
                    "conflict.existing_tables = \"ignore\", which keeps them as they are",
                    fmt::join(*in_the_way, ", ")));
}

awaitable<result<void>> account_copy::create() {
    // Another session may read them, so it is looked at once more.
    if (auto looked = co_await look(); !looked) co_return looked;
    const auto all = co_await selected();
    if (!all) co_return std::unexpected(all.error());
    if (all->empty()) co_return result<void>{};
    // 9.x writes hashes that a text cannot carry.
    const auto set = co_await ask_source("SET SESSION print_identified_with_as_hex = ON");
    if (!set) co_return std::unexpected(set.error());
    for (const account_name& one : *all) {
        const auto found = context_->done.find(account_key(one));
        const bool is_done =
            found != context_->done.end() && found->second.now != progress_row::stage::creating;
        if (is_done) continue;
        if (auto made = co_await create_one(one); !made) co_return made;
    }
    co_return result<void>{};
}

// As the target takes it; empty: it is not to be executed.
result<std::string> account_copy::for_target(const std::string& statement) const {
    const auto plan = applier::plan_statement({.text = statement,
                                               .database = {},
                                               .source_version = context_->catalog.version,
                                               .target_is_mariadb = context_->target_is_mariadb,
                                               .of_initial_copy = true},
                                              *context_->selection);
    if (!plan) return fail(errc::unsupported_object, plan.error().what);
    return plan->what == applier::statement_plan::action::execute ? plan->text : std::string();
}

// The second password is only in mysql.user, and only as the first one can it be given.
awaitable<result<std::vector<std::string>>>
account_copy::definition_of(const account_name& account) {
    const auto shown = co_await ask_source("SHOW CREATE USER " + account.quoted());
    if (!shown) co_return std::unexpected(shown.error());
    if (shown->empty() || shown->front().empty())
        co_return fail(errc::object_unreadable, "the source does not show " + account.to_string());
    auto made = for_target(shown->front()[0].value_or(""));
    if (!made) co_return std::unexpected(std::move(made.error()));
    std::vector<std::string> steps{*std::move(made)};
    const auto second =
        co_await ask_source(fmt::format("SELECT plugin, HEX(authentication_string), "
                                        "HEX(User_attributes->>'$.additional_password'), "
                                        "password_expired "
                                        "FROM mysql.user WHERE User = {} AND Host = {} AND "
                                        "User_attributes->>'$.additional_password' IS NOT NULL",
                                        quote_string(account.user), quote_string(account.host)));
    if (!second) co_return std::unexpected(second.error());
    for (const auto& row : *second) {
        const std::string sign_in =
            fmt::format("ALTER USER {} IDENTIFIED WITH {} AS 0x", account.quoted(),
                        quote_string(row[0].value_or("")));
        steps.push_back(sign_in + row[2].value_or(""));
        // Who gives a password takes back that it has expired.
        steps.push_back(sign_in + row[1].value_or("") + " RETAIN CURRENT PASSWORD");
        if (row[3] == "Y") steps.push_back("ALTER USER " + account.quoted() + " PASSWORD EXPIRE");
    }
    co_return steps;
}

awaitable<result<void>> account_copy::create_one(const account_name& account) {
    const progress_key key = account_key(account);
    const auto steps = co_await definition_of(account);
    if (!steps) co_return std::unexpected(steps.error());
    const auto found = context_->done.find(key);
    progress_row row = found == context_->done.end() ? progress_row{} : found->second;
    auto call = [&](target_session& target) -> result<void> {
        const auto& progress = context_->progress;
        const auto lock =
            applier::statement_lock::acquire(target, context_->checkpoints, context_->epoch);
        if (!lock) return std::unexpected(lock.error());
        const auto stored = progress.load_one(target, key);
        if (!stored) return std::unexpected(stored.error());
        if (*stored) row = **stored;
        const auto there = exists(target, account);
        if (!there) return std::unexpected(there.error());
        if (row.change == 0) {
            if (*there && !context_->keeps_existing())
                return fail(applier::errc::target_refused,
                            "the target has got this account while the copy was running");
            row.now = *there ? progress_row::stage::kept : progress_row::stage::creating;
            row.definition = account.quoted();
            if (auto noted = progress.insert(target, key, row); !noted) return noted;
            row.change = 1;
        }
        if (row.now != progress_row::stage::creating) return {};
        // Some of its steps may be missing.
        if (*there) {
            if (auto dropped = drop_account(target, row); !dropped) return dropped;
        }
        for (const std::string& step : *steps) {
            if (auto done = target.run(step); !done) return done;
        }
        row.now = progress_row::stage::created;
        if (auto noted = progress.update(target, key, row); !noted) return noted;
        ++row.change;
        return {};
    };
    auto made = co_await worker_.run_retrying(call);
    if (row.change > 0) context_->done[key] = row;
    if (made) co_return made;
    auto error = without_secrets(std::move(made.error()));
    error.what += advice_for(error.server.number);
    co_return protocol::wrap(std::move(error), "making the account " + account.to_string());
}

awaitable<result<account_copy::granted>> account_copy::grants_of(const account_name& account) {
    granted one{account, {}};
    const auto lines = co_await ask_source("SHOW GRANTS FOR " + account.quoted());
    if (!lines) co_return std::unexpected(lines.error());
    for (const auto& line : *lines) {
        auto statement = for_target(line[0].value_or(""));
        if (!statement) co_return std::unexpected(std::move(statement.error()));
        if (!statement->empty()) one.open.push_back(*std::move(statement));
    }
    const auto roles = co_await ask_source(fmt::format(
        "SELECT DEFAULT_ROLE_USER, DEFAULT_ROLE_HOST FROM mysql.default_roles WHERE USER = {} AND "
        "HOST = {} ORDER BY 1, 2",
        quote_string(account.user), quote_string(account.host)));
    if (!roles) co_return std::unexpected(roles.error());
    std::vector<std::string> names;
    for (const auto& row : *roles) {
        const account_name role{row[0].value_or(""), row[1].value_or("")};
        if (context_->selection->accounts().selects(role)) names.push_back(role.quoted());
    }
    if (!names.empty())
        one.open.push_back(
            fmt::format("SET DEFAULT ROLE {} TO {}", fmt::join(names, ", "), account.quoted()));
    co_return one;
}

// All of them can be repeated. Nothing else of the account is changed on the target meanwhile.
awaitable<result<void>> account_copy::execute_grants(granted& one, bool is_last) {
    std::vector<std::string> missing;
    auto call = [&](target_session& target) -> result<void> {
        missing.clear();
        const auto lock =
            applier::statement_lock::acquire(target, context_->checkpoints, context_->epoch);
        if (!lock) return std::unexpected(lock.error());
        std::vector<std::string> left;
        for (const std::string& statement : one.open) {
            auto done = target.run(statement);
            if (done) continue;
            if (!says_missing(done.error().server.number)) return done;
            left.push_back(statement);
            missing.push_back(fmt::format("{} ({})", statement, done.error().server.message));
        }
        one.open = std::move(left);
        return {};
    };
    auto done = co_await worker_.run_retrying(call);
    if (!done) {
        auto error = without_secrets(std::move(done.error()));
        error.what += advice_for(error.server.number);
        co_return protocol::wrap(std::move(error),
                                 "granting what " + one.account.to_string() + " may do");
    }
    for (const std::string& statement : missing) {
        if (is_last)
            context_->board->warn("left out, because it is about something that is not on the "
                                  "target: " +
                                  statement);
    }
    co_return done;
}

awaitable<result<void>> account_copy::grant(bool is_last) {
    if (!std::exchange(has_read_grants_, true)) {
        const auto all = co_await selected();
        if (!all) co_return std::unexpected(all.error());
        for (const account_name& account : *all) {
            if (!is_made_here(account)) continue;
            auto read = co_await grants_of(account);
            if (!read)
                co_return protocol::wrap(std::move(read.error()),
                                         "what " + account.to_string() + " may do");
            granted_.push_back(*std::move(read));
        }
    }
    for (granted& one : granted_) {
        if (auto done = co_await execute_grants(one, is_last); !done) co_return done;
    }
    co_return result<void>{};
}

} // namespace understudy::snapshot
