#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "protocol/gtid/uuid.hpp"
#include "protocol/result.hpp"
#include "relay/format.hpp"
#include "relay/key_ring.hpp"
#include "state/position.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace understudy::relay {

// Looking at a relay log from outside: read-only, without its lock, also while a task writes it.
// Used by the command line. Functions may be called from any thread. Encrypted segments need their
// keys: errc::bad_key.

struct segment_summary {
    std::filesystem::path path;
    std::uint64_t number = 0;
    protocol::uuid source;
    bool sealed = false;
    std::uint64_t created_us = 0; // since 1970
    state::source_position begin;
    protocol::binlog_position end; // of its last frame
    std::uint64_t frames = 0;
    std::uint64_t events = 0;
    std::uint64_t groups = 0;
    protocol::gtid_set gtids;   // of its groups
    std::uint32_t time_min = 0; // of its events, seconds since 1970; 0: none
    std::uint32_t time_max = 0;
    std::uint64_t raw_bytes = 0;
    std::uint64_t stored_bytes = 0; // the file
    std::string key_id;             // of the key it is encrypted with; empty: it is not
};

// All segments of a directory, oldest first. Sealed ones by their footers, the last one by its
// frames. A torn tail is left out, as the next open would cut it.
[[nodiscard]] protocol::result<std::vector<segment_summary>>
list_segments(const std::filesystem::path& where, const key_ring& keys = {});

struct verify_report {
    struct damage {
        std::filesystem::path path;
        std::uint64_t offset = 0;
        std::error_code code;
        std::string what;
    };
    std::uint64_t segments = 0;
    std::uint64_t frames = 0;
    std::uint64_t events = 0;
    std::uint64_t groups = 0;
    std::uint64_t raw_bytes = 0;
    std::uint64_t stored_bytes = 0;
    std::vector<damage> damages;
    // Bytes behind the last whole frame of the last segment: a crash, or a writer at work.
    std::uint64_t torn_bytes = 0;

    [[nodiscard]] bool good() const { return damages.empty(); }
};

// Reads and decompresses everything (a directory, or one segment file), checks every checksum, the
// CRC of every event that has one, that transactions begin and end where they may (also those
// within compressed ones), that their positions go on and their rows fit their tables, that frames
// and segments follow each other, and that footers say what is there. Damage is reported, not
// returned as an error: an error is that of the system. Segments are read by so many threads.
[[nodiscard]] protocol::result<verify_report>
verify(const std::filesystem::path& where, const key_ring& keys = {}, unsigned threads = 1);

// One event with its place, for visitors. Views live during the call.
struct walked_event {
    std::span<const std::byte> bytes;
    const std::string& file; // the source's binary log file
    std::uint64_t end_offset;
    const frame_header& frame; // in which it ends
    std::uint64_t segment_number;
    bool artificial; // a format description that is not part of the file
};

// Visits every event of a directory or of one segment file, in order. The format description in
// force at the beginning comes first. The visitor returns false to stop. Events of a group that is
// not complete yet are visited too, except a last one that is cut off. Damage is errc::corrupt with
// file and offset.
class segment_walker {
public:
    using visitor = std::function<bool(const walked_event&)>;

    explicit segment_walker(std::filesystem::path where, key_ring keys = {})
        : where_(std::move(where)), keys_(std::move(keys)) {}
    [[nodiscard]] protocol::result<void> walk(const visitor& visit) const;

private:
    std::filesystem::path where_;
    key_ring keys_;
};

} // namespace understudy::relay
