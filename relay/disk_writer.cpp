#include "relay/disk_writer.hpp"

#include "protocol/assert.hpp"
#include "relay/errc.hpp"
#include "relay/segment_reader.hpp"

#include <string>
#include <utility>

namespace understudy::relay {

using protocol::fail;
using protocol::result;

std::uint64_t wall_clock_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

disk_writer::disk_writer(options settings, directory& where, catalog& segments, live_frames& frames,
                         recovered_log found, std::function<void()> cut_partial)
    : settings_(std::move(settings)), where_(where), segments_(segments), frames_(frames),
      at_(std::move(found)), cut_partial_(std::move(cut_partial)), encoder_(settings_.zstd_level),
      thread_([this] { run(); }) {}

disk_writer::~disk_writer() {
    frames_.stop();
    thread_.join();
}

void disk_writer::run() {
    while (work_once()) {
    }
}

bool disk_writer::work_once() {
    using clock = live_frames::clock;
    const auto until = unsynced_since_ ? *unsynced_since_ + settings_.sync_interval
                                       : clock::now() + std::chrono::hours(1);
    const auto next = frames_.wait_for_work(until, settings_.partial_after);
    if (next.drop_from) return settle(drop(*next.drop_from));
    if (next.frame) {
        const auto done = write(*next.frame);
        if (!settle(done)) return false;
        if (done) frames_.set_written(next.frame->header.number);
    } else if (next.partial) {
        cut_partial_();
        // Refused while the appending thread is at work; it will not be for long.
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const bool due = unsynced_since_ && clock::now() >= *unsynced_since_ + settings_.sync_interval;
    if (next.sync || next.stop || due) {
        if (!settle(sync())) return false;
    }
    return !next.stop;
}

bool disk_writer::settle(const result<void>& done) {
    if (done) return true;
    if (done.error().code == errc::disk_full) {
        frames_.set_stalled(done.error());
        return true;
    }
    frames_.set_failed(done.error());
    return false;
}

result<void> disk_writer::check_room(std::uint64_t bytes) {
    const auto free = where_.free_bytes();
    if (!free) return std::unexpected(free.error());
    const auto needed = settings_.disk_reserve_bytes + bytes;
    if (*free >= needed) return {};
    return fail(errc::disk_full, "disk full at " + where_.path_of("") + ": " +
                                     std::to_string(*free >> 20U) + " MB free, needs " +
                                     std::to_string((needed >> 20U) + 1) + " MB");
}

result<void> disk_writer::write(frame_buffer& frame) {
    if (auto room = check_room(frame.size()); !room) return room;
    const bool is_full =
        at_.active && (at_.active->size() >= settings_.segment_bytes_max || at_.seal_first);
    if (is_full && !inside_group_) {
        if (auto done = seal(); !done) return done;
    }
    if (!at_.active) {
        if (auto done = make_segment(); !done) return done;
    }
    auto& header = frame.header;
    header.durable_before = at_.active->durable_size();
    const auto encoded = encoder_.encode(header, frame.bytes(), cipher());
    const frame_entry entry{at_.active->size(), static_cast<std::uint32_t>(encoded.header.size()),
                            header};
    if (auto done = at_.active->append(encoded.header, encoded.stored); !done) return done;
    if (!unsynced_since_) unsynced_since_ = live_frames::clock::now();
    segments_.add_frame(entry);
    inside_group_ = header.has(frame_flag::group_goes_on);
    at_.last_frame = header.number;
    at_.end.binlog = header.end();
    at_.end.executed.add(header.gtids);
    if (header.kind == frame_kind::format) {
        at_.format_description.assign(frame.bytes().begin(), frame.bytes().end());
    }
    return {};
}

result<segment_writer> disk_writer::begin_segment(directory& where, catalog& segments,
                                                  const segment_header& header,
                                                  file_cipher* cipher) {
    auto writer = segment_writer::create(where, header, cipher);
    if (!writer) return writer;
    segment_info info;
    info.number = header.number;
    info.first_frame = header.first_frame;
    info.base = header.base;
    info.end = header.base.binlog;
    info.stored_bytes = writer->size();
    info.written_us = header.created_us;
    segments.add(std::move(info), {});
    return writer;
}

std::optional<file_cipher> disk_writer::new_cipher(const key_ring& keys) {
    if (keys.empty()) return std::nullopt;
    return file_cipher::begin(keys, segment_purpose);
}

result<void> disk_writer::make_segment() {
    const auto last = segments_.last();
    UNDERSTUDY_ASSERT(last.has_value());
    segment_header header;
    header.number = last->number + 1;
    header.first_frame = at_.last_frame + 1;
    header.source = settings_.source;
    header.created_us = wall_clock_us();
    header.base = at_.end;
    header.format_description = at_.format_description;
    auto cipher = new_cipher(settings_.keys);
    auto writer = begin_segment(where_, segments_, header, cipher ? &*cipher : nullptr);
    if (!writer) return std::unexpected(writer.error());
    at_.cipher = std::move(cipher);
    at_.seal_first = false;
    at_.active = std::move(*writer);
    return {};
}

result<void> disk_writer::seal() {
    const auto segment = segments_.last();
    segment_footer footer;
    footer.sealed_us = wall_clock_us();
    footer.frames_end = at_.active->size();
    footer.end = at_.end;
    footer.raw_bytes = segment->raw_bytes;
    footer.frames = segments_.frames_of_last(segment->number);
    if (auto done = at_.active->seal(encode_segment_footer(footer, cipher())); !done) return done;
    segments_.seal(at_.active->size(), footer.sealed_us);
    at_.active.reset();
    unsynced_since_.reset();
    frames_.set_durable();
    return {};
}

// Frames of one unfinished group, so all of them stand at the end of the active segment.
result<void> disk_writer::drop(std::uint64_t from) {
    if (at_.last_frame >= from) {
        const auto first = segments_.frame_of_last(from);
        UNDERSTUDY_ASSERT(first && at_.active);
        if (auto done = at_.active->truncate(first->offset); !done) return done;
        segments_.cut(from);
        at_.last_frame = from - 1;
        const auto last = segments_.frame_of_last(at_.last_frame);
        at_.end.binlog = last ? last->header.end() : segments_.last()->base.binlog;
        inside_group_ = false;
    }
    frames_.set_dropped();
    return {};
}

result<void> disk_writer::sync() {
    if (at_.active) {
        if (auto done = at_.active->sync(); !done) return done;
    }
    unsynced_since_.reset();
    frames_.set_durable();
    return {};
}

} // namespace understudy::relay
