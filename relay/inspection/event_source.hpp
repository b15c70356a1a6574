#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace understudy::relay::inspection {

// One event as the source sent it, and where it stands in the source's log. Good until the next
// call of the source that gave it.
struct raw_event {
    std::span<const std::byte> bytes;
    std::string_view file; // the source's binary log file
    std::uint64_t start_offset = 0;
    std::uint64_t end_offset = 0;
    bool artificial = false; // a format description that is not part of the file
};

// Where the inspection tool gets events from: a relay directory, a segment, a binary log file,
// standard input. Read-only, never locks anything. One thread.
class event_source {
public:
    virtual ~event_source() = default;
    // The next event in order; nothing at the present end. Sources that are followed may have more
    // when they are asked again.
    [[nodiscard]] virtual protocol::result<std::optional<raw_event>> next() = 0;
    // What stands behind the last whole event or frame: a writer at work, or what a crash left.
    [[nodiscard]] virtual std::uint64_t unfinished_bytes() const = 0;
    // For messages: which file is read, and where in it.
    [[nodiscard]] virtual std::string place() const = 0;
};

} // namespace understudy::relay::inspection
