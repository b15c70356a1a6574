#include "api/router.hpp"

#include "api/assets.hpp"
#include "api/views.hpp"
#include "state/json_text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace understudy::api {

namespace json = boost::json;

namespace {

struct call {
    task_service& service;
    const request& asked;
    const router::settings& settings;
    std::string task; // {task} of the pattern
    std::string name; // {name} of the pattern
};

response reply(json::value value, unsigned status = 200) {
    response made;
    made.status = status;
    made.body = json::serialize(value);
    return made;
}

response reply_text(std::string body) {
    response made;
    made.body = std::move(body);
    return made;
}

response refuse(const refusal& why) {
    using enum refusal::kind;
    switch (why.why) {
    case not_found: return error_response(404, "not_found", why.what);
    case conflict: return error_response(409, "conflict", why.what);
    case invalid: return error_response(422, "invalid", why.what);
    case not_allowed: return error_response(403, "not_allowed", why.what);
    case failed: return error_response(502, "server_failed", why.what);
    case internal: break;
    }
    return error_response(500, "internal", why.what);
}

response reply_or_refuse(const outcome<std::string>& text) {
    return text ? reply_text(*text) : refuse(text.error());
}

response reply_or_refuse(const outcome<task_view>& task, unsigned status = 200) {
    return task ? reply(to_object(*task), status) : refuse(task.error());
}

response bad_request(std::string_view why) {
    return error_response(400, "bad_request", why);
}

// Depth bounded, so that a small body cannot use up the stack.
std::expected<json::object, response> body_object(const request& asked) {
    if (asked.body.empty()) return json::object{};
    if (asked.content_type != "application/json")
        return std::unexpected(error_response(415, "unsupported_media_type",
                                              "needed is Content-Type: application/json"));
    boost::system::error_code failure;
    json::parse_options options;
    options.max_depth = 16;
    json::value parsed = json::parse(asked.body, failure, {}, options);
    if (failure || !parsed.is_object())
        return std::unexpected(bad_request("the body is not a JSON object"));
    return parsed.get_object();
}

// What is not known is refused: a misspelled key must not be passed over.
std::optional<response> unknown_key(const json::object& body,
                                    std::initializer_list<std::string_view> known) {
    for (const auto& entry : body) {
        if (std::ranges::find(known, std::string_view(entry.key())) == known.end())
            return bad_request("unknown key \"" + std::string(entry.key()) + "\"");
    }
    return std::nullopt;
}

std::optional<response> unknown_parameter(const request& asked,
                                          std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : asked.to.query) {
        if (std::ranges::find(known, std::string_view(key)) == known.end())
            return bad_request("unknown parameter \"" + key + "\"");
    }
    return std::nullopt;
}

// {"toml": …} or {"definition": {…}}, and "origin"; or TOML itself as the body.
std::expected<given_definition, response> read_definition(const request& asked) {
    if (asked.content_type == "application/toml")
        return given_definition{.toml = asked.body, .object = {}, .origin = {}};
    const auto body = body_object(asked);
    if (!body) return std::unexpected(body.error());
    if (auto bad = unknown_key(*body, {"toml", "definition", "origin"}))
        return std::unexpected(*bad);
    given_definition given;
    const json::value* toml = body->if_contains("toml");
    const json::value* object = body->if_contains("definition");
    if ((toml == nullptr) == (object == nullptr))
        return std::unexpected(bad_request("needed is one of toml and definition"));
    if (toml != nullptr && !toml->is_string())
        return std::unexpected(bad_request("toml is not a text"));
    if (object != nullptr && !object->is_object())
        return std::unexpected(bad_request("definition is not an object"));
    if (toml != nullptr) given.toml = std::string(toml->get_string());
    if (object != nullptr) given.object = object->get_object();
    if (const json::value* origin = body->if_contains("origin")) {
        if (!origin->is_string()) return std::unexpected(bad_request("origin is not a text"));
        given.origin = std::string(origin->get_string());
    }
    return given;
}

std::expected<json::object, response> read_endpoint(const request& asked) {
    const auto body = body_object(asked);
    if (!body) return std::unexpected(body.error());
    if (auto bad = unknown_key(*body, {"endpoint"})) return std::unexpected(*bad);
    const json::value* endpoint = body->if_contains("endpoint");
    if (endpoint == nullptr || !endpoint->is_object())
        return std::unexpected(bad_request("needed is endpoint, an object"));
    return endpoint->get_object();
}

response act(const call& now, verb what) {
    const auto body = body_object(now.asked);
    if (!body) return body.error();
    const bool starts = what == verb::start || what == verb::resume;
    if (auto bad = starts ? unknown_key(*body, {"until"}) : unknown_key(*body, {})) return *bad;
    std::string until;
    if (const json::value* given = body->if_contains("until")) {
        if (!given->is_string()) return bad_request("until is not a text");
        until = std::string(given->get_string());
    }
    return reply_or_refuse(now.service.act(now.task, what, until), 202);
}

response quarantine(const call& now, table_verb what) {
    const auto body = body_object(now.asked);
    if (!body) return body.error();
    if (auto bad = unknown_key(*body, {"table"})) return *bad;
    const json::value* table = body->if_contains("table");
    if (table == nullptr || !table->is_string()) return bad_request("needed is table, a text");
    return reply_or_refuse(
        now.service.quarantine(now.task, std::string(table->get_string()), what));
}

response healthz(const call&) {
    return reply(json::object{{"status", "ok"}});
}

response readyz(const call& now) {
    const bool ready = now.service.is_ready();
    return reply(json::object{{"status", ready ? "ready" : "not ready"}}, ready ? 200 : 503);
}

response metrics(const call& now) {
    response made;
    made.content_type = "text/plain; version=0.0.4; charset=utf-8";
    made.body = metrics_text(now.service.tasks(), now.service.process(), now.settings.http(),
                             now.settings.version);
    return made;
}

response openapi(const call&) {
    const auto document = find_asset("openapi.json");
    return document ? reply_text(std::string(document->bytes))
                    : error_response(500, "internal", "the document is missing");
}

response asset(const call& now) {
    const auto found = find_asset("console/" + (now.name.empty() ? "index.html" : now.name));
    if (!found) return error_response(404, "not_found", "there is no such page");
    response made;
    made.content_type = found->content_type;
    made.body = found->bytes;
    return made;
}

response version(const call& now) {
    return reply(json::object{{"version", now.settings.version},
                              {"role", to_string(now.asked.who.may)},
                              {"token", state::as_utf8(now.asked.who.name)}});
}

response list_tasks(const call& now) {
    return reply(to_object(now.service.tasks()));
}

response show_task(const call& now) {
    return reply_or_refuse(now.service.task(now.task));
}

response show_definition(const call& now) {
    return reply_or_refuse(now.service.definition(now.task));
}

response create_task(const call& now) {
    const auto given = read_definition(now.asked);
    if (!given) return given.error();
    return reply_or_refuse(now.service.create(now.asked.who, *given), 201);
}

response modify_task(const call& now) {
    const auto given = read_definition(now.asked);
    if (!given) return given.error();
    return reply_or_refuse(now.service.modify(now.asked.who, now.task, *given));
}

response remove_task(const call& now) {
    if (auto bad = unknown_parameter(now.asked, {"traces"})) return *bad;
    const auto traces = now.asked.to.query.find("traces");
    const bool given = traces != now.asked.to.query.end();
    if (given && traces->second != "true" && traces->second != "false")
        return bad_request("traces is neither true nor false");
    const auto removed = now.service.remove(now.task, given && traces->second == "true");
    if (!removed) return refuse(removed.error());
    return reply(json::object{{"removed", now.task}});
}

response precheck_task(const call& now) {
    return reply_or_refuse(now.service.precheck(now.task));
}

response precheck_new(const call& now) {
    const auto given = read_definition(now.asked);
    if (!given) return given.error();
    return reply_or_refuse(now.service.precheck_definition(now.asked.who, *given));
}

response test_connection(const call& now) {
    const auto endpoint = read_endpoint(now.asked);
    if (!endpoint) return endpoint.error();
    return reply_or_refuse(now.service.test_connection(now.asked.who, *endpoint));
}

response list_objects(const call& now) {
    const auto endpoint = read_endpoint(now.asked);
    if (!endpoint) return endpoint.error();
    return reply_or_refuse(now.service.objects(now.asked.who, *endpoint));
}

response search_relay(const call& now) {
    return reply_or_refuse(now.service.relay_search(now.task, now.name, now.asked.to.query));
}

response show_log(const call& now) {
    if (auto bad = unknown_parameter(now.asked, {"lines"})) return *bad;
    std::size_t lines = 200;
    if (const auto given = now.asked.to.query.find("lines"); given != now.asked.to.query.end()) {
        const auto& text = given->second;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), lines);
        if (failed != std::errc() || end != text.data() + text.size() || lines == 0 ||
            lines > 10'000)
            return bad_request("lines is no number from 1 to 10000");
    }
    return reply_or_refuse(now.service.log(now.task, lines));
}

response events(const call&) {
    response made;
    made.content_type = "text/event-stream";
    made.event_stream = true;
    return made;
}

std::vector<std::string_view> parts_of(std::string_view pattern) {
    std::vector<std::string_view> parts;
    pattern.remove_prefix(1);
    while (!pattern.empty()) {
        const auto end = std::min(pattern.find('/'), pattern.size());
        parts.push_back(pattern.substr(0, end));
        pattern.remove_prefix(std::min(end + 1, pattern.size()));
    }
    return parts;
}

} // namespace

struct router::route {
    std::string_view method;
    std::string_view pattern;
    role needed;
    bool slow;
    response (*handler)(const call&);
};

std::span<const router::route> router::table() {
    using enum role;
    static const auto routes = std::to_array<route>({
        {"GET", "/", nobody, false, asset},
        {"GET", "/console/{name}", nobody, false, asset},
        {"GET", "/healthz", nobody, false, healthz},
        {"GET", "/readyz", nobody, false, readyz},
        {"GET", "/metrics", nobody, false, metrics},
        {"GET", "/openapi.json", nobody, false, openapi},
        {"GET", "/api/v1/version", viewer, false, version},
        {"GET", "/api/v1/events", viewer, false, events},
        {"GET", "/api/v1/tasks", viewer, false, list_tasks},
        {"POST", "/api/v1/tasks", operator_, true, create_task},
        {"GET", "/api/v1/tasks/{task}", viewer, false, show_task},
        {"PUT", "/api/v1/tasks/{task}", operator_, true, modify_task},
        {"DELETE", "/api/v1/tasks/{task}", operator_, true, remove_task},
        {"GET", "/api/v1/tasks/{task}/definition", operator_, false, show_definition},
        {"GET", "/api/v1/tasks/{task}/log", viewer, false, show_log},
        {"POST", "/api/v1/tasks/{task}/start", operator_, true,
         [](const call& now) { return act(now, verb::start); }},
        {"POST", "/api/v1/tasks/{task}/pause", operator_, true,
         [](const call& now) { return act(now, verb::pause); }},
        {"POST", "/api/v1/tasks/{task}/resume", operator_, true,
         [](const call& now) { return act(now, verb::resume); }},
        {"POST", "/api/v1/tasks/{task}/stop", operator_, true,
         [](const call& now) { return act(now, verb::stop); }},
        {"POST", "/api/v1/tasks/{task}/quarantine", operator_, true,
         [](const call& now) { return quarantine(now, table_verb::set_aside); }},
        {"POST", "/api/v1/tasks/{task}/quarantine/resume", operator_, true,
         [](const call& now) { return quarantine(now, table_verb::resume); }},
        {"POST", "/api/v1/tasks/{task}/quarantine/reload", operator_, true,
         [](const call& now) { return quarantine(now, table_verb::reload); }},
        {"POST", "/api/v1/tasks/{task}/precheck", operator_, true, precheck_task},
        {"GET", "/api/v1/tasks/{task}/relay/{name}", operator_, true, search_relay},
        {"POST", "/api/v1/precheck", operator_, true, precheck_new},
        {"POST", "/api/v1/test-connection", operator_, true, test_connection},
        {"POST", "/api/v1/objects", operator_, true, list_objects},
    });
    return routes;
}

namespace {

// The parts of a path that stand for {task} and {name}; nothing if the path is another's.
std::optional<std::pair<std::string, std::string>> match(std::string_view pattern,
                                                         const std::vector<std::string>& path) {
    const auto parts = parts_of(pattern);
    if (parts.size() != path.size()) return std::nullopt;
    std::pair<std::string, std::string> found;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (parts[i] == "{task}")
            found.first = path[i];
        else if (parts[i] == "{name}")
            found.second = path[i];
        else if (parts[i] != path[i])
            return std::nullopt;
    }
    return found;
}

} // namespace

router::router(task_service& service, settings with)
    : service_(service), settings_(std::move(with)) {}

response router::handle(const request& asked) const {
    std::string methods;
    for (const route& one : table()) {
        auto names = match(one.pattern, asked.to.path);
        if (!names) continue;
        if (one.method != asked.method) {
            methods += (methods.empty() ? "" : ", ") + std::string(one.method);
            continue;
        }
        role needed = one.needed;
        if (one.pattern == "/metrics" && !settings_.open_metrics) needed = role::viewer;
        if (asked.who.may < needed) {
            if (asked.who.may == role::nobody)
                return error_response(401, "no_token",
                                      "needed is Authorization: Bearer with a token");
            return error_response(403, "not_allowed",
                                  "needed is a token of the role " +
                                      std::string(to_string(needed)));
        }
        const call now{service_, asked, settings_, std::move(names->first),
                       std::move(names->second)};
        return one.handler(now);
    }
    if (methods.empty()) return error_response(404, "not_found", "there is nothing at this path");
    auto made = error_response(405, "method_not_allowed", "allowed here: " + methods);
    made.allow = methods;
    return made;
}

bool router::is_slow(const request& asked) {
    return std::ranges::any_of(table(), [&](const route& one) {
        return one.slow && one.method == asked.method && match(one.pattern, asked.to.path);
    });
}

std::vector<router::route_info> router::routes() {
    std::vector<route_info> all;
    for (const route& one : table())
        all.push_back({one.method, one.pattern, one.needed});
    return all;
}

} // namespace understudy::api
