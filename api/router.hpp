#pragma once

#include "api/audit_log.hpp"
#include "api/message.hpp"
#include "api/metrics.hpp"
#include "api/task_service.hpp"

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::api {

// From a request to a response: finds the route, looks at the caller's role, reads the body, asks
// the service. Knows no sockets. Several threads.
class router {
public:
    struct settings {
        std::string version;
        // Where metrics may be read without a token: on this machine only.
        bool open_metrics = true;
        std::function<http_figures()> http = [] { return http_figures{}; };
    };
    router(task_service& service, settings with);

    [[nodiscard]] response handle(const request& asked) const;

    // The route may take long (it asks servers), so it gets a thread where it holds up nobody.
    [[nodiscard]] static bool is_slow(const request& asked);

    struct route_info {
        std::string_view method;
        std::string_view pattern; // "/api/v1/tasks/{task}"
        role needed;
    };
    [[nodiscard]] static std::vector<route_info> routes();

private:
    struct route;
    [[nodiscard]] static std::span<const route> table();

    task_service& service_;
    const settings settings_;
};

} // namespace understudy::api
