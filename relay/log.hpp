#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/binlog/boundary.hpp"
#include "protocol/binlog/event_header.hpp"
#include "protocol/gtid/gtid.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "protocol/gtid/uuid.hpp"
#include "protocol/result.hpp"
#include "relay/key_ring.hpp"
#include "state/position.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace understudy::relay {

struct log_options {
    std::filesystem::path directory;
    protocol::uuid
        source_uuid; // written into every segment; a directory of another source is refused
    std::uint64_t segment_bytes_max =
        64U << 20U; // stored size at which a segment is sealed (at a group boundary)
    std::uint32_t frame_bytes_max =
        1U << 20U; // raw size of a frame; a larger event spans several frames
    std::uint64_t memory_bytes_max = 24U << 20U; // recent frames kept in memory for live readers
    int zstd_level = 1;
    std::chrono::milliseconds sync_interval{
        1'000}; // fsync at least this often while data arrives, and at every seal
    std::uint64_t disk_reserve_bytes = 64U << 20U;
    std::uint64_t retention_bytes_max = 0; // 0: no limit
    std::chrono::seconds retention_age_max{std::chrono::hours{24}};
    // Of the filters of one segment (key_index), which are made in the background; 0: none are.
    std::uint64_t key_index_bytes_max = 2U << 20U;
    key_ring keys; // what is new on disk is encrypted with the newest; empty: it is not
};

class definition_store;

// Raw bytes of one frame in memory, shared by the writer and its readers. Never reallocated while
// shared.
class frame_buffer;

// One event of the log. bytes stay valid as long as owner is held.
struct stored_event {
    std::shared_ptr<const frame_buffer> owner;
    std::span<const std::byte> bytes;
    std::shared_ptr<const std::string> file; // source's binary log file
    std::uint64_t end_offset = 0;            // of this event in that file
};

// Reads events in order from a position, first from disk, then from memory as they arrive. One
// thread at a time; any number of readers beside the one writer. Gives only complete groups: what
// it has given is never taken back.
class reader {
public:
    virtual ~reader() = default;
    // The next event; nullopt: nothing more at the moment (wait with log::on_data or log::wait).
    // The format description in force is given before the first event and whenever it changes.
    [[nodiscard]] virtual protocol::result<std::optional<stored_event>> next() = 0;
    // Bytes of events that next() would give from memory until it has nothing more; nullopt: some
    // of them are on disk. Does not wait.
    [[nodiscard]] virtual std::optional<std::uint64_t> unread() const = 0;
    // Retention keeps everything from here on as long as the reader lives.
    virtual void release_until(const protocol::binlog_position& applied) = 0;
};

// The relay log of one task: a directory of segments (docs/relay-format.md), one writer (the
// receiver), many readers. append() and its kin: the receiver's thread only. Everything else: any
// thread. Frames are compressed and written by a thread of the log's own; append() blocks when that
// thread is behind (that is the back-pressure).
class log {
public:
    // Opens or creates the directory, takes its lock, verifies the last segment, cuts a torn tail
    // and an unfinished group.
    [[nodiscard]] static protocol::result<std::unique_ptr<log>> open(log_options options);
    virtual ~log() = default; // flushes, fsyncs, joins the thread

    // Whose log this is; zero for a server without a UUID.
    [[nodiscard]] virtual const protocol::uuid& source() const = 0;
    // Nothing stored and no start given yet.
    [[nodiscard]] virtual bool empty() const = 0;
    // Where the stored log begins and where its last complete group ends (in GTID mode with
    // everything the log holds or was based on).
    [[nodiscard]] virtual state::source_position begin() const = 0;
    [[nodiscard]] virtual state::source_position end() const = 0;
    // Throws away everything stored and starts anew at `start` (first start, or the relay is behind
    // the checkpoint).
    [[nodiscard]] virtual protocol::result<void> reset(state::source_position start) = 0;

    // The following events stand in this file of the source (a fake rotate said so).
    [[nodiscard]] virtual protocol::result<void>
    switch_file(protocol::binlog_position position) = 0;
    // Appends one event as received. In memory only when this returns; readers see it when its
    // group is complete. role: what the boundary said of it. id: the group's GTID, given with the
    // event that starts the group.
    [[nodiscard]] virtual protocol::result<void> append(const protocol::event_view& event,
                                                        std::uint64_t end_offset,
                                                        protocol::boundary::role role,
                                                        const protocol::gtid* id) = 0;
    // An artificial format description (needed by readers, not part of the source's file).
    [[nodiscard]] virtual protocol::result<void>
    set_format(std::span<const std::byte> format_description) = 0;
    // The connection broke inside a group: its events are taken out again, the source will send
    // them anew.
    [[nodiscard]] virtual protocol::result<void> abandon_open_group() = 0;
    // The source skipped ahead inside the file without events for us (heartbeat position).
    virtual void note_position(const protocol::binlog_position& position) = 0;
    // Hands the open frame to the writing thread; when durable is true waits until everything is
    // fsynced.
    [[nodiscard]] virtual protocol::result<void> flush(bool durable) = 0;

    // After errc::disk_full from append/flush: true once there is room again (then the same call
    // may be repeated).
    [[nodiscard]] virtual bool has_room() const = 0;

    // position: the end of a group (a checkpoint), or begin(). position_not_held if the log does
    // not have it.
    [[nodiscard]] virtual protocol::result<std::unique_ptr<reader>>
    open_reader(const state::source_position& position) = 0;
    // All that the log has, or was based on, before that position: what a reader from there is not
    // given. Reads a part of a segment.
    [[nodiscard]] virtual protocol::result<protocol::gtid_set>
    executed_before(const protocol::binlog_position& position) = 0;
    // Called (from the receiver's thread) whenever new complete groups are readable. One callback;
    // empty to remove.
    virtual void on_data(std::function<void()> callback) = 0;

    // Deletes sealed segments by size and age, never one that a reader or `needed` still needs.
    [[nodiscard]] virtual protocol::result<void>
    retire(const protocol::binlog_position& needed) = 0;

    // What the tables looked like whose rows are in the log. Lives as long as the log.
    [[nodiscard]] virtual definition_store& definitions() = 0;

    struct sizes {
        std::uint64_t raw_bytes = 0;    // events as received
        std::uint64_t stored_bytes = 0; // files
        std::uint64_t segments = 0;
    };
    [[nodiscard]] virtual sizes size() const = 0;
};

} // namespace understudy::relay
