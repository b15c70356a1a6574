#include "apps/daemon_tasks.hpp"

#include "apps/daemon_client.hpp"
#include "apps/serve_errc.hpp"
#include "state/lifecycle.hpp"
#include "state/status_json.hpp"
#include "state/task_directory.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <exception>
#include <utility>

namespace understudy::apps {

namespace {

namespace json = boost::json;

std::string text_of(const json::value& field) {
    return std::string(field.as_string());
}

known_task read_one(const std::filesystem::path& data_dir, const json::value& from) {
    known_task task;
    task.name = text_of(from.at("name"));
    task.state = text_of(from.at("state"));
    task.pid = state::task_directory::running_pid(data_dir, task.name);
    const std::string waiting = text_of(from.at("waiting"));
    task.error = waiting.empty() ? text_of(from.at("error")) : waiting;
    if (const std::string advice = text_of(from.at("advice")); !advice.empty())
        task.error += " What to do: " + advice;
    // Before its first run in this daemon a task has no figures but those on disk.
    const bool never_ran =
        !from.at("running").as_bool() && from.at("status").at("phase").as_string() == "starting";
    if (never_ran) {
        task.status = read_task(data_dir, task.name).status;
        return task;
    }
    if (auto status = state::parse_status_json(json::serialize(from.at("status"))))
        task.status = *std::move(status);
    else
        task.damage = status.error().what;
    return task;
}

} // namespace

protocol::result<std::vector<known_task>> tasks_of_daemon(const std::filesystem::path& data_dir) {
    auto daemon = daemon_client::find(data_dir);
    if (!daemon) return std::unexpected(daemon.error());
    std::vector<known_task> tasks;
    if (!*daemon) return tasks;
    const auto answer = (*daemon)->call("GET", "/api/v1/tasks");
    if (!answer) return std::unexpected(answer.error());
    // Boost.JSON's accessors throw; the border of that is here.
    try {
        for (const json::value& task : answer->at("tasks").as_array())
            tasks.push_back(read_one(data_dir, task));
    } catch (const std::exception& failure) {
        return protocol::fail(serve_errc::daemon_failed,
                              std::string("the daemon's answer is not understood: ") +
                                  failure.what());
    }
    return tasks;
}

} // namespace understudy::apps
