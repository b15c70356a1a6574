#pragma once

#include "protocol/result.hpp"
#include "state/status_json.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace understudy::apps {

// One task of a data directory as others see it.
struct known_task {
    std::string name;
    std::optional<pid_t> pid; // runs now
    std::optional<state::recorded_status>
        status;          // nothing before the first second of its first run
    std::string damage;  // why there is no status although a file is there
    std::string state{}; // of a daemon's task: where it stands in its life
    std::string error{}; // of a daemon's task: what it waits for, or what stopped it

    // The phase, or that the process ended without a word.
    [[nodiscard]] std::string condition() const;
};

// By name. Tasks are the directories with a lock file.
[[nodiscard]] std::vector<known_task> find_tasks(const std::filesystem::path& data_dir);

// `text` is a name or a task file; nothing of the file but its name is looked at.
[[nodiscard]] protocol::result<std::string> task_name_of(const std::string& text);

[[nodiscard]] bool is_task_known(const std::filesystem::path& data_dir, const std::string& name);
[[nodiscard]] known_task read_task(const std::filesystem::path& data_dir, const std::string& name);

} // namespace understudy::apps
