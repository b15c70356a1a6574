#pragma once

#include "state/task_spec.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace understudy::apps {

// What all running tasks of one process may use together. 0: no limit.
struct task_limits {
    std::uint32_t tasks = 200;
    std::uint64_t memory_bytes = 0;
    std::uint32_t connections = 0;
    std::uint64_t relay_bytes = 0;
};

// What one task may use by its definition.
struct task_needs {
    std::uint64_t memory_bytes = 0; // relay.memory_bytes, groups, chunks
    std::uint32_t connections = 0;  // at most at the same time, both servers together
    std::uint64_t relay_bytes = 0;  // relay.bytes_max; 0: unbounded
    // Of relay.memory_bytes and relay_bytes: what all tasks of one relay.share use together.
    std::string share{};
    std::uint64_t share_memory_bytes = 0;
};

[[nodiscard]] task_needs needs_of(const state::task_spec& task);

// Why one more cannot run beside those; nothing if it can.
[[nodiscard]] std::optional<std::string>
refuse(const task_limits& limits, std::span<const task_needs> running, const task_needs& wanted);

} // namespace understudy::apps
