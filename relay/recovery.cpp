#include "relay/recovery.hpp"

#include "relay/compression.hpp"
#include "relay/errc.hpp"

#include <algorithm>
#include <ranges>
#include <string>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::fail;
using protocol::result;
using outcome = segment_reader::outcome;

std::uint64_t raw_size_of(const std::vector<frame_entry>& frames) {
    std::uint64_t sum = 0;
    for (const auto& entry : frames)
        sum += entry.header.raw_size;
    return sum;
}

// A segment never ends inside a group; what was written of one is dropped.
void drop_unfinished_group(segment_scan& scan, std::uint64_t first_offset) {
    while (!scan.frames.empty() && scan.frames.back().header.has(frame_flag::group_goes_on)) {
        scan.frames.pop_back();
        scan.cut_needed = true;
    }
    scan.frames_end = scan.frames.empty() ? first_offset : scan.frames.back().next_offset();
    scan.raw_bytes = raw_size_of(scan.frames);
}

} // namespace

result<segment_scan> scan_segment(segment_reader& reader, std::uint64_t limit, bool sealed) {
    segment_scan scan;
    auto offset = reader.first_offset();
    auto number = reader.header().first_frame;
    for (;;) {
        auto step = reader.read(offset, limit);
        if (!step) return std::unexpected(step.error());
        if (step->what == outcome::end_of_data) break;
        if (step->what == outcome::frame && step->entry.header.number != number) {
            step->what = outcome::damaged;
            step->why = "the frame has number " + std::to_string(step->entry.header.number) +
                        " where " + std::to_string(number) + " comes next";
            step->code = make_error_code(errc::corrupt);
        }
        if (step->what != outcome::frame) {
            // No crash leaves these behind.
            if (step->code == errc::unsupported_version || step->code == errc::tampered) {
                return std::unexpected(
                    protocol::error{step->code, reader.place(offset) + ": " + step->why, {}});
            }
            const auto durable = reader.durable_by_later_frames(offset + 1, limit);
            if (!durable) return std::unexpected(durable.error());
            if (sealed || *durable > offset) {
                return fail(errc::corrupt,
                            reader.place(offset) + ": " + step->why +
                                "; it was on the disk before, so this is damage, not a crash");
            }
            scan.cut_needed = true;
            break;
        }
        ++number;
        offset = step->entry.next_offset();
        scan.frames.push_back(std::move(step->entry));
    }
    drop_unfinished_group(scan, reader.first_offset());
    if (sealed && scan.cut_needed) {
        return fail(errc::corrupt,
                    reader.place(offset) + ": the sealed segment ends inside a group");
    }
    return scan;
}

result<std::vector<std::uint64_t>> segment_numbers(directory& where) {
    const auto names = where.names();
    if (!names) return std::unexpected(names.error());
    std::vector<std::uint64_t> numbers;
    for (const auto& name : *names) {
        if (const auto number = parse_segment_name(name)) numbers.push_back(*number);
    }
    std::ranges::sort(numbers);
    for (std::size_t i = 1; i < numbers.size(); ++i) {
        if (numbers[i] != numbers[i - 1] + 1) {
            return fail(errc::corrupt,
                        where.path_of(segment_name(numbers[i - 1] + 1)) + " is missing");
        }
    }
    return numbers;
}

result<std::vector<std::byte>> format_at_end(segment_reader& reader,
                                             const std::vector<frame_entry>& frames,
                                             std::uint64_t before_frame) {
    for (const auto& entry : frames | std::views::reverse) {
        if (entry.header.kind != frame_kind::format || entry.header.number >= before_frame)
            continue;
        const auto step = reader.read(entry.offset, entry.next_offset());
        if (!step) return std::unexpected(step.error());
        if (step->what != outcome::frame) {
            return fail(errc::corrupt, reader.place(entry.offset) + ": " + step->why);
        }
        std::vector<std::byte> raw(entry.header.raw_size);
        frame_decoder decoder;
        if (auto done = decoder.decode(entry.header, step->stored, raw); !done) {
            return protocol::wrap(done.error(), reader.place(entry.offset));
        }
        return raw;
    }
    return reader.header().format_description;
}

namespace {

struct chain {
    state::source_position end;
    std::uint64_t next_frame = 1;
};

result<void> check_link(const segment_reader& reader, const protocol::uuid& source,
                        const std::optional<chain>& before) {
    const auto& header = reader.header();
    if (header.source != source) {
        return fail(errc::wrong_source,
                    reader.place(0) + ": this is the log of source " + header.source.to_string() +
                        ", not of " + source.to_string() +
                        "; give the task another directory, or remove this one");
    }
    if (before && (header.first_frame != before->next_frame || header.base != before->end)) {
        return fail(errc::corrupt, reader.place(0) + ": the segment does not begin where the one "
                                                     "before it ends");
    }
    return {};
}

segment_info describe(const segment_header& header) {
    segment_info info;
    info.number = header.number;
    info.first_frame = header.first_frame;
    info.base = header.base;
    info.end = header.base.binlog;
    info.written_us = header.created_us;
    return info;
}

result<chain> add_sealed(segment_reader& reader, segment_footer footer, catalog& into) {
    auto info = describe(reader.header());
    const auto size = reader.size();
    if (!size) return std::unexpected(size.error());
    info.frame_count = footer.frames.size();
    info.end = footer.end.binlog;
    info.stored_bytes = *size;
    info.raw_bytes = footer.raw_bytes;
    info.written_us = footer.sealed_us;
    info.sealed = true;
    chain next{std::move(footer.end), info.next_frame()};
    into.add(std::move(info), {});
    return next;
}

// The last segment is read through, sealed or not.
result<chain> add_last(directory& where, segment_reader& reader,
                       std::optional<segment_footer> footer, const key_ring& keys, catalog& into,
                       recovered_log& log) {
    const auto size = reader.size();
    if (!size) return std::unexpected(size.error());
    auto scan = scan_segment(reader, footer ? footer->frames_end : *size, footer.has_value());
    if (!scan) return std::unexpected(scan.error());
    auto format = format_at_end(reader, scan->frames, UINT64_MAX);
    if (!format) return std::unexpected(format.error());
    log.format_description = std::move(*format);
    if (footer) {
        if (footer->frames.size() != scan->frames.size()) {
            return fail(errc::corrupt,
                        reader.place(footer->frames_end) + ": the footer does not fit the frames");
        }
        return add_sealed(reader, std::move(*footer), into);
    }
    auto writer =
        segment_writer::resume(where, segment_name(reader.header().number), scan->frames_end);
    if (!writer) return std::unexpected(writer.error());
    log.active = std::move(*writer);
    log.cipher = reader.take_cipher();
    const auto* newest = keys.newest();
    log.seal_first = newest == nullptr ? log.cipher.has_value()
                                       : !log.cipher || log.cipher->what().key_id != newest->id;

    auto info = describe(reader.header());
    info.frame_count = scan->frames.size();
    info.stored_bytes = scan->frames_end;
    info.raw_bytes = scan->raw_bytes;
    chain next{info.base, info.next_frame()};
    for (const auto& entry : scan->frames) {
        next.end.binlog = entry.header.end();
        next.end.executed.add(entry.header.gtids);
    }
    info.end = next.end.binlog;
    into.add(std::move(info), std::move(scan->frames));
    return next;
}

} // namespace

result<recovered_log> recover(directory& where, const protocol::uuid& source, catalog& into,
                              const key_ring& keys) {
    // A segment whose creation did not come to its rename.
    if (auto done = where.remove(std::string(unfinished_name)); !done) {
        return std::unexpected(done.error());
    }
    const auto numbers = segment_numbers(where);
    if (!numbers) return std::unexpected(numbers.error());
    recovered_log log;
    std::optional<chain> before;
    for (const auto number : *numbers) {
        const bool last = number == numbers->back();
        auto reader = segment_reader::open(where, segment_name(number), keys);
        if (!reader) return std::unexpected(reader.error());
        if (auto good = check_link(*reader, source, before); !good) {
            return std::unexpected(good.error());
        }
        auto footer = reader->footer();
        // The last segment's footer may be torn; its frames tell whether it is more than that.
        if (!footer && last && footer.error().code == errc::corrupt) footer = std::nullopt;
        if (!footer) return std::unexpected(footer.error());
        if (!last && !*footer) {
            return fail(errc::corrupt,
                        reader->place(0) +
                            ": the segment has no valid trailer, but there is a newer one");
        }
        auto next = last ? add_last(where, *reader, std::move(*footer), keys, into, log)
                         : add_sealed(*reader, std::move(**footer), into);
        if (!next) return std::unexpected(next.error());
        before = std::move(*next);
    }
    if (before) {
        log.end = std::move(before->end);
        log.last_frame = before->next_frame - 1;
    }
    return log;
}

} // namespace understudy::relay
