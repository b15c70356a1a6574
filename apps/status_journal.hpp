#pragma once

#include "apps/task_log.hpp"
#include "apps/task_supervisor.hpp"

#include <chrono>
#include <map>
#include <span>
#include <string>

namespace understudy::apps {

// Puts into the log what the tasks' statuses say anew: phases, warnings, what holds one up, and a
// line on how far it is now and then. One thread.
class status_journal {
public:
    explicit status_journal(task_log& log) : log_(log) {}

    void look(std::span<const supervised_task> tasks);

private:
    struct seen {
        std::chrono::system_clock::time_point started;
        state::phase phase = state::phase::starting;
        std::size_t warnings = 0;
        bool held_up = false;
        std::chrono::steady_clock::time_point told;
    };
    void look(const supervised_task& task, seen& before);

    task_log& log_;
    std::map<std::string, seen> seen_;
};

} // namespace understudy::apps
