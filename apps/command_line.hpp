#pragma once

#include "api/table_verb.hpp"
#include "apps/relay_options.hpp"
#include "apps/serve_options.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <variant>

namespace CLI {
class App;
}

namespace understudy::apps {

// What a user asked for. data_dir is filled in with its default.

struct run_command {
    std::filesystem::path task_file;
    std::filesystem::path data_dir;
    std::string until; // run_goal's text; empty: follow until a signal comes
};

struct precheck_command {
    std::filesystem::path task_file;
    bool json = false;
};

struct grants_command {
    std::filesystem::path task_file;
    std::string side; // "source", "target"; empty: both
    std::string account_host;
    std::string source_version;
    std::string target_version;
};

struct status_command {
    std::string task; // a name or a task file; empty: all tasks
    std::filesystem::path data_dir;
    bool json = false;
};

struct stop_command {
    std::string task; // empty: the one that runs
    std::filesystem::path data_dir;
};

struct skip_command {
    std::filesystem::path task_file;
    std::string at;                    // GTID or file:offset, as the message says it
    std::filesystem::path replacement; // a file with one statement; empty: nothing in its place
};

// What is to become of one table of a task that is in trouble.
struct table_command {
    std::string task; // a task file, or the name of a daemon's task
    std::filesystem::path data_dir;
    std::string table;
    api::table_verb wish = api::table_verb::set_aside;
};

// Help, version or a mistake: say it and end.
struct say_and_exit {
    int code = 0;
    std::string text; // to standard output for code 0, else to standard error
};

using command = std::variant<run_command, precheck_command, grants_command, status_command,
                             stop_command, skip_command, table_command, serve_command, task_command,
                             relay_command, say_and_exit>;

// Exit codes of all commands.
inline constexpr int exit_good = 0;
inline constexpr int exit_failed = 1; // the task failed, a blocking item failed, damage was found
inline constexpr int exit_usage = 2;  // bad usage, or a bad task file

[[nodiscard]] command parse_command_line(int argc, const char* const* argv);
// The command line as --help sees it, for the manual page and completions: commands, their options
// and texts. `visit` is called once, before this returns.
void describe_command_line(const std::function<void(const CLI::App&)>& visit);

} // namespace understudy::apps
