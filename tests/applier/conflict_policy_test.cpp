#include "applier/conflict_policy.hpp"

#include <gtest/gtest.h>

namespace understudy::applier {
namespace {

using action = conflict_policy::action;

TEST(conflict_policy, stops_unless_told_otherwise) {
    EXPECT_EQ(conflict_policy(state::task_spec{}).of({"shop", "orders"}), action::stop);
}

TEST(conflict_policy, goes_by_the_lists_and_the_most_careful_of_them) {
    state::task_spec task;
    task.apply.on_conflict = action::overwrite;
    task.apply.conflicts.stop = {"shop.orders"};
    task.apply.conflicts.ignore = {"shop.log_*", "shop.orders", "shop.seen"};
    task.apply.conflicts.overwrite = {"shop.seen", "shop.big"};
    task.apply.conflicts.quarantine = {"shop.big", "shop.orders"};
    const conflict_policy policy(task);
    EXPECT_EQ(policy.of({"shop", "orders"}), action::stop);
    EXPECT_EQ(policy.of({"shop", "log_2024"}), action::ignore);
    EXPECT_EQ(policy.of({"shop", "seen"}), action::overwrite);
    EXPECT_EQ(policy.of({"shop", "big"}), action::quarantine);
    EXPECT_EQ(policy.of({"crm", "customers"}), action::overwrite);
}

TEST(conflict_policy, overwrites_tables_that_were_kept_unless_told_otherwise) {
    state::task_spec task;
    task.apply.conflicts.stop = {"shop.exact"};
    const std::set<state::object_name> kept{{"shop", "orders"}, {"shop", "exact"}};
    const conflict_policy policy(task, kept);
    EXPECT_EQ(policy.of({"shop", "orders"}), action::overwrite);
    EXPECT_EQ(policy.of({"shop", "exact"}), action::stop);
    EXPECT_EQ(policy.of({"shop", "lines"}), action::stop);
    task.apply.on_conflict = action::ignore;
    EXPECT_EQ(conflict_policy(task, kept).of({"shop", "orders"}), action::ignore);
}

} // namespace
} // namespace understudy::applier
