#include "relay/inspect.hpp"

#include "protocol/binlog/format_description.hpp"
#include "relay/compression.hpp"
#include "relay/errc.hpp"
#include "relay/event_splitter.hpp"
#include "relay/posix_directory.hpp"
#include "relay/recovery.hpp"
#include "relay/segment_reader.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::fail;
using protocol::result;
using outcome = segment_reader::outcome;

// The segments of a path: a directory's, or the one it names.
struct segment_set {
    std::unique_ptr<directory> where;
    std::filesystem::path folder;
    std::vector<std::uint64_t> numbers;
    key_ring keys;
};

result<segment_set> find_segments(const std::filesystem::path& path, const key_ring& keys) {
    segment_set found;
    found.keys = keys;
    const bool one = parse_segment_name(path.filename().string()).has_value();
    found.folder = one ? path.parent_path() : path;
    if (found.folder.empty()) found.folder = ".";
    auto where = open_posix_directory(found.folder);
    if (!where) return std::unexpected(where.error());
    found.where = std::move(*where);
    if (one) {
        found.numbers.push_back(*parse_segment_name(path.filename().string()));
        return found;
    }
    auto numbers = segment_numbers(*found.where);
    if (!numbers) return std::unexpected(numbers.error());
    found.numbers = std::move(*numbers);
    return found;
}

void count(segment_summary& into, const frame_header& frame) {
    ++into.frames;
    into.events += frame.event_count;
    into.groups += frame.group_count;
    into.gtids.add(frame.gtids);
    into.raw_bytes += frame.raw_size;
    into.end = frame.end();
    if (frame.time_min == 0) return;
    into.time_min = into.time_min == 0 ? frame.time_min : std::min(into.time_min, frame.time_min);
    into.time_max = std::max(into.time_max, frame.time_max);
}

result<segment_summary> summarize(const segment_set& set, std::uint64_t number) {
    auto reader = segment_reader::open(*set.where, segment_name(number), set.keys);
    if (!reader) return std::unexpected(reader.error());
    const auto size = reader->size();
    if (!size) return std::unexpected(size.error());
    auto footer = reader->footer();
    if (!footer) return std::unexpected(footer.error());
    const auto& header = reader->header();
    segment_summary summary;
    summary.path = set.folder / segment_name(number);
    summary.number = number;
    summary.source = header.source;
    summary.sealed = footer->has_value();
    summary.created_us = header.created_us;
    summary.begin = header.base;
    summary.end = header.base.binlog;
    summary.stored_bytes = *size;
    if (reader->cipher() != nullptr) summary.key_id = reader->cipher()->what().key_id;
    std::vector<frame_entry> frames;
    if (*footer) {
        frames = std::move((*footer)->frames);
    } else {
        auto scan = scan_segment(*reader, *size, false);
        if (!scan) return std::unexpected(scan.error());
        frames = std::move(scan->frames);
    }
    for (const auto& entry : frames)
        count(summary, entry.header);
    return summary;
}

// Gives the frames of a set, in order, decompressed, to `take`; stops at a torn tail of the last.
struct frame_walk {
    std::uint64_t torn_bytes = 0;
    std::uint64_t stored_bytes = 0;
    std::uint64_t segments = 0;

    // Where it is, for reports.
    std::uint64_t number = 0;
    std::uint64_t offset = 0;

    using taker = std::function<result<bool>(const segment_reader&, const frame_entry&,
                                             std::span<const std::byte>)>;
    using opener = std::function<result<bool>(segment_reader&)>;

    result<void> run(const segment_set& set, const opener& begin, const taker& take) {
        for (const auto next : set.numbers) {
            number = next;
            offset = 0;
            auto reader = segment_reader::open(*set.where, segment_name(next), set.keys);
            if (!reader) return std::unexpected(reader.error());
            ++segments;
            const auto going = begin(*reader);
            if (!going) return std::unexpected(going.error());
            if (!*going) return {};
            const bool last = next == set.numbers.back();
            const auto more = run_segment(*reader, last, take);
            if (!more) return std::unexpected(more.error());
            if (!*more) return {};
        }
        return {};
    }

private:
    result<bool> run_segment(segment_reader& reader, bool last, const taker& take) {
        const auto size = reader.size();
        if (!size) return std::unexpected(size.error());
        stored_bytes += *size;
        auto footer = reader.footer();
        if (!footer) return std::unexpected(footer.error());
        const bool sealed = footer->has_value();
        const auto limit = sealed ? (*footer)->frames_end : *size;
        offset = reader.first_offset();
        std::uint64_t frames = 0;
        for (;;) {
            const auto step = reader.read(offset, limit);
            if (!step) return std::unexpected(step.error());
            if (step->what == outcome::end_of_data) break;
            if (step->what != outcome::frame) {
                const bool is_tampered = step->code == errc::tampered;
                const auto later = reader.durable_by_later_frames(offset + 1, limit);
                if (!later) return std::unexpected(later.error());
                if (last && !sealed && !is_tampered && *later <= offset) {
                    torn_bytes = limit - offset;
                    return true;
                }
                if (step->code == errc::tampered) {
                    return fail(errc::tampered, reader.place(offset) + ": " + step->why);
                }
                return fail(errc::corrupt, reader.place(offset) + ": " + step->why);
            }
            if (step->entry.header.number != reader.header().first_frame + frames++) {
                return fail(errc::corrupt,
                            reader.place(offset) + ": a frame is missing before this one");
            }
            raw_.resize(step->entry.header.raw_size);
            if (auto done = decoder_.decode(step->entry.header, step->stored, raw_); !done) {
                return protocol::wrap(done.error(), reader.place(offset));
            }
            const auto more = take(reader, step->entry, raw_);
            if (!more) return more;
            if (!*more) return false;
            offset = step->entry.next_offset();
        }
        if (sealed && (*footer)->frames.size() != frames) {
            return fail(errc::corrupt,
                        reader.place(offset) + ": the footer does not fit the frames");
        }
        if (!last && !sealed) {
            return fail(errc::corrupt, reader.place(offset) +
                                           ": the segment is not sealed, but there is a newer one");
        }
        return true;
    }

    frame_decoder decoder_;
    std::vector<std::byte> raw_;
};

// The events of a frame, given to a visitor.
result<bool> visit_events(event_splitter& events, const segment_reader& reader,
                          const frame_entry& entry, std::span<const std::byte> raw,
                          const segment_walker::visitor& visit) {
    const auto& header = entry.header;
    const bool artificial = header.has(frame_flag::artificial);
    return events.take(
        header, raw, reader.place(entry.offset),
        [&](std::span<const std::byte> bytes, std::size_t offset) {
            const auto end = header.start_offset + (artificial ? 0 : offset);
            return visit({bytes, header.file, end, header, reader.header().number, artificial});
        });
}

} // namespace

result<std::vector<segment_summary>> list_segments(const std::filesystem::path& path,
                                                   const key_ring& keys) {
    const auto set = find_segments(path, keys);
    if (!set) return std::unexpected(set.error());
    std::vector<segment_summary> found;
    for (const auto number : set->numbers) {
        auto summary = summarize(*set, number);
        if (!summary) return std::unexpected(summary.error());
        found.push_back(std::move(*summary));
    }
    return found;
}

result<void> segment_walker::walk(const visitor& visit) const {
    const auto set = find_segments(where_, keys_);
    if (!set) return std::unexpected(set.error());
    event_splitter events;
    bool first = true;
    frame_walk frames;
    return frames.run(
        *set,
        [&](segment_reader& reader) -> result<bool> {
            const auto& header = reader.header();
            if (!std::exchange(first, false) || header.format_description.empty()) return true;
            frame_header none;
            none.kind = frame_kind::format;
            none.flags = frame_flag::artificial;
            none.file = header.base.binlog.file;
            none.start_offset = none.end_offset = header.base.binlog.offset;
            return visit(
                {header.format_description, none.file, none.end_offset, none, header.number, true});
        },
        [&](const segment_reader& reader, const frame_entry& entry,
            std::span<const std::byte> raw) {
            return visit_events(events, reader, entry, raw, visit);
        });
}

namespace {

// What verify() looks at beyond the checksums of frames.
class event_check {
public:
    void set_format(std::span<const std::byte> bytes) {
        const auto format = protocol::decode_format_description(bytes);
        has_checksum_ = format && format->has_checksum();
    }
    std::string operator()(const walked_event& event) {
        const auto header = protocol::decode_event_header(event.bytes);
        if (!header || header->length != event.bytes.size())
            return "an event has an impossible header";
        const bool is_format = header->type == protocol::event_type::format_description;
        if (is_format) set_format(event.bytes);
        if (has_checksum_ && !protocol::checksum_matches(event.bytes)) {
            return "the checksum of the event that ends at " + event.file + ":" +
                   std::to_string(event.end_offset) + " does not match";
        }
        return {};
    }

private:
    bool has_checksum_ = false;
};

} // namespace

result<verify_report> verify(const std::filesystem::path& path, const key_ring& keys) {
    auto set = find_segments(path, keys);
    verify_report report;
    if (!set) {
        if (set.error().code != errc::corrupt) return std::unexpected(set.error());
        report.damages.push_back({path, 0, set.error().code, set.error().what});
        return report;
    }
    event_check check;
    std::string bad_event;
    const segment_walker::visitor visit = [&](const walked_event& event) {
        bad_event = check(event);
        return bad_event.empty();
    };
    event_splitter events;
    std::optional<state::source_position> end;
    frame_walk frames;
    const auto walked = frames.run(
        *set,
        [&](segment_reader& reader) -> result<bool> {
            if (end && reader.header().base != *end) {
                return fail(errc::corrupt,
                            reader.place(0) +
                                ": the segment does not begin where the one before it ends");
            }
            end = reader.header().base;
            if (!reader.header().format_description.empty()) {
                check.set_format(reader.header().format_description);
            }
            return true;
        },
        [&](const segment_reader& reader, const frame_entry& entry,
            std::span<const std::byte> raw) -> result<bool> {
            const auto place = reader.place(entry.offset);
            const auto more = visit_events(events, reader, entry, raw, visit);
            if (!more) return more;
            if (!bad_event.empty()) return fail(errc::corrupt, place + ": " + bad_event);
            ++report.frames;
            report.events += entry.header.event_count;
            report.groups += entry.header.group_count;
            report.raw_bytes += entry.header.raw_size;
            end->binlog = entry.header.end();
            end->executed.add(entry.header.gtids);
            return true;
        });
    report.segments = frames.segments;
    report.stored_bytes = frames.stored_bytes;
    report.torn_bytes = frames.torn_bytes;
    if (!walked) {
        const auto& reason = walked.error();
        if (reason.code != errc::corrupt && reason.code != errc::unsupported_version &&
            reason.code != errc::tampered) {
            return std::unexpected(reason);
        }
        report.damages.push_back(
            {set->folder / segment_name(frames.number), frames.offset, reason.code, reason.what});
    }
    return report;
}

} // namespace understudy::relay
