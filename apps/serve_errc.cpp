#include "apps/serve_errc.hpp"

#include <string>

namespace understudy::apps {

namespace {

class category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "understudy.serve"; }

    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<serve_errc>(code)) {
        case serve_errc::no_such_task: return "there is no such task";
        case serve_errc::task_exists: return "there is such a task already";
        case serve_errc::not_now: return "the task is not in a state for that";
        case serve_errc::limit_reached: return "a limit of the daemon is reached";
        case serve_errc::not_allowed: return "this role may not do that";
        case serve_errc::daemon_failed: return "the daemon cannot do that";
        }
        return "unknown error of the daemon " + std::to_string(code);
    }
};

} // namespace

const std::error_category& serve_category() noexcept {
    static const category instance;
    return instance;
}

std::error_code make_error_code(serve_errc code) noexcept {
    return {static_cast<int>(code), serve_category()};
}

} // namespace understudy::apps
