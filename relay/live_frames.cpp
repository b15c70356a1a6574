#include "relay/live_frames.hpp"

#include "protocol/assert.hpp"
#include "relay/errc.hpp"

#include <algorithm>
#include <ranges>
#include <utility>

namespace understudy::relay {

namespace {

// The event after `offset` of the source's file is the first of this frame or inside it, or the
// frame ends there. Inside a group no position is a good one.
bool holds(const frame_header& header, std::uint64_t size, std::uint64_t offset) {
    if (header.has(frame_flag::artificial)) return false;
    const auto start = header.start_offset;
    const auto end = start + size;
    if (header.kind != frame_kind::piece) return start <= offset && offset <= end;
    return (offset == start && !header.has(frame_flag::continues_group)) ||
           (offset == end && !header.has(frame_flag::group_goes_on));
}

} // namespace

live_frames::live_frames(limits bounds, std::uint64_t written, state::source_position end)
    : limits_(bounds), written_(written), closed_(written), durable_(written), last_(written),
      visible_(written), end_(std::move(end)) {}

protocol::result<void> live_frames::admit() {
    if (!busy_.load(std::memory_order_relaxed)) return {};
    std::unique_lock lock(mutex_);
    appender_wakes_.wait(lock, [this] {
        return stop_ || failed_ || stalled_ || unwritten() < limits_.unwritten_frames;
    });
    if (failed_) return std::unexpected(*failed_);
    if (stalled_) return std::unexpected(*stalled_);
    if (stop_) return protocol::fail(errc::closed, "the relay log was closed");
    busy_.store(false, std::memory_order_relaxed);
    return {};
}

void live_frames::slow_down() {
    std::unique_lock lock(mutex_);
    appender_wakes_.wait(lock, [this] {
        return stop_ || failed_ || stalled_ || unwritten() < limits_.unwritten_frames;
    });
}

std::uint64_t live_frames::next_number() const {
    const std::scoped_lock lock(mutex_);
    return last_ + 1;
}

void live_frames::open(frame_pointer frame) {
    const std::scoped_lock lock(mutex_);
    UNDERSTUDY_ASSERT(last_ == closed_);
    frame->header.number = ++last_;
    memory_bytes_ += frame->capacity();
    if (frame->header.kind == frame_kind::format) formats_.push_back(frame);
    frames_.push_back(std::move(frame));
}

void live_frames::close(frame_buffer& frame) {
    const std::scoped_lock lock(mutex_);
    UNDERSTUDY_ASSERT(frame.header.number == last_ && last_ == closed_ + 1);
    frame.set_closed();
    closed_ = last_;
    open_since_.reset();
    if (unwritten() >= limits_.unwritten_frames) busy_.store(true, std::memory_order_relaxed);
    writer_wakes_.notify_one();
}

void live_frames::publish(frame_buffer& frame, std::size_t readable, std::uint64_t end_offset,
                          const protocol::gtid* id) {
    {
        const std::scoped_lock lock(mutex_);
        end_.binlog.offset = end_offset;
        if (id != nullptr && !id->empty()) end_.executed.add(*id);
        frame.set_readable(readable);
        visible_ = frame.header.number;
        if (!open_since_ && visible_ > closed_) {
            open_since_ = clock::now();
            writer_wakes_.notify_one();
        }
    }
    if (!reader_waits_.load() || !reader_waits_.exchange(false)) return;
    const std::scoped_lock lock(callback_mutex_);
    if (callback_) callback_();
}

void live_frames::set_end(protocol::binlog_position position) {
    const std::scoped_lock lock(mutex_);
    end_.binlog = std::move(position);
}

protocol::result<void> live_frames::drop_from(std::uint64_t number) {
    std::unique_lock lock(mutex_);
    UNDERSTUDY_ASSERT(number > visible_);
    if (number > last_) return {};
    // The writing thread does it, so that a frame it is just writing is taken out as well.
    drop_from_ = number;
    writer_wakes_.notify_one();
    appender_wakes_.wait(lock, [this] { return stop_ || failed_ || !drop_from_; });
    if (failed_) return std::unexpected(*failed_);
    if (drop_from_) return protocol::fail(errc::closed, "the relay log was closed");
    return {};
}

void live_frames::set_dropped() {
    const std::scoped_lock lock(mutex_);
    const auto number = *drop_from_;
    while (!frames_.empty() && frames_.back()->header.number >= number) {
        memory_bytes_ -= frames_.back()->capacity();
        frames_.pop_back();
    }
    last_ = number - 1;
    written_ = std::min(written_, last_);
    closed_ = std::min(closed_, last_);
    durable_ = std::min(durable_, last_);
    drop_from_.reset();
    appender_wakes_.notify_all();
}

protocol::result<void> live_frames::wait_durable() {
    std::unique_lock lock(mutex_);
    const auto target = closed_;
    ++sync_waiters_;
    writer_wakes_.notify_one();
    appender_wakes_.wait(lock, [&] { return stop_ || failed_ || stalled_ || durable_ >= target; });
    --sync_waiters_;
    if (failed_) return std::unexpected(*failed_);
    if (durable_ >= target) return {};
    if (stalled_) return std::unexpected(*stalled_);
    return protocol::fail(errc::closed, "the relay log was closed");
}

live_frames::work live_frames::wait_for_work(clock::time_point until,
                                             clock::duration partial_after) {
    std::unique_lock lock(mutex_);
    work next;
    const auto look = [&] {
        next = {};
        if (drop_from_) {
            next.drop_from = drop_from_;
        } else if (!stalled_ && written_ < closed_) {
            const auto index = written_ + 1 - frames_.front()->header.number;
            next.frame = frames_[static_cast<std::size_t>(index)];
        } else if (!stalled_ && sync_waiters_ > 0 && durable_ < written_) {
            next.sync = true;
        } else if (stop_) {
            next.stop = true;
        } else if (open_since_ && clock::now() >= *open_since_ + partial_after) {
            next.partial = true;
        } else {
            return false;
        }
        return true;
    };
    while (!look()) {
        auto wake = until;
        if (open_since_) wake = std::min(wake, *open_since_ + partial_after);
        if (writer_wakes_.wait_until(lock, wake) == std::cv_status::timeout &&
            clock::now() >= until) {
            static_cast<void>(look());
            break;
        }
    }
    return next;
}

void live_frames::set_written(std::uint64_t number) {
    const std::scoped_lock lock(mutex_);
    written_ = number;
    forget();
    appender_wakes_.notify_all();
}

void live_frames::forget() {
    while (memory_bytes_ > limits_.memory_bytes && !frames_.empty() &&
           frames_.front()->header.number <= std::min(written_, visible_)) {
        memory_bytes_ -= frames_.front()->capacity();
        frames_.pop_front();
    }
    // A group larger than the memory: its frames are on disk and nobody reads them yet.
    while (memory_bytes_ > limits_.memory_bytes && !frames_.empty() &&
           frames_.front()->header.number <= written_) {
        memory_bytes_ -= frames_.front()->capacity();
        frames_.pop_front();
    }
}

void live_frames::set_durable() {
    const std::scoped_lock lock(mutex_);
    durable_ = written_;
    appender_wakes_.notify_all();
}

void live_frames::set_failed(protocol::error reason) {
    const std::scoped_lock lock(mutex_);
    failed_ = std::move(reason);
    busy_.store(true, std::memory_order_relaxed);
    appender_wakes_.notify_all();
}

void live_frames::set_stalled(protocol::error reason) {
    const std::scoped_lock lock(mutex_);
    stalled_ = std::move(reason);
    busy_.store(true, std::memory_order_relaxed);
    appender_wakes_.notify_all();
}

void live_frames::stop() {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
    writer_wakes_.notify_all();
    appender_wakes_.notify_all();
}

void live_frames::resume() {
    const std::scoped_lock lock(mutex_);
    stalled_.reset();
    writer_wakes_.notify_all();
}

std::optional<protocol::error> live_frames::stall() const {
    const std::scoped_lock lock(mutex_);
    return stalled_;
}

state::source_position live_frames::end() const {
    const std::scoped_lock lock(mutex_);
    return end_;
}

std::uint64_t live_frames::unwritten_bytes() const {
    const std::scoped_lock lock(mutex_);
    std::uint64_t sum = 0;
    for (const auto& frame : frames_) {
        if (frame->header.number > written_) sum += frame->readable();
    }
    return sum;
}

live_frames::found live_frames::find(std::uint64_t number) const {
    const std::scoped_lock lock(mutex_);
    if (number > visible_) return {};
    if (frames_.empty() || number < frames_.front()->header.number) {
        return {found::place::disk, nullptr};
    }
    const auto index = number - frames_.front()->header.number;
    return {found::place::memory, frames_[static_cast<std::size_t>(index)]};
}

std::optional<std::uint64_t> live_frames::readable_from(std::uint64_t number,
                                                        std::size_t offset) const {
    const std::scoped_lock lock(mutex_);
    if (number > visible_) return 0;
    if (frames_.empty() || number < frames_.front()->header.number) return std::nullopt;
    std::uint64_t sum = 0;
    for (const auto& frame : frames_ | std::views::reverse) {
        if (frame->header.number < number) break;
        if (frame->header.number <= visible_) sum += frame->readable();
    }
    return sum - std::min<std::uint64_t>(sum, offset);
}

std::optional<live_frames::spot>
live_frames::find(const protocol::binlog_position& position) const {
    const std::scoped_lock lock(mutex_);
    const frame_buffer* next = nullptr; // the frame after the one looked at
    for (const auto& frame : frames_ | std::views::reverse) {
        const auto& header = frame->header;
        if (header.number > visible_) continue;
        const bool same_file = *frame->file() == position.file;
        if (same_file && holds(header, frame->readable(), position.offset)) {
            return spot{header.number, position.offset};
        }
        // The source skipped a part of its file, and this is a position in it.
        if (same_file && next != nullptr && !header.has(frame_flag::artificial) &&
            *next->file() == position.file &&
            header.start_offset + frame->readable() < position.offset &&
            position.offset < next->header.start_offset) {
            return spot{next->header.number, std::nullopt};
        }
        if (!header.has(frame_flag::artificial)) next = frame.get();
    }
    return std::nullopt;
}

std::optional<live_frames::spot>
live_frames::find_end(const protocol::binlog_position& position) const {
    const std::scoped_lock lock(mutex_);
    if (end_.binlog != position) return std::nullopt;
    if (frames_.empty() || visible_ < frames_.front()->header.number) {
        return spot{visible_ + 1, std::nullopt};
    }
    const auto index = visible_ - frames_.front()->header.number;
    const auto& frame = *frames_[static_cast<std::size_t>(index)];
    if (frame.closed()) return spot{visible_ + 1, std::nullopt};
    return spot{visible_, frame.header.start_offset + frame.readable()};
}

std::shared_ptr<const frame_buffer> live_frames::format_before(std::uint64_t number) const {
    const std::scoped_lock lock(mutex_);
    for (const auto& frame : formats_ | std::views::reverse) {
        if (frame->header.number <= number) return frame;
    }
    return nullptr;
}

void live_frames::on_data(std::function<void()> callback) {
    {
        const std::scoped_lock lock(callback_mutex_);
        callback_ = std::move(callback);
    }
    reader_waits_.store(true);
}

} // namespace understudy::relay
