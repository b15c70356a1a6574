#pragma once

#include "protocol/binlog/boundary.hpp"
#include "protocol/binlog/event_header.hpp"
#include "protocol/gtid/gtid.hpp"
#include "protocol/result.hpp"
#include "relay/log.hpp"
#include "state/position.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace understudy::relay_test {

// One event as a source would send it, with what the boundary says of it.
struct source_event {
    std::vector<std::byte> bytes;
    std::string file;
    std::uint64_t end_offset = 0;
    protocol::boundary::role role = protocol::boundary::role::outside;
    std::optional<protocol::gtid> id;

    [[nodiscard]] protocol::event_view view() const;
    [[nodiscard]] bool begins_file() const;
    [[nodiscard]] protocol::binlog_position end() const { return {file, end_offset}; }
};

// Makes up the log of a source, event by event: valid headers, positions and GTIDs, meaningless
// bodies.
class source_log {
public:
    explicit source_log(protocol::uuid source) : source_(source) {}

    // A new file: ROTATE at the end of the old one (if any), FORMAT_DESCRIPTION, PREVIOUS_GTIDS.
    void begin_file(bool with_rotate = true);
    // GTID, BEGIN, bodies of these sizes, XID.
    void add_group(const std::vector<std::size_t>& body_sizes);
    void add_random(std::minstd_rand& random, std::size_t events, std::size_t body_max);

    [[nodiscard]] const std::vector<source_event>& events() const { return events_; }
    // Where a reader is after the first `count` events; only at a group's end.
    [[nodiscard]] state::source_position position_after(std::size_t count) const;

private:
    void add(protocol::event_type type, std::size_t body_size, protocol::boundary::role role,
             std::optional<protocol::gtid> id = std::nullopt);

    protocol::uuid source_;
    std::vector<source_event> events_;
    std::uint32_t file_number_ = 0;
    std::uint64_t offset_ = 4;
    std::uint32_t timestamp_ = 1'700'000'000;
    std::int64_t next_gtid_ = 1;
    std::uint32_t salt_ = 1;
};

[[nodiscard]] protocol::uuid test_uuid();

// Appends one event as the receiver would, telling the log of a new file first.
[[nodiscard]] protocol::result<void> append(relay::log& log, const source_event& event);
// All of them, in which no error is expected.
void append_all(relay::log& log, std::span<const source_event> events);

// What a reader gives now, without format descriptions that are not in the source's file.
struct read_event {
    std::vector<std::byte> bytes;
    std::string file;
    std::uint64_t end_offset = 0;
};
[[nodiscard]] protocol::result<std::vector<read_event>> read_available(relay::reader& from);
// Empty if these are the expected events from `first` on, else what differs.
[[nodiscard]] std::string difference(std::span<const read_event> got,
                                     std::span<const source_event> expected);

} // namespace understudy::relay_test
