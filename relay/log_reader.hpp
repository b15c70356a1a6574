#pragma once

#include "relay/frame_source.hpp"
#include "relay/log.hpp"
#include "relay/log_parts.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace understudy::relay {

// Cuts frames back into events; see reader for what is promised. Events are views into the frames,
// except those larger than a frame, which are put together first.
class log_reader final : public reader {
public:
    [[nodiscard]] static protocol::result<std::unique_ptr<reader>>
    open(std::shared_ptr<log_parts> log, const protocol::binlog_position& position);

    ~log_reader() override;

    [[nodiscard]] protocol::result<std::optional<stored_event>> next() override;
    [[nodiscard]] std::optional<std::uint64_t> unread() const override;
    void release_until(const protocol::binlog_position& applied) override;

private:
    explicit log_reader(std::shared_ptr<log_parts> log) : log_(std::move(log)), frames_(log_) {}

    enum class advance : std::uint8_t { ready, wait };
    [[nodiscard]] protocol::result<advance> reach_bytes();
    [[nodiscard]] protocol::result<std::optional<stored_event>> take();
    [[nodiscard]] protocol::result<std::optional<stored_event>> take_part();
    [[nodiscard]] protocol::result<void> skip_to(std::uint64_t source_offset);
    [[nodiscard]] protocol::result<std::uint32_t> event_size() const;
    [[nodiscard]] bool event_is_cut() const;
    [[nodiscard]] std::uint64_t source_offset() const;

    std::shared_ptr<log_parts> log_;
    frame_source frames_;
    std::shared_ptr<const frame_buffer> format_; // to be given before the first event
    std::uint64_t format_offset_ = 0;
    std::uint64_t number_ = 0;
    std::optional<std::uint64_t> skip_to_;
    std::shared_ptr<const frame_buffer> frame_; // number_, once it was there
    std::size_t offset_ = 0;                    // in frame_
    std::shared_ptr<frame_buffer> whole_;       // an event from several frames
};

} // namespace understudy::relay
