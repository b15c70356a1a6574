#include "relay/catalog.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace understudy::relay {

void catalog::add(segment_info segment, std::vector<frame_entry> frames) {
    const std::scoped_lock lock(mutex_);
    UNDERSTUDY_ASSERT(segments_.empty() || segments_.back().sealed);
    totals_.raw_bytes += segment.raw_bytes;
    totals_.stored_bytes += segment.stored_bytes;
    ++totals_.segments;
    segments_.push_back(std::move(segment));
    last_frames_ = std::move(frames);
}

void catalog::add_frame(const frame_entry& entry) {
    const std::scoped_lock lock(mutex_);
    auto& segment = segments_.back();
    UNDERSTUDY_ASSERT(entry.header.number == segment.next_frame());
    ++segment.frame_count;
    segment.stored_bytes = entry.next_offset();
    segment.raw_bytes += entry.header.raw_size;
    segment.end = entry.header.end();
    totals_.stored_bytes += entry.next_offset() - entry.offset;
    totals_.raw_bytes += entry.header.raw_size;
    last_frames_.push_back(entry);
}

void catalog::cut(std::uint64_t first_dropped_frame) {
    const std::scoped_lock lock(mutex_);
    auto& segment = segments_.back();
    while (segment.frame_count > 0 && segment.next_frame() > first_dropped_frame) {
        const auto& dropped = last_frames_.back();
        totals_.stored_bytes -= dropped.next_offset() - dropped.offset;
        totals_.raw_bytes -= dropped.header.raw_size;
        segment.raw_bytes -= dropped.header.raw_size;
        segment.stored_bytes = dropped.offset;
        --segment.frame_count;
        last_frames_.pop_back();
    }
    segment.end = last_frames_.empty() ? segment.base.binlog : last_frames_.back().header.end();
}

void catalog::seal(std::uint64_t stored_bytes, std::uint64_t now_us) {
    const std::scoped_lock lock(mutex_);
    auto& segment = segments_.back();
    totals_.stored_bytes += stored_bytes - segment.stored_bytes;
    segment.stored_bytes = stored_bytes;
    segment.written_us = now_us;
    segment.sealed = true;
}

void catalog::remove_first() {
    const std::scoped_lock lock(mutex_);
    UNDERSTUDY_ASSERT(segments_.size() > 1);
    const auto& segment = segments_.front();
    totals_.raw_bytes -= segment.raw_bytes;
    totals_.stored_bytes -= segment.stored_bytes;
    --totals_.segments;
    segments_.pop_front();
}

void catalog::take(catalog&& other) {
    const std::scoped_lock lock(mutex_, other.mutex_);
    segments_ = std::move(other.segments_);
    last_frames_ = std::move(other.last_frames_);
    totals_ = other.totals_;
}

std::vector<segment_info> catalog::segments() const {
    const std::scoped_lock lock(mutex_);
    return {segments_.begin(), segments_.end()};
}

std::optional<segment_info> catalog::first() const {
    const std::scoped_lock lock(mutex_);
    if (segments_.empty()) return std::nullopt;
    return segments_.front();
}

std::optional<segment_info> catalog::last() const {
    const std::scoped_lock lock(mutex_);
    if (segments_.empty()) return std::nullopt;
    return segments_.back();
}

std::optional<segment_info> catalog::segment_of(std::uint64_t frame) const {
    const std::scoped_lock lock(mutex_);
    const auto after = std::ranges::upper_bound(segments_, frame, {}, &segment_info::first_frame);
    if (after == segments_.begin()) return std::nullopt;
    // Segments without frames share their first number with the next one.
    const auto& segment = *std::prev(after);
    if (frame >= segment.next_frame()) return std::nullopt;
    return segment;
}

std::vector<frame_entry> catalog::frames_of_last(std::uint64_t segment_number) const {
    const std::scoped_lock lock(mutex_);
    if (segments_.empty() || segments_.back().number != segment_number) return {};
    return last_frames_;
}

std::optional<frame_entry> catalog::frame_of_last(std::uint64_t frame) const {
    const std::scoped_lock lock(mutex_);
    if (segments_.empty()) return std::nullopt;
    const auto& segment = segments_.back();
    // After a restart a sealed last segment is known by its footer only.
    if (frame < segment.first_frame || frame - segment.first_frame >= last_frames_.size()) {
        return std::nullopt;
    }
    return last_frames_[static_cast<std::size_t>(frame - segment.first_frame)];
}

catalog::totals catalog::sum() const {
    const std::scoped_lock lock(mutex_);
    return totals_;
}

} // namespace understudy::relay
