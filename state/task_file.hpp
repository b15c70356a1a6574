#pragma once

#include "protocol/result.hpp"
#include "state/task_spec.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::state {

// A task as its TOML file describes it. docs/configuration.md is the page for its writers.
struct task_file {
    task_spec spec;                    // checked, paths absolute, passwords read
    std::vector<std::string> warnings; // for the operator; nothing that stops the task
};

// Reads the file, the password files and the environment variables it names. All problems are
// reported together, a line each: "shop.toml:4:8: source.port: found 99999; allowed is an integer
// from 1 to 65535". Never quotes a password. errc::task_file_unreadable, errc::task_file_invalid.
[[nodiscard]] protocol::result<task_file> read_task_file(const std::filesystem::path& file);

// The same for a text that is no file (any more), read as if it stood in `place`: messages name
// that file, and relative paths start at its directory.
[[nodiscard]] protocol::result<task_file> read_task_text(std::string_view text,
                                                         const std::filesystem::path& place);

// The task's name alone, for those who only want to know which task the file is about.
[[nodiscard]] protocol::result<std::string> read_task_name(const std::filesystem::path& file);

// Every key that a task file may have, "source.tls.mode", from the reading code itself.
[[nodiscard]] std::vector<std::string> task_file_keys();

} // namespace understudy::state
