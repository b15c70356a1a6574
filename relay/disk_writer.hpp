#pragma once

#include "protocol/gtid/uuid.hpp"
#include "protocol/result.hpp"
#include "relay/catalog.hpp"
#include "relay/compression.hpp"
#include "relay/file.hpp"
#include "relay/frame_buffer.hpp"
#include "relay/live_frames.hpp"
#include "relay/recovery.hpp"
#include "relay/segment_writer.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <thread>

namespace understudy::relay {

// The log's own thread: takes closed frames, compresses them, writes them into the last segment,
// seals and begins segments, fsyncs. When there is no room it stalls (live_frames says so) with the
// frame still in memory and the segment as before, until live_frames::resume().
class disk_writer {
public:
    struct options {
        protocol::uuid source;
        std::uint64_t segment_bytes_max = 0;
        int zstd_level = 1;
        std::chrono::milliseconds sync_interval{};
        std::chrono::milliseconds partial_after{};
        std::uint64_t disk_reserve_bytes = 0;
        key_ring keys{};
    };
    // cut_partial: closes the open frame if that can be done without waiting.
    disk_writer(options settings, directory& where, catalog& segments, live_frames& frames,
                recovered_log found, std::function<void()> cut_partial);
    // Writes and fsyncs what is closed (unless it is stalled or has failed), then ends the thread.
    ~disk_writer();
    disk_writer(const disk_writer&) = delete;
    disk_writer& operator=(const disk_writer&) = delete;

    // A segment without frames, so that the start survives. Before the first frame only.
    [[nodiscard]] static protocol::result<segment_writer>
    begin_segment(directory& where, catalog& segments, const segment_header& header,
                  file_cipher* cipher);
    // A new segment's, with the newest key.
    [[nodiscard]] static std::optional<file_cipher> new_cipher(const key_ring& keys);

private:
    void run();
    [[nodiscard]] bool work_once();
    [[nodiscard]] protocol::result<void> write(frame_buffer& frame);
    [[nodiscard]] protocol::result<void> make_segment();
    [[nodiscard]] protocol::result<void> seal();
    [[nodiscard]] protocol::result<void> check_room(std::uint64_t bytes);
    [[nodiscard]] file_cipher* cipher() { return at_.cipher ? &*at_.cipher : nullptr; }
    [[nodiscard]] protocol::result<void> drop(std::uint64_t from);
    [[nodiscard]] protocol::result<void> sync();
    // False: the thread has to end.
    [[nodiscard]] bool settle(const protocol::result<void>& done);

    const options settings_;
    directory& where_;
    catalog& segments_;
    live_frames& frames_;
    recovered_log at_; // the writing end: segment, position, format
    std::function<void()> cut_partial_;
    frame_encoder encoder_;
    std::optional<live_frames::clock::time_point> unsynced_since_;
    bool inside_group_ = false;
    std::jthread thread_;
};

// Microseconds since 1970.
[[nodiscard]] std::uint64_t wall_clock_us();

} // namespace understudy::relay
