#include "state/task_record.hpp"

#include "state/errc.hpp"
#include "state/json_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <stdexcept>

namespace understudy::state {

namespace {

namespace json = boost::json;

std::string text_of(const json::value& field) {
    return std::string(field.as_string());
}

lifecycle_state state_of(const json::value& field) {
    const auto state = parse_lifecycle_state(field.as_string());
    if (!state) throw std::invalid_argument("unknown state " + text_of(field));
    return *state;
}

std::chrono::system_clock::time_point time_of(const json::value& field) {
    const auto time = parse_time_text(text_of(field));
    if (!time) throw std::invalid_argument("not a time: " + text_of(field));
    return *time;
}

} // namespace

std::string to_json(const task_record& what) {
    return json::serialize(json::object{
        {"state", to_string(what.life.now)},
        {"then", to_string(what.life.then)},
        {"created", time_text(what.created)},
        {"since", time_text(what.since)},
        {"begun", what.begun},
        {"last_error", as_utf8(what.last_error)},
        {"advice", as_utf8(what.advice)},
        {"until", what.until},
        {"origin", as_utf8(what.origin)},
        {"failures", what.failures},
    });
}

// Boost.JSON's accessors throw on a missing field or a wrong type; the border of that is here.
protocol::result<task_record> parse_task_record(std::string_view text) {
    try {
        const json::value root = json::parse(text);
        task_record what;
        what.life = {state_of(root.at("state")), state_of(root.at("then"))};
        what.created = time_of(root.at("created"));
        what.since = time_of(root.at("since"));
        what.begun = root.at("begun").as_bool();
        what.last_error = text_of(root.at("last_error"));
        what.advice = text_of(root.at("advice"));
        what.until = text_of(root.at("until"));
        what.origin = text_of(root.at("origin"));
        what.failures = root.at("failures").to_number<std::uint64_t>();
        return what;
    } catch (const std::exception& failure) {
        return protocol::fail(errc::damaged,
                              std::string("not the record of a task: ") + failure.what());
    }
}

} // namespace understudy::state
