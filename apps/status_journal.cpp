#include "apps/status_journal.hpp"

#include "apps/display.hpp"

#include <fmt/format.h>

namespace understudy::apps {

namespace {

using namespace std::chrono_literals;

constexpr auto summary_interval = 5min;

} // namespace

void status_journal::look(std::span<const supervised_task> tasks) {
    std::map<std::string, seen> present;
    for (const supervised_task& task : tasks) {
        auto known = seen_.extract(task.name);
        seen before = known.empty() ? seen{} : known.mapped();
        look(task, before);
        present.emplace(task.name, before);
    }
    seen_ = std::move(present);
}

void status_journal::look(const supervised_task& task, seen& before) {
    const state::status& now = task.status;
    const std::string position = now.applied.file.empty() ? "" : now.applied.to_string();
    // A new run has a new board.
    if (before.started != now.started) {
        before = {};
        before.started = now.started;
    }
    for (; before.warnings < now.warnings.size(); ++before.warnings)
        log_.write(log_level::warning, task.name, position, now.warnings[before.warnings]);
    std::string held_up = task.waiting;
    for (const std::string& note : {now.receiver_note, now.applier_note}) {
        if (!note.empty()) held_up += (held_up.empty() ? "" : "; ") + note;
    }
    if (held_up.empty() == before.held_up) {
        before.held_up = !held_up.empty();
        log_.write(before.held_up ? log_level::warning : log_level::info, task.name, position,
                   before.held_up ? held_up : "going on");
    }
    const auto moment = std::chrono::steady_clock::now();
    const bool due = task.running && moment - before.told >= summary_interval;
    if (now.now == before.phase && !due) return;
    before.phase = now.now;
    before.told = moment;
    log_.write(log_level::info, task.name, position, summary_line(now, {}));
}

} // namespace understudy::apps
