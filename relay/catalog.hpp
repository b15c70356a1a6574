#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/result.hpp"
#include "relay/file.hpp"
#include "relay/format.hpp"
#include "relay/segment_index.hpp"
#include "state/position.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace understudy::relay {

// One segment, as far as it is kept in memory.
struct segment_info {
    std::uint64_t number = 0;
    std::uint64_t first_frame = 0;
    std::uint64_t frame_count = 0;
    state::source_position base;   // where it begins
    protocol::binlog_position end; // of its last frame; where it begins if it has none
    std::uint64_t stored_bytes = 0;
    std::uint64_t raw_bytes = 0;
    std::uint64_t written_us = 0; // last change, since 1970
    bool sealed = false;

    [[nodiscard]] std::uint64_t next_frame() const { return first_frame + frame_count; }
};

// The segments of a log, oldest first, and the frames of the one that is being written.
// Thread-safe: the writing thread adds, readers look up, the receiver's thread retires.
class catalog {
public:
    void add(segment_info segment, std::vector<frame_entry> frames);
    // Of the last segment.
    void add_frame(const frame_entry& entry);
    void cut(std::uint64_t first_dropped_frame);
    void seal(std::uint64_t stored_bytes, std::uint64_t now_us);
    void remove_first();
    // What another catalog, used by nobody else, holds.
    void take(catalog&& other);

    [[nodiscard]] std::vector<segment_info> segments() const;
    [[nodiscard]] std::optional<segment_info> first() const;
    [[nodiscard]] std::optional<segment_info> last() const;
    // The segment that holds this frame.
    [[nodiscard]] std::optional<segment_info> segment_of(std::uint64_t frame) const;
    // Frames of the last segment; of a sealed one they stand in its footer.
    [[nodiscard]] std::vector<frame_entry> frames_of_last(std::uint64_t segment_number) const;
    [[nodiscard]] std::optional<frame_entry> frame_of_last(std::uint64_t frame) const;

    struct totals {
        std::uint64_t raw_bytes = 0;
        std::uint64_t stored_bytes = 0;
        std::uint64_t segments = 0;
    };
    [[nodiscard]] totals sum() const;

private:
    mutable std::mutex mutex_;
    std::deque<segment_info> segments_;
    std::vector<frame_entry> last_frames_;
    totals totals_;
};

} // namespace understudy::relay
