#include "apps/commands.hpp"
#include "apps/daemon_client.hpp"
#include "apps/known_tasks.hpp"
#include "state/durable_file.hpp"
#include "state/json_text.hpp"
#include "state/lifecycle.hpp"
#include "state/task_name.hpp"
#include "state/task_store.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

namespace understudy::apps {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using verb = task_command::verb;

// A group that is being committed, a chunk that is being copied: seconds. Longer is worth a look.
constexpr auto wait_max = 120s;

int fail(const std::string& why, int code = exit_failed) {
    fmt::print(stderr, "understudy: {}\n", why);
    return code;
}

std::string_view word(verb what) {
    switch (what) {
    case verb::start: return "start";
    case verb::pause: return "pause";
    case verb::resume: return "resume";
    case verb::stop: return "stop";
    case verb::remove: return "remove";
    }
    std::unreachable();
}

std::string path_of(const std::string& task, std::string_view more = {}) {
    return "/api/v1/tasks/" + task + std::string(more);
}

std::string text_of(const json::value& task, const char* field) {
    const json::value* value = task.is_object() ? task.get_object().if_contains(field) : nullptr;
    return value != nullptr && value->is_string() ? std::string(value->get_string())
                                                  : std::string();
}

// Gives the daemon the file: a new task, or a changed one. The same text changes nothing.
protocol::result<void> hand_over(daemon_client& daemon, const std::filesystem::path& file,
                                 const std::string& name, const std::filesystem::path& data_dir) {
    const auto text = state::read_whole(file);
    if (!text) return std::unexpected(text.error());
    const state::task_store store(data_dir);
    const bool known = store.has(name);
    if (known) {
        const auto kept = store.definition(name);
        if (kept && *kept == *text) return {};
    }
    const json::object body{
        {"toml", state::as_utf8(*text)},
        {"origin", std::filesystem::absolute(file).lexically_normal().string()}};
    const auto made =
        daemon.call(known ? "PUT" : "POST", known ? path_of(name) : std::string("/api/v1/tasks"),
                    json::serialize(body));
    if (!made) return std::unexpected(made.error());
    return {};
}

// Until the task rests.
protocol::result<json::value> wait_for_rest(daemon_client& daemon, const std::string& task) {
    const auto give_up = std::chrono::steady_clock::now() + wait_max;
    while (true) {
        auto now = daemon.call("GET", path_of(task));
        if (!now) return now;
        const auto state = state::parse_lifecycle_state(text_of(*now, "state"));
        if (!state || !may_be_running(*state) || std::chrono::steady_clock::now() > give_up)
            return now;
        std::this_thread::sleep_for(50ms);
    }
}

int tell(const task_command& what, const json::value& task) {
    if (what.json) {
        fmt::print("{}\n", json::serialize(task));
        return exit_good;
    }
    const std::string state = text_of(task, "state");
    fmt::print("{} is {}\n", text_of(task, "name"), state);
    return exit_good;
}

int act(daemon_client& daemon, const task_command& what, const std::string& name) {
    if (what.what == verb::remove) {
        const auto done = daemon.call("DELETE", path_of(name, what.traces ? "?traces=true" : ""));
        if (!done) return fail(done.error().what);
        fmt::print("{} removed{}\n", name,
                   what.traces ? "" : "; what it keeps on the target is still there (--traces)");
        return exit_good;
    }
    json::object body;
    if (!what.until.empty()) body["until"] = what.until;
    auto done = daemon.call("POST", path_of(name, "/" + std::string(word(what.what))),
                            json::serialize(body));
    if (!done) return fail(done.error().what);
    if (what.what == verb::pause || what.what == verb::stop) {
        done = wait_for_rest(daemon, name);
        if (!done) return fail(done.error().what);
        const auto state = state::parse_lifecycle_state(text_of(*done, "state"));
        if (state && may_be_running(*state))
            return fail(fmt::format("{} still runs after {} s", name, wait_max.count()));
    }
    return tell(what, *done);
}

} // namespace

int execute(const task_command& what) {
    auto daemon = daemon_client::find(what.data_dir);
    if (!daemon) return fail(daemon.error().what);
    const bool named = !what.task.empty();
    auto name = named ? task_name_of(what.task) : protocol::result<std::string>(std::string());
    if (!name) return fail(name.error().what, exit_usage);
    const bool of_daemon = *daemon && (!named || what.what != verb::stop ||
                                       state::task_store(what.data_dir).has(*name));
    if (what.what == verb::stop && !of_daemon)
        return execute(stop_command{.task = what.task, .data_dir = what.data_dir});
    if (!*daemon) {
        return fail(fmt::format("no daemon runs from {}; `understudy serve` starts one, "
                                "`understudy run` runs a task without",
                                what.data_dir.string()));
    }
    if (!named) {
        // Only stop comes here.
        auto tasks = (*daemon)->call("GET", "/api/v1/tasks");
        if (!tasks) return fail(tasks.error().what);
        std::string running;
        for (const json::value& task : tasks->at("tasks").as_array()) {
            if (!task.at("running").as_bool()) continue;
            if (!running.empty())
                return fail("several tasks run; name the one to stop", exit_usage);
            running = text_of(task, "name");
        }
        if (running.empty()) return execute(stop_command{.task = {}, .data_dir = what.data_dir});
        return act(**daemon, what, running);
    }
    if (what.what == verb::start && !state::is_task_name(what.task)) {
        if (auto handed = hand_over(**daemon, what.task, *name, what.data_dir); !handed)
            return fail(handed.error().what,
                        (*daemon)->last_status() == 422 ? exit_usage : exit_failed);
    }
    return act(**daemon, what, *name);
}

} // namespace understudy::apps
