#include "apps/status_text.hpp"

#include "apps/figure_text.hpp"
#include "apps/styled_line.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::apps {

namespace {

using state::phase;

std::string lag_of(const known_task& task) {
    const bool has_lag = task.pid && task.status &&
                         (task.status->value.now == phase::catching_up ||
                          task.status->value.now == phase::streaming);
    return has_lag ? lag_text(task.status->value.lag) : "-";
}

std::string place_of(const known_task& task) {
    return task.status && !task.status->value.applied.file.empty()
               ? task.status->value.applied.to_string()
               : "-";
}

std::string pid_of(const known_task& task) {
    return task.pid ? std::to_string(*task.pid) : "-";
}

} // namespace

std::vector<std::string> status_table(std::span<const known_task> tasks,
                                      const display_options& options) {
    if (tasks.empty()) return {};
    std::size_t name = 4;
    std::size_t condition = 9;
    for (const known_task& task : tasks) {
        name = std::max(name, task.name.size());
        condition = std::max(condition, task.condition().size());
    }
    const auto row = [&](std::string_view task, std::string_view what, std::string_view pid,
                         std::string_view lag, std::string_view applied, style how) {
        styled_line line(options.columns, options.colour);
        line.add_left(task, name + 2, how).add_left(what, condition + 2, how).add_left(pid, 9, how);
        line.add_left(lag, 14, how).add(applied, how);
        return line.text();
    };
    std::vector<std::string> lines{row("TASK", "CONDITION", "PID", "LAG", "APPLIED", style::dim)};
    for (const known_task& task : tasks) {
        const bool bad = !task.damage.empty() || task.condition().ends_with("failed") ||
                         task.condition().starts_with("not running");
        lines.push_back(row(task.name, task.condition(), pid_of(task), lag_of(task), place_of(task),
                            bad ? style::bad : style::plain));
    }
    return lines;
}

std::vector<std::string> status_lines(const known_task& task,
                                      std::chrono::system_clock::time_point now,
                                      const display_options& options) {
    if (!task.status) {
        std::vector<std::string> lines{task.name + ": " + task.condition()};
        if (!task.damage.empty()) lines.push_back(task.damage);
        if (!task.error.empty()) lines.push_back(task.error);
        return lines;
    }
    const auto& [value, written] = *task.status;
    auto lines = display_lines(value, {}, task.pid ? now : written, options);
    lines.emplace_back();
    const std::string age =
        lag_text(std::chrono::duration_cast<std::chrono::milliseconds>(now - written));
    lines.push_back(task.pid
                        ? fmt::format("  runs as process {}; figures are {} old", *task.pid, age)
                        : fmt::format("  {}; figures are {} old", task.condition(), age));
    const std::string& error = task.state.empty() ? value.last_error : task.error;
    if (!error.empty()) lines.push_back("  " + error);
    return lines;
}

std::string status_json(std::span<const known_task> tasks) {
    std::string text = "{\"tasks\":[";
    for (const known_task& task : tasks) {
        if (!text.ends_with('[')) text += ',';
        // Names and conditions hold nothing that JSON would have to escape.
        text += fmt::format(R"({{"name":"{}","running":{},"pid":{},"condition":"{}","status":{}}})",
                            task.name, task.pid.has_value(),
                            task.pid ? std::to_string(*task.pid) : "null", task.condition(),
                            task.status ? to_json(*task.status) : "null");
    }
    return text + "]}";
}

} // namespace understudy::apps
