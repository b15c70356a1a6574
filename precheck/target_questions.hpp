#pragma once

#include "applier/target_session.hpp"
#include "precheck/facts.hpp"
#include "state/task_spec.hpp"

#include <optional>
#include <string>
#include <vector>

namespace understudy::precheck {

// As question_line, for the blocking side.
class target_questions {
public:
    target_questions(applier::target_session& target, std::vector<unanswered>& refused)
        : target_(target), refused_(refused) {}

    [[nodiscard]] std::optional<applier::query_rows> ask(const std::string& sql);

private:
    applier::target_session& target_;
    std::vector<unanswered>& refused_;
};

// The text of a field; NULL, and what is not there, as nothing.
[[nodiscard]] std::string text(const std::vector<std::optional<std::string>>& row,
                               std::size_t column);

// Fills what target_seen has of tables, triggers, events and other tasks there.
void look_at_target_objects(target_questions& questions, const state::task_spec& spec,
                            const source_seen& source, target_seen& seen);

} // namespace understudy::precheck
