#pragma once

#include <system_error>

namespace understudy::apps {

// Why a daemon does not do what it is asked for.
enum class serve_errc {
    no_such_task = 1,
    task_exists,
    not_now,       // the state of the task does not allow it
    limit_reached, // of all tasks together
    not_allowed,   // the caller's role does not
    daemon_failed, // something on the daemon's machine
};

[[nodiscard]] const std::error_category& serve_category() noexcept;
[[nodiscard]] std::error_code make_error_code(serve_errc code) noexcept;

} // namespace understudy::apps

template<>
struct std::is_error_code_enum<understudy::apps::serve_errc> : std::true_type {};
