#include "relay/frame_source.hpp"

#include "relay/errc.hpp"
#include "relay/recovery.hpp"

#include <algorithm>
#include <ranges>
#include <string>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::fail;
using protocol::result;
using frame_pointer = std::shared_ptr<const frame_buffer>;
using spot = live_frames::spot;

bool starts_or_ends_groups(const frame_header& header, std::uint64_t offset) {
    if (header.has(frame_flag::artificial)) return false;
    if (header.kind != frame_kind::piece) {
        return header.start_offset <= offset && offset <= header.end_offset;
    }
    return (offset == header.start_offset && !header.has(frame_flag::continues_group)) ||
           (offset == header.end_offset && !header.has(frame_flag::group_goes_on));
}

// The same search as that in memory, over an index.
std::optional<spot> find_among(const std::vector<frame_entry>& frames,
                               const protocol::binlog_position& base,
                               const protocol::binlog_position& position) {
    const frame_header* next = nullptr;
    for (const auto& entry : frames | std::views::reverse) {
        const auto& header = entry.header;
        const bool same_file = header.file == position.file;
        if (same_file && starts_or_ends_groups(header, position.offset)) {
            return spot{header.number, position.offset};
        }
        if (header.has(frame_flag::artificial)) continue;
        if (same_file && next != nullptr && next->file == position.file &&
            header.end_offset < position.offset && position.offset < next->start_offset) {
            return spot{next->number, std::nullopt};
        }
        next = &header;
    }
    if (next != nullptr && next->file == position.file && base.file == position.file &&
        base.offset <= position.offset && position.offset < next->start_offset) {
        return spot{next->number, std::nullopt};
    }
    return std::nullopt;
}

} // namespace

std::string frame_source::place() const {
    return segment_ ? segment_->place(last_offset_) : std::string("in memory");
}

result<frame_pointer> frame_source::get(std::uint64_t number) {
    auto found = log_->frames.find(number);
    if (found.where == live_frames::found::place::nowhere) return frame_pointer{};
    if (found.where == live_frames::found::place::memory) return std::move(found.frame);
    return read(number);
}

result<void> frame_source::open(const segment_info& segment) {
    if (segment_ && segment_->header().number == segment.number) return {};
    auto opened = segment_reader::open(*log_->where, segment_name(segment.number), log_->keys);
    if (!opened) return std::unexpected(opened.error());
    segment_ = std::move(*opened);
    next_number_ = segment.first_frame;
    next_offset_ = segment_->first_offset();
    return {};
}

result<std::vector<frame_entry>> frame_source::frames_of(const segment_info& segment) {
    if (auto frames = log_->segments.frames_of_last(segment.number); !frames.empty()) return frames;
    if (segment.frame_count == 0) return std::vector<frame_entry>{};
    if (auto opened = open(segment); !opened) return std::unexpected(opened.error());
    auto footer = segment_->footer();
    if (!footer) return std::unexpected(footer.error());
    // While it was looked up, an active segment may have got more frames (or lost those of a group
    // that was given up) and been sealed.
    const bool count_is_final = segment.sealed;
    if (!*footer || (count_is_final && (*footer)->frames.size() != segment.frame_count)) {
        return fail(errc::corrupt, segment_->place(0) + ": the footer is gone");
    }
    return std::move((*footer)->frames);
}

result<frame_pointer> frame_source::read(std::uint64_t number) {
    const auto segment = log_->segments.segment_of(number);
    if (!segment) {
        return fail(errc::position_not_held, "frame " + std::to_string(number) +
                                                 " of the relay log was deleted by retention");
    }
    if (auto opened = open(*segment); !opened) return std::unexpected(opened.error());
    if (next_number_ != number) {
        if (const auto entry = log_->segments.frame_of_last(number)) {
            next_offset_ = entry->offset;
        } else {
            const auto frames = frames_of(*segment);
            if (!frames) return std::unexpected(frames.error());
            const auto index = static_cast<std::size_t>(number - segment->first_frame);
            if (index >= frames->size()) {
                return fail(errc::corrupt, segment_->place(0) +
                                               ": its footer does not list frame " +
                                               std::to_string(number));
            }
            next_offset_ = (*frames)[index].offset;
        }
        next_number_ = number;
    }
    const auto size = segment_->size();
    if (!size) return std::unexpected(size.error());
    auto step = segment_->read(next_offset_, *size);
    if (!step) return std::unexpected(step.error());
    last_offset_ = next_offset_;
    if (step->what != segment_reader::outcome::frame || step->entry.header.number != number) {
        return fail(errc::corrupt,
                    place() + ": " +
                        (step->why.empty() ? "this is not the frame that stood here" : step->why));
    }
    auto& header = step->entry.header;
    next_number_ = number + 1;
    next_offset_ = step->entry.next_offset();
    if (!file_ || *file_ != header.file) file_ = std::make_shared<const std::string>(header.file);
    auto frame = std::make_shared<frame_buffer>(log_->pool, header.raw_size, file_);
    if (auto done = decoder_.decode(header, step->stored, frame->memory()); !done) {
        return protocol::wrap(done.error(), place());
    }
    frame->header = std::move(header);
    frame->fill_up();
    frame->set_readable(frame->size());
    frame->set_closed();
    return frame;
}

result<std::optional<spot>> frame_source::find_on_disk(const protocol::binlog_position& position) {
    for (const auto& segment : log_->segments.segments() | std::views::reverse) {
        if (segment.frame_count == 0 || position > segment.end) continue;
        const auto frames = frames_of(segment);
        if (!frames) return std::unexpected(frames.error());
        if (auto found = find_among(*frames, segment.base.binlog, position)) return found;
    }
    return std::nullopt;
}

result<spot> frame_source::find(const protocol::binlog_position& position) {
    // Twice: new events may make the end of the log a place inside it while we look.
    for (int round = 0; round < 2; ++round) {
        const auto first = log_->segments.first();
        if (first && first->base.binlog == position) return spot{first->first_frame, std::nullopt};
        if (const auto found = log_->frames.find(position)) return *found;
        const auto on_disk = find_on_disk(position);
        if (!on_disk) return std::unexpected(on_disk.error());
        if (*on_disk) return **on_disk;
        if (const auto found = log_->frames.find_end(position)) return *found;
    }
    const auto first = log_->segments.first();
    return fail(errc::position_not_held, "the relay log does not hold position " +
                                             position.to_string() + "; it reaches from " +
                                             (first ? first->base.binlog.to_string() : "nowhere") +
                                             " to " + log_->frames.end().binlog.to_string());
}

result<frame_pointer> frame_source::format_before(std::uint64_t number) {
    if (auto live = log_->frames.format_before(number)) return live;
    auto segment = log_->segments.segment_of(number);
    if (!segment) segment = log_->segments.last();
    if (!segment) return frame_pointer{};
    if (auto opened = open(*segment); !opened) return std::unexpected(opened.error());
    const auto frames = frames_of(*segment);
    if (!frames) return std::unexpected(frames.error());
    const auto bytes = format_at_end(*segment_, *frames, number);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->empty()) return frame_pointer{};
    auto frame = std::make_shared<frame_buffer>(
        log_->pool, bytes->size(),
        std::make_shared<const std::string>(segment_->header().base.binlog.file));
    frame->append(*bytes);
    frame->header.kind = frame_kind::format;
    return frame;
}

} // namespace understudy::relay
