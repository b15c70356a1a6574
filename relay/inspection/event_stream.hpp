#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/transaction_payload.hpp"
#include "relay/inspection/event_source.hpp"
#include "relay/server_turn.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::relay::inspection {

// An event that was split into header and body. Good until the stream's next call; the format until
// the next format description.
struct stream_event {
    protocol::event_view event;
    const protocol::format_description* format = nullptr;
    std::string_view file;
    std::uint64_t start_offset = 0; // events of a compressed transaction: of their payload
    std::uint64_t end_offset = 0;
    bool artificial = false;
    bool unpacked = false; // from within a TRANSACTION_PAYLOAD; has no checksum

    [[nodiscard]] std::string place() const {
        return std::string(server_turn::own_name(file)) + ":" + std::to_string(start_offset);
    }
};

// The events of a source, with those of compressed transactions behind the TRANSACTION_PAYLOAD that
// holds them. Keeps the format description in force. One thread.
class event_stream {
public:
    // check: the checksum of every event that has one is compared (frames of segments have their
    // own).
    enum class checksums : std::uint8_t { trust, check };
    event_stream(std::unique_ptr<event_source> source, checksums how)
        : source_(std::move(source)), how_(how) {}

    // nullopt: nothing more (at the moment). Errors name the file and offset.
    [[nodiscard]] protocol::result<std::optional<stream_event>> next();
    [[nodiscard]] event_source& source() { return *source_; }

private:
    [[nodiscard]] protocol::result<void> decode(const raw_event& raw);

    std::unique_ptr<event_source> source_;
    checksums how_;
    std::optional<protocol::format_description> format_;
    stream_event current_; // the last one that was not unpacked
    std::optional<protocol::payload_events> inside_;
};

} // namespace understudy::relay::inspection
