#include "api/views.hpp"

#include "state/json_text.hpp"
#include "state/status_json.hpp"

#include <boost/json/parse.hpp>

namespace understudy::api {

namespace json = boost::json;

json::object to_object(const task_view& task) {
    const auto now = std::chrono::system_clock::now();
    return {
        {"name", task.name},
        {"state", to_string(task.record.life.now)},
        {"since", state::time_text(task.record.since)},
        {"created", state::time_text(task.record.created)},
        {"until", task.record.until},
        {"origin", state::as_utf8(task.record.origin)},
        {"source", state::as_utf8(task.source)},
        {"target", state::as_utf8(task.target)},
        {"running", task.running},
        {"waiting", state::as_utf8(task.waiting)},
        {"error", state::as_utf8(task.record.last_error)},
        {"advice", state::as_utf8(task.record.advice)},
        {"failures", task.record.failures},
        {"relay_age_seconds", task.relay_age.count()},
        // The very text that status.json holds.
        {"status", json::parse(state::to_json({task.status, now}))},
    };
}

json::object to_object(std::span<const task_view> tasks) {
    json::array list;
    for (const task_view& task : tasks)
        list.emplace_back(to_object(task));
    return {{"tasks", std::move(list)}};
}

} // namespace understudy::api
