#pragma once

#include "applier/checkpoint_store.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::applier {

// One of the tables whose rows go to a table of the target that has those of several
// (objects.merge).
struct merged_part {
    state::object_name target;
    std::string task;
    state::object_name source;
};

// What the tasks that merge into the tables of a target know of each other: the tables
// `merged_part` and `merged_statement` of the meta database. Statements that alter a merged table
// are numbered for each part, in the order of its own log; the one of a number is the same for all
// of them, and is executed when the last part has come to it. So rows of every part meet the
// definition that they were logged with. Stateless but for names; blocking.
class merged_store {
public:
    explicit merged_store(std::string_view meta_database);

    [[nodiscard]] protocol::result<void> prepare(target_session& target) const;
    // From now on the others wait for this part. Its definition is the one that the target's table
    // has now, so not while that is being altered (errc::transient). Commits at once; does nothing
    // when it is known.
    [[nodiscard]] protocol::result<void> enroll(target_session& target,
                                                const merged_part& part) const;

    struct statement {
        std::uint64_t number = 0;
        std::string text; // as ddl::canonical_text gives it
        std::string of;   // the part that was there first
        bool is_done = false;
        std::optional<std::string> fingerprint; // it has been begun: what the table was before
    };
    // The part has come to the statement `text`, which its log has at `place`. It counts only where
    // that is what the others got: else the answer has another text, and nothing has changed. One
    // transaction; the same again when it is told again. `held`: whose epoch must be `epoch`.
    [[nodiscard]] protocol::result<statement>
    arrive(target_session& target, const merged_part& part, std::string_view place,
           std::string_view text, const checkpoint_store& held, std::uint64_t epoch) const;
    // It has come to the statement of its log at `place`, and to none behind it.
    [[nodiscard]] protocol::result<bool>
    has_arrived(target_session& target, const merged_part& part, std::string_view place) const;
    [[nodiscard]] protocol::result<statement> read(target_session& target, const merged_part& part,
                                                   std::uint64_t number) const;
    // What an operator executes to take back that `of` has come to that statement, which is to be
    // left out there.
    [[nodiscard]] std::string take_back_sql(const merged_part& part, std::uint64_t number) const;
    // A part that has not come to it, for an operator to read; nullopt: all have.
    [[nodiscard]] protocol::result<std::optional<std::string>>
    missing(target_session& target, const merged_part& part, std::uint64_t number) const;
    // Before and behind its execution, under merged_table_lock; both commit at once.
    [[nodiscard]] protocol::result<void> begin(target_session& target, const merged_part& part,
                                               std::uint64_t number,
                                               std::string_view fingerprint) const;
    // It was refused, and left nothing.
    [[nodiscard]] protocol::result<void>
    forget_begin(target_session& target, const merged_part& part, std::uint64_t number) const;
    [[nodiscard]] protocol::result<void> finish(target_session& target, const merged_part& part,
                                                std::uint64_t number) const;
    // In the caller's transaction, if there is one.
    [[nodiscard]] protocol::result<void> remove_all(target_session& target,
                                                    std::string_view task) const;

private:
    std::string parts_;      // quoted
    std::string statements_; // quoted
};

} // namespace understudy::applier
