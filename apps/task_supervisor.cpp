#include "apps/task_supervisor.hpp"

#include "applier/errc.hpp"
#include "applier/retry_delay.hpp"
#include "apps/advice.hpp"
#include "apps/failure_kind.hpp"
#include "apps/run_goal.hpp"
#include "apps/serve_errc.hpp"
#include "apps/task_runner.hpp"
#include "apps/task_traces.hpp"
#include "protocol/assert.hpp"
#include "protocol/errc.hpp"
#include "state/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

namespace understudy::apps {

using state::lifecycle_event;
using state::lifecycle_state;
using std::chrono::system_clock;

struct task_supervisor::managed {
    explicit managed(std::string task)
        : name(std::move(task)), board(std::make_shared<state::status_board>(name)) {}

    const std::string name;
    mutable std::mutex mutex; // of all below
    std::condition_variable_any ended;
    state::task_record record;
    std::shared_ptr<state::status_board> board; // a new one for each start
    std::string source;
    std::string target;
    task_needs needs;
    std::string waiting;
    bool running = false;
    bool removed = false;
    std::stop_source stop;
    state::task_directory* directory = nullptr; // of the run
    // Those of the last run, while it has ended with a refused sign-in.
    std::optional<std::pair<protocol::secret, protocol::secret>> refused;
    std::pair<protocol::secret, protocol::secret> passwords;
    std::jthread thread; // replaced only when !running: its function has nothing left to lock
};

task_supervisor::task_supervisor(options with)
    : options_(std::move(with)), store_(options_.data_dir), shares_(options_.data_dir) {}

task_supervisor::~task_supervisor() {
    shutting_down_ = true;
    for (const auto& task : all()) {
        std::jthread thread;
        {
            const std::scoped_lock lock(task->mutex);
            task->stop.request_stop();
            thread = std::move(task->thread);
        }
    }
}

protocol::result<std::unique_ptr<task_supervisor>> task_supervisor::open(options with) {
    std::error_code failure;
    std::filesystem::create_directories(with.data_dir, failure);
    std::unique_ptr<task_supervisor> made(new task_supervisor(std::move(with)));
    const auto names = made->store_.names();
    if (!names) return std::unexpected(names.error());
    for (const std::string& name : *names) {
        if (auto loaded = made->load(name); !loaded) return std::unexpected(loaded.error());
    }
    return made;
}

protocol::result<void> task_supervisor::load(const std::string& name) {
    auto record = store_.load(name);
    if (!record) return std::unexpected(record.error());
    auto task = std::make_shared<managed>(name);
    task->record = std::move(*record);
    const auto settled = next(task->record.life, lifecycle_event::restarted);
    UNDERSTUDY_ASSERT(settled.has_value());
    if (*settled != task->record.life) {
        task->record.life = *settled;
        task->record.since = system_clock::now();
        if (auto saved = store_.save(name, task->record); !saved) return saved;
    }
    shares_.set_resting(name, !wants_to_run(task->record.life.now));
    // Only to be shown; a definition that cannot be read any more is told when the task starts.
    if (const auto file = store_.read(name, task->record)) {
        task->source = file->spec.source.address();
        task->target = file->spec.target.address();
    }
    const std::scoped_lock lock(mutex_);
    tasks_.emplace(name, std::move(task));
    return {};
}

void task_supervisor::begin() {
    for (const auto& task : all()) {
        {
            const std::scoped_lock lock(task->mutex);
            if (!wants_to_run(task->record.life.now)) continue;
            if (auto launched = launch(task); !launched) {
                task->record.last_error = launched.error().what;
                std::ignore = apply(*task, lifecycle_event::run_failed);
            }
        }
        tell();
    }
}

std::vector<task_supervisor::managed_ptr> task_supervisor::all() const {
    const std::scoped_lock lock(mutex_);
    std::vector<managed_ptr> tasks;
    for (const auto& [name, task] : tasks_)
        tasks.push_back(task);
    return tasks;
}

task_supervisor::managed_ptr task_supervisor::find(const std::string& name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = tasks_.find(name);
    return found == tasks_.end() ? nullptr : found->second;
}

supervised_task task_supervisor::view(const managed& task) {
    const std::scoped_lock lock(task.mutex);
    return {.name = task.name,
            .record = task.record,
            .status = task.board->read(),
            .source = task.source,
            .target = task.target,
            .running = task.running,
            .waiting = task.waiting};
}

std::vector<supervised_task> task_supervisor::tasks() const {
    std::vector<supervised_task> views;
    for (const auto& task : all())
        views.push_back(view(*task));
    return views;
}

namespace {

// The precheck tells it in its report, under a code of its own.
bool is_refused_sign_in(const protocol::error& why) {
    return why.code == protocol::errc::access_denied || why.code == applier::errc::access_denied ||
           why.what.find("Access denied") != std::string::npos;
}

std::unexpected<protocol::error> unknown_task(const std::string& name) {
    return protocol::fail(serve_errc::no_such_task, "there is no task " + name);
}

} // namespace

protocol::result<supervised_task> task_supervisor::task(const std::string& name) const {
    const auto found = find(name);
    if (!found) return unknown_task(name);
    return view(*found);
}

protocol::result<std::string> task_supervisor::definition(const std::string& name) const {
    const auto found = find(name);
    if (!found) return unknown_task(name);
    const std::scoped_lock lock(found->mutex);
    return store_.definition(name);
}

protocol::result<state::task_file> task_supervisor::read(const std::string& name) const {
    const auto found = find(name);
    if (!found) return unknown_task(name);
    const std::scoped_lock lock(found->mutex);
    return store_.read(name, found->record);
}

protocol::result<supervised_task> task_supervisor::create(const std::string& definition,
                                                          const std::string& origin) {
    auto file = state::read_task_text(definition, origin.empty() ? "task.toml" : origin);
    if (!file) return std::unexpected(file.error());
    const std::string& name = file->spec.name;
    auto task = std::make_shared<managed>(name);
    task->record.created = task->record.since = system_clock::now();
    task->record.origin = origin;
    task->source = file->spec.source.address();
    task->target = file->spec.target.address();
    for (const std::string& warning : file->warnings)
        task->board->warn(warning);
    {
        // Held while it is written, so that two requests cannot make one name.
        const std::scoped_lock lock(mutex_);
        if (tasks_.contains(name))
            return protocol::fail(serve_errc::task_exists, "there is a task " + name + " already");
        if (auto made = store_.create(name, definition, task->record); !made)
            return std::unexpected(made.error());
        tasks_.emplace(name, task);
    }
    return view(*task);
}

// The record is changed only when it is safe on disk.
namespace {

// Of a run, which nobody can take back.
bool has_happened(lifecycle_event event) {
    using enum lifecycle_event;
    return event == modified || event == run_ended || event == run_failed || event == goal_reached;
}

} // namespace

protocol::result<void> task_supervisor::apply(managed& task, lifecycle_event event) {
    const auto reached = next(task.record.life, event);
    if (!reached) {
        return protocol::fail(serve_errc::not_now,
                              fmt::format("{} is {}, where it cannot {}", task.name,
                                          to_string(task.record.life.now), to_string(event)));
    }
    if (*reached == task.record.life) return {};
    state::task_record changed = task.record;
    changed.life = *reached;
    if (changed.life.now != task.record.life.now) changed.since = system_clock::now();
    changed.begun =
        changed.begun || event == lifecycle_event::copying || event == lifecycle_event::streaming;
    if (auto saved = store_.save(task.name, changed); !saved) {
        if (!has_happened(event)) return saved;
        // The state on disk is then the one before: a process after us runs the task once more and
        // comes to the same end.
        task.board->warn(saved.error().what);
    }
    const auto from = std::exchange(task.record, std::move(changed)).life.now;
    if (from != task.record.life.now) note_change(task, from);
    return {};
}

void task_supervisor::note_change(managed& task, lifecycle_state from) {
    const state::status now = task.board->read();
    const std::scoped_lock lock(change_mutex_);
    changes_.push_back({.task = task.name,
                        .from = from,
                        .to = task.record.life.now,
                        .at = task.record.since,
                        .position = now.applied.file.empty() ? "" : now.applied.to_string(),
                        .error = task.record.last_error,
                        .advice = task.record.advice});
}

// One at a time, in order, and without a task's lock.
void task_supervisor::tell() {
    const std::scoped_lock turn(telling_);
    std::vector<state_change> changes;
    {
        const std::scoped_lock lock(change_mutex_);
        changes.swap(changes_);
    }
    if (!options_.on_change) return;
    for (const state_change& change : changes)
        options_.on_change(change);
}

protocol::result<void> task_supervisor::admit(const managed& task,
                                              const state::task_spec& spec) const {
    std::vector<task_needs> running;
    for (const auto& other : all()) {
        if (other.get() == &task) continue;
        const std::scoped_lock lock(other->mutex);
        if (other->running) running.push_back(other->needs);
    }
    if (const auto why = refuse(options_.limits, running, needs_of(spec)))
        return protocol::fail(serve_errc::limit_reached, task.name + " is not started: " + *why);
    return {};
}

protocol::result<void> task_supervisor::launch(const managed_ptr& task) {
    UNDERSTUDY_ASSERT(!task->running);
    task->thread = {}; // the last one's function has returned or is about to
    task->stop = {};
    task->waiting.clear();
    task->running = true;
    task->thread = std::jthread([this, task, stop = task->stop.get_token()] { run(task, stop); });
    return {};
}

protocol::result<supervised_task>
task_supervisor::act(const std::string& name, lifecycle_event what, const std::string& until) {
    const auto task = find(name);
    if (!task) return unknown_task(name);
    const bool starts = what == lifecycle_event::start || what == lifecycle_event::resume;
    if (starts) {
        if (const auto goal = parse_run_goal(until); !goal) return std::unexpected(goal.error());
        auto file = read(name);
        if (!file) return std::unexpected(file.error());
        if (auto admitted = admit(*task, file->spec); !admitted)
            return std::unexpected(admitted.error());
        const std::scoped_lock lock(task->mutex);
        task->needs = needs_of(file->spec);
    }
    {
        const std::scoped_lock lock(task->mutex);
        if (task->removed) return unknown_task(name);
        const state::task_record before = task->record;
        if (starts && !task->running) {
            task->record.until = until;
            task->record.last_error.clear();
            task->record.advice.clear();
        }
        if (auto applied = apply(*task, what); !applied) {
            task->record = before;
            return std::unexpected(applied.error());
        }
        if (wants_to_run(task->record.life.now) && !task->running) {
            task->board = std::make_shared<state::status_board>(name);
            if (auto launched = launch(task); !launched) return std::unexpected(launched.error());
        }
        if (!wants_to_run(task->record.life.now)) task->stop.request_stop();
    }
    tell();
    return view(*task);
}

protocol::result<supervised_task> task_supervisor::modify(const std::string& name,
                                                          const std::string& definition,
                                                          const std::string& origin) {
    const auto task = find(name);
    if (!task) return unknown_task(name);
    const auto file = state::read_task_text(definition, origin.empty() ? "task.toml" : origin);
    if (!file) return std::unexpected(file.error());
    if (file->spec.name != name) {
        return protocol::fail(state::errc::task_file_invalid,
                              "name: found \"" + file->spec.name + "\"; the task is " + name +
                                  ", and its name cannot be changed");
    }
    protocol::result<void> replaced;
    {
        std::unique_lock lock(task->mutex);
        if (task->removed) return unknown_task(name);
        if (auto applied = apply(*task, lifecycle_event::modify); !applied)
            return std::unexpected(applied.error());
        task->stop.request_stop();
        task->ended.wait(lock, [&] { return !task->running; });
        replaced = store_.replace_definition(name, definition);
        if (replaced) {
            task->record.origin = origin;
            task->source = file->spec.source.address();
            task->target = file->spec.target.address();
            task->needs = needs_of(file->spec);
        }
        if (auto applied = apply(*task, lifecycle_event::modified); !applied)
            return std::unexpected(applied.error());
        if (wants_to_run(task->record.life.now) && !shutting_down_) {
            if (auto launched = launch(task); !launched) return std::unexpected(launched.error());
        }
    }
    tell();
    if (!replaced) return std::unexpected(replaced.error());
    return view(*task);
}

// Its lock is not held while the target is asked: others only want to look.
protocol::result<void> task_supervisor::remove(const std::string& name, bool traces) {
    const auto task = find(name);
    if (!task) return unknown_task(name);
    {
        const std::scoped_lock lock(task->mutex);
        if (task->removed) return unknown_task(name);
        if (task->running || may_be_running(task->record.life.now)) {
            return protocol::fail(
                serve_errc::not_now,
                fmt::format("{} is {}; stop it first", name, to_string(task->record.life.now)));
        }
        task->removed = true; // nobody starts it meanwhile
    }
    const auto removed = remove_from_store(*task, traces);
    if (!removed) {
        const std::scoped_lock lock(task->mutex);
        task->removed = false;
        return removed;
    }
    const std::scoped_lock lock(mutex_);
    tasks_.erase(name);
    return {};
}

protocol::result<void> task_supervisor::remove_from_store(managed& task, bool traces) {
    // Nobody else is at it (understudy run), nor begins.
    const auto held = state::task_directory::open(options_.data_dir, task.name);
    if (!held) return std::unexpected(held.error());
    if (traces) {
        const auto file = store_.read(task.name, task.record);
        if (!file) return std::unexpected(file.error());
        if (auto removed = remove_traces(file->spec); !removed) return removed;
    }
    if (auto forgotten = shares_.forget(task.name); !forgotten) return forgotten;
    return store_.remove(task.name);
}

void task_supervisor::retry_failed() {
    for (const auto& task : all()) {
        std::string until;
        {
            const std::scoped_lock lock(task->mutex);
            if (!is_failed(task->record.life.now)) continue;
            until = task->record.until;
        }
        // Refused by a limit: it stays failed, and says so already.
        std::ignore = act(task->name, lifecycle_event::resume, until);
    }
}

// A password that was changed on the server first and here afterwards.
void task_supervisor::retry_changed_passwords() {
    for (const auto& task : all()) {
        std::string until;
        {
            const std::scoped_lock lock(task->mutex);
            if (!task->refused || !is_failed(task->record.life.now)) continue;
            const auto file = store_.read(task->name, task->record);
            if (!file) continue; // being written
            const bool same =
                file->spec.source.password.reveal() == task->refused->first.reveal() &&
                file->spec.target.password.reveal() == task->refused->second.reveal();
            if (same) continue;
            until = task->record.until;
        }
        std::ignore = act(task->name, lifecycle_event::resume, until);
    }
}

std::vector<std::string> task_supervisor::stop_all(std::chrono::milliseconds wait) {
    shutting_down_ = true;
    const auto tasks = all();
    for (const auto& task : tasks) {
        const std::scoped_lock lock(task->mutex);
        task->stop.request_stop();
    }
    const auto give_up = std::chrono::steady_clock::now() + wait;
    std::vector<std::string> left;
    for (const auto& task : tasks) {
        std::unique_lock lock(task->mutex);
        if (!task->ended.wait_until(lock, give_up, [&] { return !task->running; }))
            left.push_back(task->name);
    }
    return left;
}

void task_supervisor::write_statuses() {
    for (const auto& task : all()) {
        const std::scoped_lock lock(task->mutex);
        if (task->directory == nullptr) continue;
        if (auto done = task->directory->write_status(task->board->read()); !done)
            task->board->warn(done.error().what);
    }
}

void task_supervisor::on_phase(managed& task, state::phase now) {
    const bool copying = now == state::phase::copying_schema || now == state::phase::copying_data;
    const bool streaming = now == state::phase::catching_up || now == state::phase::streaming;
    if (!copying && !streaming) return;
    {
        const std::scoped_lock lock(task.mutex);
        task.waiting.clear();
        task.record.last_error.clear();
        task.record.advice.clear();
        const auto event = copying ? lifecycle_event::copying : lifecycle_event::streaming;
        if (auto applied = apply(task, event); !applied) task.board->warn(applied.error().what);
    }
    tell();
}

// With the task's lock on disk held for as long as the run lasts.
protocol::result<void> task_supervisor::run_once(managed& task, const std::stop_token& stop) {
    auto directory = state::task_directory::open(options_.data_dir, task.name);
    if (!directory) return std::unexpected(directory.error());
    shares_.set_resting(task.name, false);
    run_options options;
    state::task_spec spec;
    std::shared_ptr<state::status_board> board;
    {
        const std::scoped_lock lock(task.mutex);
        auto file = store_.read(task.name, task.record);
        if (!file) return std::unexpected(file.error());
        for (const std::string& warning : file->warnings)
            task.board->warn(warning);
        spec = std::move(file->spec);
        auto goal = parse_run_goal(task.record.until);
        if (!goal) return std::unexpected(goal.error());
        options.until = *std::move(goal);
        options.patient = task.record.begun;
        task.directory = directory->get();
        task.needs = needs_of(spec);
        task.passwords = {spec.source.password, spec.target.password};
        task.refused.reset();
        board = task.board;
    }
    options.shares = &shares_;
    options.on_phase = [this, &task](state::phase now) { on_phase(task, now); };
    auto ended = run_task(spec, **directory, std::move(options), *board, stop);
    const std::scoped_lock lock(task.mutex);
    if (auto written = (*directory)->write_status(task.board->read()); !written && ended)
        ended = std::unexpected(written.error());
    task.directory = nullptr;
    return ended;
}

void task_supervisor::run(const managed_ptr& held, const std::stop_token& stop) {
    managed& task = *held;
    applier::retry_delay delay;
    for (;;) {
        const auto began = std::chrono::steady_clock::now();
        const auto ended = run_once(task, stop);
        const bool asked = stop.stop_requested();
        const bool passes =
            !ended && !asked && kind_of_failure(ended.error()) == failure_kind::passing;
        if (!passes) {
            settle(task, ended, asked);
            tell();
            return;
        }
        // A run that went well for minutes is no reason to wait long after the next failure.
        if (std::chrono::steady_clock::now() - began > std::chrono::minutes(2)) delay.succeeded();
        const auto time = delay.next(applier::errc::connection_lost);
        std::unique_lock lock(task.mutex);
        ++task.record.failures;
        task.record.last_error = ended.error().what;
        task.waiting = fmt::format("trying again in {} ms: {}", time.count(), ended.error().what);
        task.board->update([](state::status& now) {
            now.now = state::phase::starting;
            ++now.retries;
        });
        task.ended.wait_for(lock, stop, time, [] { return false; });
        if (!stop.stop_requested()) continue;
        lock.unlock();
        settle(task, {}, true);
        tell();
        return;
    }
}

// The last that a run's thread does: afterwards somebody else may start another.
void task_supervisor::settle(managed& task, const protocol::result<void>& ended,
                             bool asked_to_stop) {
    if (!shutting_down_ || !asked_to_stop) shares_.set_resting(task.name, true);
    const std::scoped_lock lock(task.mutex);
    task.running = false;
    task.waiting.clear();
    task.ended.notify_all();
    if (shutting_down_ && asked_to_stop) return; // the next process goes on
    auto event = asked_to_stop ? lifecycle_event::run_ended : lifecycle_event::goal_reached;
    if (!ended) {
        ++task.record.failures;
        task.record.last_error = ended.error().what;
        task.record.advice = advice_for(ended.error().code);
        if (is_refused_sign_in(ended.error())) task.refused = task.passwords;
        event = lifecycle_event::run_failed;
    }
    if (auto applied = apply(task, event); !applied) task.board->warn(applied.error().what);
}

} // namespace understudy::apps
