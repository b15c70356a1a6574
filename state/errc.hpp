#pragma once

#include <system_error>

namespace understudy::state {

// Errors of the state room. Each says what it means for the operator.
enum class errc {
    task_file_unreadable = 1, // the task file could not be opened or read
    task_file_invalid, // the task file says something that is not allowed; every problem is listed
    selection_invalid, // include, exclude and rename contradict each other
    already_running,   // another process runs this task from this data directory
    io_failed,         // the operating system refused a file operation in the data directory
    damaged,           // a file in the data directory does not hold what we wrote there
};

[[nodiscard]] const std::error_category& state_category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc code) noexcept;

} // namespace understudy::state

template<>
struct std::is_error_code_enum<understudy::state::errc> : std::true_type {};
