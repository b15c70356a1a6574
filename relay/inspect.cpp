#include "relay/inspect.hpp"

#include "protocol/binlog/boundary.hpp"
#include "protocol/errc.hpp"
#include "relay/compression.hpp"
#include "relay/errc.hpp"
#include "relay/event_splitter.hpp"
#include "relay/inspection/event_checks.hpp"
#include "relay/inspection/event_stream.hpp"
#include "relay/inspection/ordered_turns.hpp"
#include "relay/inspection/transaction_assembler.hpp"
#include "relay/posix_directory.hpp"
#include "relay/recovery.hpp"
#include "relay/segment_reader.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <tuple>
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
            const auto more = run_one(set, next, next == set.numbers.back(), begin, take);
            if (!more) return std::unexpected(more.error());
            if (!*more) return {};
        }
        return {};
    }

    // last: it may end anywhere.
    result<bool> run_one(const segment_set& set, std::uint64_t which, bool last,
                         const opener& begin, const taker& take) {
        number = which;
        offset = 0;
        auto reader = segment_reader::open(*set.where, segment_name(which), set.keys);
        if (!reader) return std::unexpected(reader.error());
        ++segments;
        const auto going = begin(*reader);
        if (!going || !*going) return going;
        return run_segment(*reader, last, take);
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

// One event at a time, given by hand.
class given_events final : public inspection::event_source {
public:
    void give(const inspection::raw_event& event) { event_ = event; }
    result<std::optional<inspection::raw_event>> next() override {
        return std::exchange(event_, std::nullopt);
    }
    std::uint64_t unfinished_bytes() const override { return 0; }
    std::string place() const override { return "a segment"; }

private:
    std::optional<inspection::raw_event> event_;
};

// What verify() looks at beyond the checksums of frames.
class event_judge {
public:
    event_judge() {
        auto source = std::make_unique<given_events>();
        given_ = source.get();
        stream_.emplace(std::move(source), inspection::event_stream::checksums::check);
    }
    void set_format(std::span<const std::byte> bytes, const protocol::binlog_position& at) {
        std::ignore = take({bytes, at.file, at.offset, at.offset, true});
    }
    // What is wrong; empty: nothing.
    std::string operator()(const walked_event& event) {
        const auto size = event.artificial ? 0 : event.bytes.size();
        const auto done = take(
            {event.bytes, event.file, event.end_offset - size, event.end_offset, event.artificial});
        return done ? std::string() : done.error().what;
    }
    // Where a transaction begins that does not end; empty: there is none.
    [[nodiscard]] std::string open_transaction() const {
        return boundary_.in_group() ? assembler_.current().place() : std::string();
    }

private:
    [[nodiscard]] result<void> take(const inspection::raw_event& raw) {
        given_->give(raw);
        bool is_payload = false;
        for (;;) {
            const auto event = stream_->next();
            if (!event) return std::unexpected(event.error());
            if (!*event) break;
            const auto& one = **event;
            if (!one.unpacked) {
                is_payload = one.event.header.type == protocol::event_type::transaction_payload;
                const auto found = boundary_.feed(one.event, *one.format);
                if (!found) return protocol::wrap(found.error(), one.place());
            }
            auto done = assembler_.feed(one);
            // Good, but not for us: that is no damage.
            const bool passed_over = !done && done.error().code == protocol::errc::unsupported;
            if (!done && !passed_over) return done;
        }
        if (!is_payload || !assembler_.in_transaction()) return {};
        return fail(protocol::errc::malformed, "the compressed transaction that begins at " +
                                                   assembler_.current().place() + " does not end");
    }

    given_events* given_ = nullptr; // stream_'s
    std::optional<inspection::event_stream> stream_;
    protocol::boundary boundary_; // goes on where an event of a transaction is passed over
    inspection::event_checks checks_;
    inspection::transaction_assembler assembler_{checks_};
};

bool is_damage(const std::error_code& code) {
    return code == errc::corrupt || code == errc::unsupported_version || code == errc::tampered;
}

// A segment by itself.
struct segment_check {
    verify_report report; // without damages
    std::optional<state::source_position> begin;
    state::source_position end;
    std::string first_place;
    std::optional<protocol::error> failure; // damage, or of the system
    std::uint64_t failed_at = 0;
};

segment_check check_segment(const segment_set& all, std::uint64_t number, bool last) {
    segment_check check;
    event_judge judge;
    std::string bad_event;
    const segment_walker::visitor visit = [&](const walked_event& event) {
        bad_event = judge(event);
        return bad_event.empty();
    };
    event_splitter events;
    frame_walk frames;
    const auto walked = frames.run_one(
        all, number, last,
        [&](segment_reader& reader) -> result<bool> {
            check.begin = reader.header().base;
            check.end = reader.header().base;
            check.first_place = reader.place(0);
            if (!reader.header().format_description.empty())
                judge.set_format(reader.header().format_description, check.end.binlog);
            return true;
        },
        [&](const segment_reader& reader, const frame_entry& entry,
            std::span<const std::byte> raw) -> result<bool> {
            const auto place = reader.place(entry.offset);
            const auto more = visit_events(events, reader, entry, raw, visit);
            if (!more) return more;
            if (!bad_event.empty()) return fail(errc::corrupt, place + ": " + bad_event);
            ++check.report.frames;
            check.report.events += entry.header.event_count;
            check.report.groups += entry.header.group_count;
            check.report.raw_bytes += entry.header.raw_size;
            check.end.binlog = entry.header.end();
            check.end.executed.add(entry.header.gtids);
            return true;
        });
    check.report.segments = frames.segments;
    check.report.stored_bytes = frames.stored_bytes;
    check.report.torn_bytes = frames.torn_bytes;
    check.failed_at = frames.offset;
    if (!walked) {
        check.failure = walked.error();
    } else if (const auto open = judge.open_transaction(); !last && !open.empty()) {
        check.failure = {make_error_code(errc::corrupt),
                         "the transaction that begins at " + open + " does not end in its segment",
                         {}};
    }
    return check;
}

// Behind what was checked before it. The error is the segment's failure.
result<void> append(verify_report& into, std::optional<state::source_position>& end,
                    segment_check next) {
    into.segments += next.report.segments;
    into.stored_bytes += next.report.stored_bytes;
    if (next.begin && end && *next.begin != *end) {
        return fail(errc::corrupt,
                    next.first_place + ": the segment does not begin where the one before it ends");
    }
    into.frames += next.report.frames;
    into.events += next.report.events;
    into.groups += next.report.groups;
    into.raw_bytes += next.report.raw_bytes;
    into.torn_bytes += next.report.torn_bytes;
    end = std::move(next.end);
    if (next.failure) return std::unexpected(std::move(*next.failure));
    return {};
}

} // namespace

result<verify_report> verify(const std::filesystem::path& path, const key_ring& keys,
                             unsigned threads) {
    const auto set = find_segments(path, keys);
    verify_report report;
    if (!set) {
        if (set.error().code != errc::corrupt) return std::unexpected(set.error());
        report.damages.push_back({path, 0, set.error().code, set.error().what});
        return report;
    }
    std::optional<state::source_position> end;
    verify_report::damage where;
    std::atomic<std::size_t> next = 0;
    const auto count = set->numbers.size();
    inspection::ordered_turns turns(2 * std::size_t{threads});
    inspection::run_on_threads(threads, [&](unsigned) {
        for (auto i = next++; i < count && turns.wait_for_room(i); i = next++) {
            const auto number = set->numbers[i];
            auto check = check_segment(*set, number, i + 1 == count);
            turns.finish(i, [&, number, check = std::move(check)]() mutable {
                where.path = set->folder / segment_name(number);
                where.offset = check.failure ? check.failed_at : 0;
                return append(report, end, std::move(check));
            });
        }
    });
    if (auto done = turns.outcome(); !done) {
        if (!is_damage(done.error().code)) return std::unexpected(std::move(done.error()));
        where.code = done.error().code;
        where.what = std::move(done.error().what);
        report.damages.push_back(std::move(where));
    }
    return report;
}

} // namespace understudy::relay
