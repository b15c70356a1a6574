#include "apps/status_text.hpp"

#include "state/task_directory.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

namespace understudy::apps {
namespace {

using std::chrono::seconds;

const std::chrono::system_clock::time_point now{seconds(1'700'000'000)};

known_task task_of(std::string name, state::phase phase, std::optional<pid_t> pid) {
    state::status value;
    value.task = name;
    value.now = phase;
    value.started = now - seconds(60);
    value.applied = {"binlog.000002", 99};
    value.lag = seconds(12);
    return {.name = std::move(name),
            .pid = pid,
            .status = state::recorded_status{std::move(value), now - seconds(1)},
            .damage = {}};
}

TEST(status_text, lists_tasks_with_their_condition) {
    const std::vector<known_task> tasks{
        task_of("crm", state::phase::streaming, 4711),
        task_of("shop", state::phase::copying_data, std::nullopt),
        {.name = "x", .pid = std::nullopt, .status = std::nullopt, .damage = {}},
    };
    std::string text = "\n";
    for (const std::string& line : status_table(tasks, {}))
        text += line + "\n";
    EXPECT_EQ(text, R"(
TASK  CONDITION                               PID      LAG           APPLIED
crm   streaming                               4711     12 s          binlog.000…
shop  not running (ended while copying data)  -        -             binlog.000…
x     never ran                               -        -             -
)");
}

TEST(status_text, one_task_has_its_error_and_age) {
    known_task task = task_of("shop", state::phase::failed, std::nullopt);
    task.status->value.last_error = "row not found";
    const auto lines = status_lines(task, now, {});
    ASSERT_GE(lines.size(), 3U);
    EXPECT_EQ(lines[lines.size() - 2], "  failed; figures are 1.0 s old");
    EXPECT_EQ(lines.back(), "  row not found");
}

TEST(status_text, finds_the_tasks_of_a_data_directory) {
    const test::scratch_directory scratch("tasks");
    EXPECT_TRUE(find_tasks(scratch.path()).empty());
    EXPECT_TRUE(find_tasks(scratch.path() / "missing").empty());
    const auto one = state::task_directory::open(scratch.path(), "one");
    ASSERT_TRUE(one.has_value());
    {
        ASSERT_TRUE(state::task_directory::open(scratch.path(), "two").has_value());
    }
    std::filesystem::create_directory(scratch.path() / "no_task");
    const auto tasks = find_tasks(scratch.path());
    ASSERT_EQ(tasks.size(), 2U);
    EXPECT_EQ(tasks[0].name, "one");
    EXPECT_EQ(tasks[0].pid, ::getpid());
    EXPECT_EQ(tasks[1].pid, std::nullopt);
    EXPECT_EQ(tasks[1].condition(), "never ran");
}

TEST(status_text, json_holds_the_status_or_null) {
    const std::vector<known_task> tasks{
        {.name = "x", .pid = 5, .status = std::nullopt, .damage = {}}};
    EXPECT_EQ(
        status_json(tasks),
        R"({"tasks":[{"name":"x","running":true,"pid":5,"condition":"starting","status":null}]})");
    EXPECT_EQ(status_json({}), R"({"tasks":[]})");
}

} // namespace
} // namespace understudy::apps
