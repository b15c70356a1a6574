#pragma once

#include "applier/group.hpp"
#include "applier/statement_plan.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::applier {

// What an operator said about one transaction of the source whose statement stopped the task: leave
// it out, or execute something else in its place. A value.
struct statement_decision {
    enum class verdict : std::uint8_t { skip, replace };
    verdict what = verdict::skip;
    std::string replacement; // one statement for the target, as it is, in UTF-8
};

// "uuid:17", "0-1-17" or "binlog.000003:4711": under what name a decision is given and found. The
// same that messages begin with.
[[nodiscard]] std::string decision_place(const source_transaction& transaction);

// The command that makes the decision, for messages.
[[nodiscard]] std::string decision_advice(const source_transaction& transaction);

// Takes a place as an operator copies it from a message; nullopt when it is neither.
[[nodiscard]] std::optional<std::string> parse_decision_place(std::string_view text);

// All decisions of a task, as they were when the stream was opened. Immutable while it lasts; safe
// to share between threads.
class statement_decisions {
public:
    statement_decisions() = default;
    explicit statement_decisions(std::map<std::string, statement_decision> by_place)
        : by_place_(std::move(by_place)) {}

    [[nodiscard]] const statement_decision* find(const source_transaction& transaction) const;
    [[nodiscard]] const statement_decision* find_place(const std::string& place) const;

    // What is to be done with a statement of that transaction: as decided, else as planned.
    // errc::unsupported_statement where a replacement cannot be written in the statement's
    // character set.
    [[nodiscard]] protocol::result<statement_plan>
    apply_to(const source_transaction& transaction, const logged_statement& statement,
             const state::object_selection& selection) const;

private:
    std::map<std::string, statement_decision> by_place_;
};

// The table `decisions` of the meta database. Rows stay, as a record of what was left out; each is
// for one transaction, which comes once. Stateless but for names.
class decision_store {
public:
    decision_store(std::string_view meta_database, std::string_view task);
    [[nodiscard]] protocol::result<void> prepare(target_session& target) const;
    [[nodiscard]] protocol::result<statement_decisions> load(target_session& target) const;
    // Commits at once; replaces a decision about the same place.
    [[nodiscard]] protocol::result<void> save(target_session& target, std::string_view place,
                                              const statement_decision& decision) const;

private:
    std::string table_;
    std::string task_;
};

} // namespace understudy::applier
