#include "applier/statement_plan.hpp"
#include "precheck/question_line.hpp"
#include "precheck/source_probe.hpp"

#include <utility>

namespace understudy::precheck {

namespace {

using boost::asio::awaitable;

// What one account may do, under the names of the target.
[[nodiscard]] awaitable<void> ask_account(question_line& ask, state::account_name account,
                                          const state::object_selection& selection,
                                          source_seen& seen) {
    const auto lines = co_await ask.ask_of_account("SHOW GRANTS FOR " + account.quoted());
    if (!lines) co_return;
    for (std::size_t row = 0; row < lines->rows.size(); ++row) {
        const std::string line = text_at(lines->rows, row, 0);
        const auto plan = applier::plan_statement({.text = line,
                                                   .database = {},
                                                   .source_version = seen.server.version_number,
                                                   .of_initial_copy = true},
                                                  selection);
        if (!plan) {
            seen.account_troubles.push_back(plan.error().what);
        } else if (plan->what == applier::statement_plan::action::execute) {
            seen.account_grants.push_back(plan->text);
        }
    }
}

} // namespace

awaitable<void> look_at_accounts(question_line& ask, const state::task_spec& spec,
                                 const state::object_selection& selection, source_seen& seen) {
    constexpr std::uint32_t first = 80000;
    const auto& accounts = selection.accounts();
    // Others are refused, whatever accounts they have.
    if (accounts.empty() || seen.server.is_mariadb || seen.server.version_number < first) co_return;
    if (!spec.initial.schema) co_return;
    const auto rows = co_await ask.ask("SELECT User, Host FROM mysql.user ORDER BY User, Host");
    if (!rows) co_return;
    for (std::size_t row = 0; row < rows->rows.size(); ++row) {
        state::account_name one{text_at(rows->rows, row, 0), text_at(rows->rows, row, 1)};
        if (!accounts.selects(one)) continue;
        co_await ask_account(ask, one, selection, seen);
        seen.accounts.push_back(std::move(one));
    }
}

} // namespace understudy::precheck
