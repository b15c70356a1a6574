// Whether what the source logs fits where the relay log is.

#include "precheck/items.hpp"

#include <algorithm>
#include <chrono>

namespace understudy::precheck {

namespace {

[[nodiscard]] std::string megabytes(std::uint64_t bytes) {
    return std::to_string(bytes >> 20U) + " MB";
}

// What the source's log grew by in a second, if it is kept as long as its setting says: a younger
// log has grown faster. 0: not known.
[[nodiscard]] double bytes_per_second(const source_seen& source) {
    const std::uint64_t kept = seconds_kept(source.server.settings);
    if (kept == 0 || !source.log_files) return 0;
    std::uint64_t bytes = 0;
    for (const source_seen::log_file& file : *source.log_files)
        bytes += file.size;
    return static_cast<double>(bytes) / static_cast<double>(kept);
}

// Not counting compression: how much that saves is not known before.
[[nodiscard]] std::uint64_t expected_bytes(const subject& about) {
    const auto& relay = about.spec.relay;
    const auto kept_for = static_cast<double>(relay.age_max.count());
    const auto written = static_cast<std::uint64_t>(bytes_per_second(about.source) * kept_for);
    return relay.bytes_max == 0 ? written : std::min(written, relay.bytes_max);
}

} // namespace

std::vector<item> disk_items(const subject& about) {
    if (!about.known.free_bytes) return {};
    const std::uint64_t free = *about.known.free_bytes;
    const std::uint64_t reserve = about.spec.relay.disk_reserve_bytes;
    // Later the relay log itself is part of what is used.
    const std::uint64_t expected = about.known.first_start ? expected_bytes(about) : 0;
    const std::string id = "relay.disk";
    const std::string title = "room for the relay log";
    std::string seen = megabytes(free) + " free";
    if (free >= reserve + expected) return {pass(id, severity::warning, title, seen)};
    if (free < reserve) {
        return {{id, severity::warning, outcome::failed, title,
                 seen + ", relay.disk_reserve_bytes = " + std::to_string(reserve),
                 "nothing is received while less than that is free, and the source may purge its "
                 "log meanwhile",
                 "Make room in the file system of the data directory (--data-dir)."}};
    }
    return {
        {id, severity::warning, outcome::failed, title,
         seen + ", the source logs some " + megabytes(expected) + " in the time of relay.age_max",
         "when the reserve is reached nothing is received until something is applied; an "
         "initial copy keeps all that is logged while it runs",
         "Make room in the file system of the data directory (--data-dir), or lower "
         "relay.age_max or set relay.bytes_max."}};
}

} // namespace understudy::precheck
