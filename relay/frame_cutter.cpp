#include "relay/frame_cutter.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace understudy::relay {

using protocol::boundary;

void frame_cutter::tally::add(std::uint32_t timestamp, std::size_t raw_offset) {
    ++events;
    if (!first_event) first_event = static_cast<std::uint32_t>(raw_offset);
    if (timestamp == 0) return;
    time_min = time_min == 0 ? timestamp : std::min(time_min, timestamp);
    time_max = std::max(time_max, timestamp);
}

void frame_cutter::tally::merge_into(frame_header& header) const {
    if (header.event_count == 0 && first_event) header.first_event = *first_event;
    header.event_count += events;
    if (time_min == 0) return;
    header.time_min = header.time_min == 0 ? time_min : std::min(header.time_min, time_min);
    header.time_max = std::max(header.time_max, time_max);
}

frame_cutter::frame_cutter(live_frames& frames, std::shared_ptr<buffer_pool> pool,
                           std::size_t frame_bytes, const std::string& file)
    : frames_(frames), pool_(std::move(pool)), frame_bytes_(frame_bytes),
      file_(std::make_shared<const std::string>(file)) {}

void frame_cutter::append(const protocol::event_view& event, std::uint64_t end_offset,
                          boundary::role role, const protocol::gtid* id) {
    const auto start = end_offset - event.bytes.size();
    if (open_ && start != open_->header.start_offset + open_->size()) close_all();
    if (role != boundary::role::inside && role != boundary::role::ends) {
        UNDERSTUDY_ASSERT(!unit_open_);
        unit_open_ = true;
        unit_gtid_.reset();
    }
    UNDERSTUDY_ASSERT(unit_open_);
    if (id != nullptr && !id->empty()) unit_gtid_ = *id;
    place(event.bytes, start, event.header.timestamp);
    if (role != boundary::role::starts && role != boundary::role::inside) {
        end_unit(end_offset, role != boundary::role::outside);
    }
}

void frame_cutter::place(std::span<const std::byte> bytes, std::uint64_t start,
                         std::uint32_t timestamp) {
    if (open_ && bytes.size() > open_->room()) make_room(bytes.size());
    if (bytes.size() > frame_bytes_) {
        place_split(bytes, start, timestamp);
        return;
    }
    if (!open_) open_frame(start);
    tail_.add(timestamp, open_->size());
    open_->append(bytes);
}

// Whole frames of the event, and a last one in which the group goes on.
void frame_cutter::place_split(std::span<const std::byte> bytes, std::uint64_t start,
                               std::uint32_t timestamp) {
    if (open_) close_piece();
    bool first = true;
    while (!bytes.empty()) {
        if (!first) {
            close_piece();
            open_frame(start);
            inside_event_ = true;
            frames_.slow_down();
        } else {
            open_frame(start);
            tail_.add(timestamp, 0);
        }
        const auto part = bytes.first(std::min(bytes.size(), frame_bytes_));
        open_->append(part);
        bytes = bytes.subspan(part.size());
        start += part.size();
        if (!bytes.empty()) open_->header.flags |= frame_flag::event_goes_on;
        first = false;
    }
}

void frame_cutter::open_frame(std::uint64_t start) {
    open_ = std::make_shared<frame_buffer>(pool_, frame_bytes_, file_);
    open_->header.start_offset = start;
    inside_event_ = false;
    frames_.open(open_);
}

void frame_cutter::make_room(std::size_t size) {
    if (tail_size() == 0) {
        close_groups();
        return;
    }
    if (open_->readable() > 0) move_tail();
    if (size > open_->room()) close_piece();
}

void frame_cutter::close_all() {
    if (tail_size() == 0) {
        close_groups();
        return;
    }
    if (open_->readable() > 0) move_tail();
    close_piece();
}

void frame_cutter::finish(frame_header& header) const {
    header.raw_size = static_cast<std::uint32_t>(open_->size());
    header.end_offset = header.start_offset + header.raw_size;
    if (header.event_count == 0) header.first_event = header.raw_size;
}

void frame_cutter::close_groups() {
    UNDERSTUDY_ASSERT(tail_size() == 0);
    finish(open_->header);
    frames_.close(*open_);
    open_.reset();
}

// The beginning of the open unit goes into a frame of its own.
void frame_cutter::move_tail() {
    const auto old = std::exchange(open_, nullptr);
    const auto whole = old->readable();
    const auto moved = old->bytes().subspan(whole);
    const auto moved_start = old->header.start_offset + whole;
    // The bytes stay where they are when the old frame is cut off before them.
    old->shrink(whole);
    open_ = old;
    close_groups();
    open_frame(moved_start);
    open_->append(moved);
    if (tail_.first_event) tail_.first_event = 0;
}

void frame_cutter::close_piece() {
    auto& header = open_->header;
    header.kind = frame_kind::piece;
    header.flags |= frame_flag::group_goes_on;
    if (first_piece_) header.flags |= frame_flag::continues_group;
    if (inside_event_) header.flags |= frame_flag::continues_event;
    tail_.merge_into(header);
    tail_ = {};
    finish(header);
    if (!first_piece_) first_piece_ = header.number;
    open_->set_readable(open_->size());
    frames_.close(*open_);
    open_.reset();
}

void frame_cutter::end_unit(std::uint64_t end_offset, bool is_group) {
    auto& header = open_->header;
    tail_.merge_into(header);
    tail_ = {};
    if (is_group) ++header.group_count;
    if (unit_gtid_) header.gtids.add(*unit_gtid_);
    const auto* id = unit_gtid_ ? &*unit_gtid_ : nullptr;
    if (first_piece_) {
        header.kind = frame_kind::piece;
        header.flags |= frame_flag::continues_group;
        if (inside_event_) header.flags |= frame_flag::continues_event;
        finish(header);
    }
    frames_.publish(*open_, open_->size(), end_offset, id);
    unit_open_ = false;
    if (first_piece_.has_value()) {
        first_piece_.reset();
        frames_.close(*open_);
        open_.reset();
    }
}

void frame_cutter::append_format(std::span<const std::byte> bytes, std::uint64_t offset,
                                 bool artificial) {
    UNDERSTUDY_ASSERT(!unit_open_);
    if (open_) close_groups();
    open_ = std::make_shared<frame_buffer>(pool_, bytes.size(), file_);
    auto& header = open_->header;
    header.kind = frame_kind::format;
    header.start_offset = artificial ? offset : offset - bytes.size();
    header.event_count = 1;
    if (artificial) header.flags = frame_flag::artificial;
    open_->append(bytes);
    finish(header);
    header.end_offset = offset;
    frames_.open(open_);
    frames_.publish(*open_, open_->size(), offset, nullptr);
    frames_.close(*open_);
    open_.reset();
}

void frame_cutter::switch_file(const std::string& file) {
    UNDERSTUDY_ASSERT(!unit_open_);
    if (open_) close_groups();
    file_ = std::make_shared<const std::string>(file);
}

void frame_cutter::cut() {
    if (!open_ || open_->readable() == 0) return;
    if (tail_size() == 0) {
        close_groups();
    } else {
        move_tail();
    }
}

protocol::result<void> frame_cutter::drop_open_group() {
    if (!unit_open_) return {};
    unit_open_ = false;
    tail_ = {};
    inside_event_ = false;
    const auto first = std::exchange(first_piece_, std::nullopt);
    if (!first && open_->readable() > 0) {
        open_->shrink(open_->readable());
        return {};
    }
    const auto number = first ? *first : open_->header.number;
    open_.reset();
    return frames_.drop_from(number);
}

} // namespace understudy::relay
