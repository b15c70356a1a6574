#include "apps/known_tasks.hpp"

#include "state/durable_file.hpp"
#include "state/task_directory.hpp"
#include "state/task_file.hpp"
#include "state/task_name.hpp"

#include <algorithm>
#include <system_error>

namespace understudy::apps {

std::string known_task::condition() const {
    if (!state.empty()) return state;
    if (!status) return pid ? "starting" : damage.empty() ? "never ran" : "damaged status";
    const state::phase now = status->value.now;
    const bool ended = now == state::phase::finished || now == state::phase::failed;
    if (pid || ended) return std::string(to_string(now));
    return "not running (ended while " + std::string(to_string(now)) + ")";
}

std::vector<known_task> find_tasks(const std::filesystem::path& data_dir) {
    std::vector<known_task> tasks;
    std::error_code failure;
    for (const auto& entry : std::filesystem::directory_iterator(data_dir, failure)) {
        const std::string name = entry.path().filename().string();
        if (state::is_task_name(name) && is_task_known(data_dir, name))
            tasks.push_back(read_task(data_dir, name));
    }
    std::ranges::sort(tasks, {}, &known_task::name);
    return tasks;
}

protocol::result<std::string> task_name_of(const std::string& text) {
    if (state::is_task_name(text)) return text;
    return state::read_task_name(text);
}

bool is_task_known(const std::filesystem::path& data_dir, const std::string& name) {
    std::error_code failure;
    return std::filesystem::exists(data_dir / name / "lock", failure);
}

known_task read_task(const std::filesystem::path& data_dir, const std::string& name) {
    known_task task{.name = name,
                    .pid = state::task_directory::running_pid(data_dir, name),
                    .status = std::nullopt,
                    .damage = {},
                    .state = {},
                    .error = {}};
    const auto file = state::task_directory::status_path(data_dir, name);
    std::error_code failure;
    if (!std::filesystem::exists(file, failure)) return task;
    const auto text = state::read_whole(file);
    if (!text) {
        task.damage = text.error().what;
        return task;
    }
    auto status = state::parse_status_json(*text);
    if (status)
        task.status = *std::move(status);
    else
        task.damage = file.string() + ": " + status.error().what;
    return task;
}

} // namespace understudy::apps
