// Statements about accounts.

#include "applier/ddl/account_planner.hpp"
#include "applier/ddl/mariadb_dialect.hpp"
#include "applier/ddl/planner.hpp"
#include "applier/ddl/redaction.hpp"

#include <utility>

namespace understudy::applier::ddl {

// The cursor stands behind the words that say which statement it is.
protocol::result<statement_plan> planner::accounts(account_statement what) {
    if (selection_->accounts().empty())
        return skip(kind::account, "accounts are not replicated unless objects.accounts asks for "
                                   "them");
    if (!list_.complete)
        return refuse("it is not closed, or has names in a character set that is not known");
    const bool of_mariadb = is_mariadb_version(statement_->source_version);
    constexpr std::uint32_t first = 80000;
    if (of_mariadb || statement_->target_is_mariadb || statement_->source_version < first)
        return refuse("statements about accounts are understood from MySQL 8.0 on to MySQL");
    account_planner reading(*statement_, *selection_, charset_, list_, rewriter_);
    account_planner::outcome found;
    switch (what) {
    case account_statement::create_user: found = reading.create_users(at_); break;
    case account_statement::alter_user: found = reading.alter_users(at_); break;
    case account_statement::create_role: found = reading.create_roles(at_); break;
    case account_statement::drop: found = reading.drop_users(at_); break;
    case account_statement::rename: found = reading.rename_users(at_); break;
    case account_statement::grant: found = reading.grant(at_); break;
    case account_statement::revoke: found = reading.revoke(at_); break;
    case account_statement::set: found = reading.set(at_); break;
    }
    if (!found) return refuse(found.error());
    if (!found->skipped.empty()) return skip(kind::account, std::move(found->skipped));
    // Names stand there in full.
    auto plan = execute(kind::account, "");
    plan.accounts = std::move(found->accounts);
    plan.uses = std::move(found->uses);
    plan.shown = redacted(plan.text, statement_->sql_mode, charset_);
    return plan;
}

} // namespace understudy::applier::ddl
