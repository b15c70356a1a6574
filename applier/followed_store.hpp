#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier {

// Tables that a task takes under names that its definition does not select, because they were
// renamed to these (objects.on_rename = "follow"): the table `followed` of the meta database, with
// their names on the source. Changes with the checkpoint behind the statement, in one transaction.
// Stateless but for names; blocking.
class followed_store {
public:
    followed_store(std::string_view meta_database, std::string_view task);

    [[nodiscard]] protocol::result<void> prepare(target_session& target) const;
    [[nodiscard]] protocol::result<std::set<state::object_name>> load(target_session& target) const;
    // In the caller's transaction.
    [[nodiscard]] protocol::result<void>
    change(target_session& target, const std::vector<state::object_name>& forgotten,
           const std::vector<state::object_name>& followed) const;
    [[nodiscard]] protocol::result<void> remove_all(target_session& target) const;

private:
    std::string table_; // quoted
    std::string quoted_task_;
};

} // namespace understudy::applier
