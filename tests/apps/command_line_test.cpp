#include "state/task_directory.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace understudy::apps {
namespace {

using namespace std::chrono_literals;

test::finished_process understudy(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), UNDERSTUDY_PROGRAM);
    return test::run_to_end({.argv = std::move(arguments), .environment = {}}, 30s);
}

TEST(command_line, help_names_every_command_and_nothing_that_is_not_there) {
    const auto help = understudy({"--help"});
    EXPECT_EQ(help.status.code, 0);
    for (const char* word : {"run", "precheck", "grants", "serve", "start", "pause", "resume",
                             "quarantine", "reload", "stop", "remove", "status", "skip", "relay"}) {
        EXPECT_NE(help.output.find("\n  " + std::string(word) + " "), std::string::npos) << word;
    }
    for (const char* word : {"console", "fly"}) {
        EXPECT_EQ(help.output.find("\n  " + std::string(word) + " "), std::string::npos) << word;
    }
    EXPECT_NE(understudy({"run", "--help"}).output.find("--until"), std::string::npos);
}

TEST(command_line, tells_its_version) {
    const auto version = understudy({"--version"});
    EXPECT_EQ(version.status.code, 0);
    EXPECT_TRUE(version.output.starts_with("understudy 0.")) << version.output;
}

TEST(command_line, bad_usage_ends_with_code_2_and_a_reason) {
    const std::vector<std::vector<std::string>> cases{
        {},
        {"fly"},
        {"run"},
        {"run", "a.toml", "--until", "doomsday"},
        {"run", "a.toml", "b.toml"},
        {"pause"},
        {"remove", "--traces"},
        {"start", "shop", "--until", "gtid:x"},
        {"serve", "--log-format", "xml"},
        {"serve", "--memory-max", "much"},
        {"status", "--bogus"},
        {"relay"},
        {"relay", "ls"},
        {"relay", "show", "/nothing/there"},
        {"relay", "show", "--kind", "truncate", "/"},
        {"relay", "show", "--where", "id = ", UNDERSTUDY_SOURCE_DIR},
        {"relay", "show", "--since", "yesterday", UNDERSTUDY_SOURCE_DIR},
        {"relay", "history", "shop", "1", UNDERSTUDY_SOURCE_DIR},
        {"relay", "export", UNDERSTUDY_SOURCE_DIR},
        {"precheck"},
    };
    for (const auto& arguments : cases) {
        const auto refused = understudy(arguments);
        EXPECT_EQ(refused.status.code, 2);
        EXPECT_TRUE(refused.output.empty()) << refused.output;
        EXPECT_TRUE(refused.error.starts_with("understudy: ")) << refused.error;
    }
}

TEST(command_line, a_bad_task_file_ends_with_code_2_and_its_problems) {
    const test::scratch_directory scratch("cli");
    const auto file = scratch.path() / "bad.toml";
    std::ofstream(file) << "[source]\nhost = 7\n";
    for (const char* verb : {"run", "precheck"}) {
        const auto refused = understudy({verb, file.string()});
        EXPECT_EQ(refused.status.code, 2);
        EXPECT_NE(refused.error.find("bad.toml:2:8: source.host: found 7"), std::string::npos)
            << refused.error;
    }
    EXPECT_EQ(
        understudy({"run", "/nonexistent.toml", "--data-dir", scratch.path().string()}).status.code,
        2);
}

TEST(command_line, status_and_stop_work_without_any_task) {
    const test::scratch_directory scratch("cli");
    const std::string data_dir = scratch.path().string();
    const auto status = understudy({"status", "--data-dir", data_dir});
    EXPECT_EQ(status.status.code, 0);
    EXPECT_EQ(status.output, "no tasks in " + data_dir + "\n");
    EXPECT_EQ(understudy({"status", "--json", "--data-dir", data_dir}).output, "{\"tasks\":[]}\n");
    EXPECT_EQ(understudy({"status", "shop", "--data-dir", data_dir}).status.code, 2);
    EXPECT_EQ(understudy({"stop", "shop", "--data-dir", data_dir}).status.code, 0);
    EXPECT_EQ(understudy({"stop", "--data-dir", data_dir}).output,
              "no task runs from " + data_dir + "\n");
}

TEST(command_line, a_task_that_runs_already_is_not_run_twice) {
    const test::scratch_directory scratch("cli");
    const auto held = state::task_directory::open(scratch.path(), "shop");
    ASSERT_TRUE(held.has_value());
    const auto file = scratch.path() / "shop.toml";
    std::ofstream(file) << "[source]\nhost = \"127.0.0.1\"\nuser = \"u\"\npassword = \"\"\n"
                           "[target]\nhost = \"127.0.0.1\"\nuser = \"u\"\npassword = \"\"\n"
                           "[objects]\ninclude = [\"shop\"]\n";
    const auto refused = understudy({"run", file.string(), "--data-dir", scratch.path().string()});
    EXPECT_EQ(refused.status.code, 1);
    EXPECT_NE(refused.error.find("runs already"), std::string::npos) << refused.error;
    const auto status =
        understudy({"status", file.string(), "--data-dir", scratch.path().string()});
    EXPECT_EQ(status.status.code, 0);
    EXPECT_EQ(status.output, "shop: starting\n");
}

} // namespace
} // namespace understudy::apps
