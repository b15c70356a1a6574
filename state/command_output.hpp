#pragma once

#include "protocol/result.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace understudy::state {

// What a program prints on its standard output: at most 64 KiB, within that time; it is killed
// otherwise. argv[0] is a path, or a name found in PATH; no shell is between. Its standard error is
// ours. errc::io_failed says what went wrong, without quoting the output. Blocks. Any thread.
[[nodiscard]] protocol::result<std::string>
command_output(const std::vector<std::string>& argv,
               std::chrono::milliseconds timeout = std::chrono::seconds(10));

} // namespace understudy::state
