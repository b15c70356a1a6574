#pragma once

#include "apps/shared_relays.hpp"
#include "apps/task_limits.hpp"
#include "protocol/result.hpp"
#include "state/status_board.hpp"
#include "state/task_record.hpp"
#include "state/task_store.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace understudy::apps {

// One task of a daemon at one moment. A value.
struct supervised_task {
    std::string name;
    state::task_record record;
    state::status status;
    std::string source; // "host:port"
    std::string target;
    bool running = false; // a thread of ours is on it
    // Why it tries again, and when; empty while nothing is wrong.
    std::string waiting;
};

struct state_change {
    std::string task;
    state::lifecycle_state from{};
    state::lifecycle_state to{};
    std::chrono::system_clock::time_point at;
    std::string position; // applied, on the source
    std::string error;
    std::string advice;
};

// Many tasks in one process. Each that runs has a thread, a directory, a board and sessions of its
// own, and shares nothing with the others but the process; a task in trouble keeps its thread and
// nobody waits for it. What is durable of them is in the store: a supervisor made after a crash
// goes on with what ran.
//
// Any thread may call anything. Only modify() and the destructor wait for a run to end.
class task_supervisor {
public:
    struct options {
        std::filesystem::path data_dir;
        task_limits limits;
        // Called from any thread, one at a time, with no lock held; must not call back.
        std::function<void(const state_change&)> on_change{};
    };

    // Reads the store; errors of single tasks (a damaged record) are the whole's: nothing is left
    // out in silence.
    [[nodiscard]] static protocol::result<std::unique_ptr<task_supervisor>> open(options with);
    ~task_supervisor();
    task_supervisor(const task_supervisor&) = delete;
    task_supervisor& operator=(const task_supervisor&) = delete;

    // Runs what ran when the last process ended.
    void begin();

    [[nodiscard]] std::vector<supervised_task> tasks() const;
    [[nodiscard]] protocol::result<supervised_task> task(const std::string& name) const;
    [[nodiscard]] protocol::result<std::string> definition(const std::string& name) const;
    [[nodiscard]] protocol::result<state::task_file> read(const std::string& name) const;

    // The definition is checked first; its name is the task's. `origin`: see task_record.
    [[nodiscard]] protocol::result<supervised_task> create(const std::string& definition,
                                                           const std::string& origin);
    // start, pause, resume, stop. `until` is kept for start and resume.
    [[nodiscard]] protocol::result<supervised_task>
    act(const std::string& name, state::lifecycle_event what, const std::string& until = {});
    // A running task is stopped, changed, and started again.
    [[nodiscard]] protocol::result<supervised_task>
    modify(const std::string& name, const std::string& definition, const std::string& origin);
    // The task must rest. `traces`: also what it keeps on the target (not the copied tables).
    [[nodiscard]] protocol::result<void> remove(const std::string& name, bool traces);

    // Starts tasks again whose sign-in was refused and whose passwords are others by now.
    void retry_changed_passwords();

    // Starts tasks again that failed and wait for a person: credentials or servers may have
    // changed.
    void retry_failed();

    // Asks all runs to end and waits that long at most; what is durable says that they run. The
    // names of those that have not ended.
    [[nodiscard]] std::vector<std::string> stop_all(std::chrono::milliseconds wait);

    // status.json of running tasks, for those who look without asking us.
    void write_statuses();

private:
    struct managed;
    using managed_ptr = std::shared_ptr<managed>;

    explicit task_supervisor(options with);
    [[nodiscard]] protocol::result<void> load(const std::string& name);
    [[nodiscard]] managed_ptr find(const std::string& name) const;
    [[nodiscard]] std::vector<managed_ptr> all() const;
    [[nodiscard]] static supervised_task view(const managed& task);

    // These want task.mutex held.
    [[nodiscard]] protocol::result<void> apply(managed& task, state::lifecycle_event event);
    void note_change(managed& task, state::lifecycle_state from);
    [[nodiscard]] protocol::result<void> launch(const managed_ptr& task);

    void run(const managed_ptr& task, const std::stop_token& stop);
    [[nodiscard]] protocol::result<void> run_once(managed& task, const std::stop_token& stop);
    // The task is marked as removed: nobody else touches it.
    [[nodiscard]] protocol::result<void> remove_from_store(managed& task, bool traces);
    void on_phase(managed& task, state::phase now);
    void settle(managed& task, const protocol::result<void>& ended, bool asked_to_stop);
    [[nodiscard]] protocol::result<void> admit(const managed& task,
                                               const state::task_spec& spec) const;
    void tell();

    const options options_;
    state::task_store store_;
    shared_relays shares_;
    mutable std::mutex mutex_; // of tasks_
    std::map<std::string, managed_ptr> tasks_;
    std::mutex change_mutex_;
    std::vector<state_change> changes_;
    std::mutex telling_;
    std::atomic<bool> shutting_down_ = false;
};

} // namespace understudy::apps
