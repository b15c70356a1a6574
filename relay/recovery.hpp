#pragma once

#include "protocol/gtid/uuid.hpp"
#include "protocol/result.hpp"
#include "relay/catalog.hpp"
#include "relay/file.hpp"
#include "relay/segment_reader.hpp"
#include "relay/segment_writer.hpp"
#include "state/position.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace understudy::relay {

// The whole frames of an unsealed segment, and where they stop.
struct segment_scan {
    std::vector<frame_entry> frames; // up to the end of the last complete group
    std::uint64_t frames_end = 0;    // offset behind them
    std::uint64_t raw_bytes = 0;
    bool cut_needed = false; // something stands behind frames_end: a torn frame or half a group
};

// Reads frames up to `limit`. A damaged frame is a torn tail unless a later frame proves that it
// was on the disk once: frames say how much of the segment was fsynced before they were written.
// After a power cut blocks that were never fsynced may be missing in any order; blocks that were
// fsynced may not, and then it is errc::corrupt. `sealed`: nothing may be torn any more.
[[nodiscard]] protocol::result<segment_scan> scan_segment(segment_reader& reader,
                                                          std::uint64_t limit, bool sealed);

// What stands in the directory when a log is opened, after the tail has been mended.
struct recovered_log {
    std::optional<segment_writer> active; // the last segment, unless it is sealed
    std::optional<file_cipher> cipher;    // of the active segment; nullopt: it is not encrypted
    bool seal_first = false; // what comes goes into another segment: with the newest key
    state::source_position end;
    std::uint64_t last_frame = 0;              // 0: none
    std::vector<std::byte> format_description; // in force at the end
};

// Checks that all segments are there, fit together and belong to `source`; reads the last one
// through and cuts its tail after the last complete group. Fills `into`. Corruption is reported
// with file and offset; nothing is repaired then.
[[nodiscard]] protocol::result<recovered_log>
recover(directory& where, const protocol::uuid& source, catalog& into, const key_ring& keys = {});

// The numbers of the segments in a directory, in order; a hole is errc::corrupt.
[[nodiscard]] protocol::result<std::vector<std::uint64_t>> segment_numbers(directory& where);

// The format description in force at a segment's end.
[[nodiscard]] protocol::result<std::vector<std::byte>>
format_at_end(segment_reader& reader, const std::vector<frame_entry>& frames,
              std::uint64_t before_frame);

} // namespace understudy::relay
