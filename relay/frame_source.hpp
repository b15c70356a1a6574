#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/result.hpp"
#include "relay/compression.hpp"
#include "relay/frame_buffer.hpp"
#include "relay/live_frames.hpp"
#include "relay/log_parts.hpp"
#include "relay/segment_reader.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace understudy::relay {

// Gives a reader the frames of a log by number, from memory if they are there, else from disk,
// decompressed once. One thread.
class frame_source {
public:
    explicit frame_source(std::shared_ptr<log_parts> log) : log_(std::move(log)) {}

    // Null: not there yet.
    [[nodiscard]] protocol::result<std::shared_ptr<const frame_buffer>> get(std::uint64_t number);
    // Where the events after this position begin; position_not_held.
    [[nodiscard]] protocol::result<live_frames::spot>
    find(const protocol::binlog_position& position);
    // The format description in force where this frame begins; null: none is known yet.
    [[nodiscard]] protocol::result<std::shared_ptr<const frame_buffer>>
    format_before(std::uint64_t number);
    // Where the frame given last stands on disk, for messages.
    [[nodiscard]] std::string place() const;

private:
    [[nodiscard]] protocol::result<std::shared_ptr<const frame_buffer>> read(std::uint64_t number);
    [[nodiscard]] protocol::result<void> open(const segment_info& segment);
    [[nodiscard]] protocol::result<std::vector<frame_entry>> frames_of(const segment_info& segment);
    [[nodiscard]] protocol::result<std::optional<live_frames::spot>>
    find_on_disk(const protocol::binlog_position& position);

    std::shared_ptr<log_parts> log_;
    frame_decoder decoder_;
    std::optional<segment_reader> segment_;
    std::shared_ptr<const std::string> file_;
    std::uint64_t next_number_ = 0; // the frame at next_offset_ of segment_; 0: unknown
    std::uint64_t next_offset_ = 0;
    std::uint64_t last_offset_ = 0;
};

} // namespace understudy::relay
