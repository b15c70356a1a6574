#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/definer_policy.hpp"

#include <optional>
#include <vector>

namespace understudy::applier {

// Accounts that exist for the moment of one statement. A definition that keeps its DEFINER can use
// something (a function, another view) whose definer is not on the target, and then the server
// refuses it with error 1449 although the definition itself may name a missing account. Accounts
// are not replicated, so each is made for that moment: locked, with a random password that nobody
// sees; afterwards it is removed and everything is as on a replica that never had it.
//
// A process that dies in between leaves a locked account behind, whose comment says what it is.
// Used by whoever executes definitions, outside of any transaction and of gtid_next; one object per
// statement.
class stand_in_definers {
public:
    explicit stand_in_definers(target_session& target) : target_(&target) {}

    // True: an account was made for what the error names, so that the statement is worth another
    // try. False: the error is about something else, or the account may not make accounts.
    [[nodiscard]] protocol::result<bool> made_for(const protocol::error& refusal);
    // Removes them all again.
    [[nodiscard]] protocol::result<void> remove();

private:
    target_session* target_;
    std::vector<state::account_name> made_;
};

// 'user'@'host' of "The user specified as a definer ('user'@'host') does not exist", which stands
// in it in every language of the server.
[[nodiscard]] std::optional<state::account_name> missing_definer(const protocol::error& refusal);

} // namespace understudy::applier
