#include "apps/task_limits.hpp"

#include "state/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>

namespace understudy::apps {

namespace {

// Receiver, watcher, checkpoint, applier: besides those of the initial copy.
constexpr std::uint32_t stream_connections = 4;

// Sessions that make keys: one beside the readers, and one of each that has no rows left to read.
std::uint32_t key_connections(const state::task_spec& task) {
    return task.initial.schema && task.initial.data ? task.initial.connections + 1 : 0;
}

} // namespace

task_needs needs_of(const state::task_spec& task) {
    // A group is held as it came and as the statement it becomes (base64: a third more); each
    // reader of the copy holds a chunk as read and as written.
    const std::uint64_t group = task.apply.group_bytes_max / 3 * 7;
    const std::uint64_t chunks =
        std::uint64_t{2} * task.initial.connections * task.initial.chunk_bytes;
    return {.memory_bytes = task.relay.memory_bytes + std::max(group, chunks),
            .connections =
                2 * task.initial.connections + key_connections(task) + stream_connections,
            .relay_bytes = task.relay.bytes_max,
            .share = task.relay.share,
            .share_memory_bytes = task.relay.share.empty() ? 0 : task.relay.memory_bytes};
}

std::optional<std::string> refuse(const task_limits& limits, std::span<const task_needs> running,
                                  const task_needs& wanted) {
    task_needs sum = wanted;
    std::set<std::string> shares{wanted.share};
    for (const task_needs& task : running) {
        const bool is_counted = !task.share.empty() && !shares.insert(task.share).second;
        sum.memory_bytes += task.memory_bytes - (is_counted ? task.share_memory_bytes : 0);
        sum.connections += task.connections;
        sum.relay_bytes += is_counted ? 0 : task.relay_bytes;
    }
    if (limits.tasks != 0 && running.size() + 1 > limits.tasks)
        return fmt::format("{} tasks run already, and --tasks-max is {}", running.size(),
                           limits.tasks);
    if (limits.memory_bytes != 0 && sum.memory_bytes > limits.memory_bytes) {
        return fmt::format("with it the tasks that run may use {} of memory, and --memory-max is "
                           "{}; lower relay.memory_bytes or apply.group_bytes_max",
                           state::byte_size_text(sum.memory_bytes),
                           state::byte_size_text(limits.memory_bytes));
    }
    if (limits.connections != 0 && sum.connections > limits.connections) {
        return fmt::format("with it the tasks that run may have {} connections, and "
                           "--connections-max is {}; lower initial.connections",
                           sum.connections, limits.connections);
    }
    if (limits.relay_bytes == 0) return std::nullopt;
    if (wanted.relay_bytes == 0)
        return "with --relay-max each task needs relay.bytes_max, and this one has none";
    if (sum.relay_bytes > limits.relay_bytes) {
        return fmt::format("with it the relay logs of the tasks that run may have {}, and "
                           "--relay-max is {}; lower relay.bytes_max",
                           state::byte_size_text(sum.relay_bytes),
                           state::byte_size_text(limits.relay_bytes));
    }
    return std::nullopt;
}

} // namespace understudy::apps
