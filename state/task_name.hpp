#pragma once

#include <cstddef>
#include <string_view>

namespace understudy::state {

inline constexpr std::size_t task_name_size_max = 64;

// [A-Za-z0-9_-]{1,64}: the name is a directory, a key on the target and a word on the command line.
[[nodiscard]] bool is_task_name(std::string_view text);

} // namespace understudy::state
