#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/gtid/gtid.hpp"
#include "protocol/result.hpp"
#include "relay/frame_buffer.hpp"
#include "state/position.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace understudy::relay {

// The newest frames of a log, in memory, in order of their numbers without a hole. It is where the
// appending thread, the writing thread and readers meet:
//
//   … on disk and forgotten | on disk, still here | closed, to be written | open (at most one)
//                                          ↑ written                ↑ closed
//
// A frame is forgotten only when it is on disk. Readers see frames up to the visible one, which
// never stands inside a group. Thread-safe; each function names its thread.
class live_frames {
public:
    using clock = std::chrono::steady_clock;
    using frame_pointer = std::shared_ptr<frame_buffer>;

    struct limits {
        std::uint64_t memory_bytes = 0;
        std::size_t unwritten_frames = 2;
    };
    // written: number of the last frame on disk.
    live_frames(limits bounds, std::uint64_t written, state::source_position end);

    // --- appending thread
    // Waits while the writing thread is behind. The error that stalls or has ended it.
    [[nodiscard]] protocol::result<void> admit();
    // Waits for the same, but takes a stall for an answer: the rest of a large event has to go
    // somewhere.
    void slow_down();
    [[nodiscard]] std::uint64_t next_number() const;
    void open(frame_pointer frame);
    void close(frame_buffer& frame); // the open one
    // Readers may see everything up to `readable` bytes of this frame; the log now ends there.
    void publish(frame_buffer& frame, std::size_t readable, std::uint64_t end_offset,
                 const protocol::gtid* id);
    void set_end(protocol::binlog_position position);
    // Takes out all frames from this number on (none of them visible), from the disk too.
    [[nodiscard]] protocol::result<void> drop_from(std::uint64_t number);
    // Waits until everything closed is on disk and fsynced.
    [[nodiscard]] protocol::result<void> wait_durable();

    // --- writing thread
    struct work {
        frame_pointer frame; // to be written
        std::optional<std::uint64_t> drop_from;
        bool sync = false;    // somebody waits for it
        bool partial = false; // the open frame's data waited long enough
        bool stop = false;
    };
    [[nodiscard]] work wait_for_work(clock::time_point until, clock::duration partial_after);
    void set_written(std::uint64_t number);
    void set_durable(); // everything written
    void set_dropped();
    // Not to be mended: every call fails from now on.
    void set_failed(protocol::error reason);
    void set_stalled(protocol::error reason);

    // --- any thread
    void stop();
    void resume(); // after a stall
    [[nodiscard]] std::optional<protocol::error> stall() const;
    [[nodiscard]] state::source_position end() const;
    [[nodiscard]] std::uint64_t unwritten_bytes() const;

    // --- readers
    struct found {
        enum class place : std::uint8_t { memory, disk, nowhere } where = place::nowhere;
        std::shared_ptr<const frame_buffer> frame;
    };
    // A visible frame; nowhere: not yet.
    [[nodiscard]] found find(std::uint64_t number) const;
    struct spot {
        std::uint64_t number = 0;
        std::optional<std::uint64_t> source_offset; // inside this frame; nothing: from its start
    };
    // Visible bytes behind so many of this frame; nullopt: not all of them are in memory.
    [[nodiscard]] std::optional<std::uint64_t> readable_from(std::uint64_t number,
                                                             std::size_t offset) const;
    // Where events after this position begin, as far as visible frames in memory tell.
    [[nodiscard]] std::optional<spot> find(const protocol::binlog_position& position) const;
    // Where events after everything visible begin, if the log ends at `position`.
    [[nodiscard]] std::optional<spot> find_end(const protocol::binlog_position& position) const;
    // The last format description frame with a number up to this one, of those that passed here.
    [[nodiscard]] std::shared_ptr<const frame_buffer> format_before(std::uint64_t number) const;
    // To be called when nothing was found, before looking once more: publish() will call back.
    void announce_waiting() { reader_waits_.store(true); }
    void on_data(std::function<void()> callback);

private:
    [[nodiscard]] std::size_t unwritten() const {
        return static_cast<std::size_t>(closed_ - written_);
    }
    void forget();

    const limits limits_;
    mutable std::mutex mutex_;
    std::condition_variable writer_wakes_;
    std::condition_variable appender_wakes_;
    std::deque<frame_pointer> frames_;
    std::vector<std::shared_ptr<const frame_buffer>> formats_;
    std::uint64_t memory_bytes_ = 0;
    std::uint64_t written_;
    std::uint64_t closed_;
    std::uint64_t durable_;
    std::uint64_t last_; // number of the newest frame
    std::uint64_t visible_;
    std::optional<clock::time_point> open_since_; // first readable bytes of the open frame
    state::source_position end_;
    std::optional<std::uint64_t> drop_from_;
    std::size_t sync_waiters_ = 0;
    bool stop_ = false;
    std::optional<protocol::error> stalled_;
    std::optional<protocol::error> failed_;

    std::atomic<bool> busy_{false}; // admit() has to look closer
    std::atomic<bool> reader_waits_{true};
    std::mutex callback_mutex_;
    std::function<void()> callback_;
};

} // namespace understudy::relay
