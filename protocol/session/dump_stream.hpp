#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace understudy::protocol {

// Makes sense of the events of one binary log dump, in order. Pure: bytes in, values out. Used by
// the receiver. Follows fake rotates (they name the file, are never stored or counted), checks the
// CRC of every event by the current format description, keeps the 64-bit position, refuses unknown
// events that are not flagged ignorable.
class dump_stream {
public:
    enum class kind : std::uint8_t {
        event,      // to be stored
        file,       // a fake rotate: `position` is where the following events stand
        heartbeat,  // nothing to store; `position` is how far the source has read
        artificial, // made for this connection (a format description with end_log_pos 0 in the
                    // middle of a file, MariaDB's artificial GTID_LIST): needed for decoding, not
                    // part of the log
    };
    struct item {
        kind what = kind::event;
        event_view event;
        std::uint64_t end_offset = 0; // of this event in its file
    };

    // start: where the dump was asked to begin; the file may be empty (the source names it in its
    // first fake rotate).
    explicit dump_stream(binlog_position start, std::uint32_t event_size_max = 1U << 30U);

    [[nodiscard]] result<item> feed(std::span<const std::byte> event);

    [[nodiscard]] const binlog_position& position() const {
        return position_;
    } // end of the last event fed
    [[nodiscard]] const std::optional<format_description>& format() const { return format_; }

private:
    [[nodiscard]] result<item> feed_format(std::span<const std::byte> bytes,
                                           const event_header& header);
    [[nodiscard]] result<item> feed_rotate(const event_view& event, bool has_checksum);
    [[nodiscard]] result<item> feed_heartbeat(const event_view& event);
    [[nodiscard]] std::string where() const;

    binlog_position position_;
    std::optional<format_description> format_;
    std::uint32_t event_size_max_;
};

} // namespace understudy::protocol
