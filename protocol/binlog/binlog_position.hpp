#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace understudy::protocol {

// A place in a source's binary log: file name and offset. The offset is 64 bits wide although event
// headers carry 32: files grow past 4 GiB when one transaction does, and a wrapped offset would
// skip events without a word.
struct binlog_position {
    std::string file;
    std::uint64_t offset = 4;

    bool operator==(const binlog_position&) const = default;
    // By file number ("binlog.999999" < "binlog.1000000"), then offset. Only meaningful for one
    // server's log.
    [[nodiscard]] std::strong_ordering operator<=>(const binlog_position& other) const;
    [[nodiscard]] std::string to_string() const { return file + ":" + std::to_string(offset); }
};

// The 64-bit offset of an event's end, from the previous offset in the same file and the header's
// 32-bit end_log_pos. end_log_pos 0 (artificial events) leaves the position as it is.
[[nodiscard]] std::uint64_t advance_offset(std::uint64_t previous, std::uint32_t end_log_pos);

} // namespace understudy::protocol
