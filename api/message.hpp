#pragma once

#include "api/access.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::api {

// The path and the query of a request, decoded.
struct target {
    std::vector<std::string> path; // "/api/v1/tasks" is {"api", "v1", "tasks"}, "/" is {}
    std::map<std::string, std::string> query;
};

// Nothing for what no client of ours sends: no leading slash, a bad escape, control characters, "."
// or "..", an empty part, a slash or a NUL that came escaped, a parameter given twice.
[[nodiscard]] std::optional<target> parse_target(std::string_view text);

// A request as the router sees it; who sends it has been found out before.
struct request {
    std::string method{}; // "GET"
    target to{};
    std::string content_type{}; // without parameters, in lower case
    std::string body{};
    caller who{};
};

struct response {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::string allow; // for 405
    // Instead of a body: the server goes on sending the tasks' states as they change.
    bool event_stream = false;
};

// {"error": {"code": "not_found", "message": …}}
[[nodiscard]] response error_response(unsigned status, std::string_view code,
                                      std::string_view message);

} // namespace understudy::api
