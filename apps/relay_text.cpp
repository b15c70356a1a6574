#include "apps/relay_text.hpp"

#include "apps/figure_text.hpp"
#include "apps/styled_line.hpp"
#include "apps/time_text.hpp"
#include "relay/server_turn.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace understudy::apps {

namespace {

constexpr std::size_t columns = 11;
constexpr std::size_t first_figure = 3; // from here on columns are right-aligned
constexpr std::size_t last_figure = 7;

using row = std::array<std::string, columns>;

std::string ratio_text(std::uint64_t stored, std::uint64_t raw) {
    return raw == 0 ? std::string("-") : fmt::format("{}%", stored * 100 / raw);
}

std::string span_text(std::uint32_t from, std::uint32_t to) {
    return from == 0 ? std::string("-") : time_text(from) + " … " + time_text(to);
}

// As the source calls its file.
std::string place_text(const protocol::binlog_position& place) {
    return fmt::format("{}:{}", relay::server_turn::own_name(place.file), place.offset);
}

row row_of(const relay::segment_summary& segment) {
    return {segment.path.filename().string(),
            place_text(segment.begin.binlog),
            place_text(segment.end),
            count_text(segment.groups),
            count_text(segment.events),
            bytes_text(segment.raw_bytes),
            bytes_text(segment.stored_bytes),
            ratio_text(segment.stored_bytes, segment.raw_bytes),
            segment.sealed ? "closed" : "in use",
            span_text(segment.time_min, segment.time_max),
            segment.gtids.to_string()};
}

row sum_of(std::span<const relay::segment_summary> segments) {
    std::uint64_t groups = 0;
    std::uint64_t events = 0;
    std::uint64_t raw = 0;
    std::uint64_t stored = 0;
    for (const auto& segment : segments) {
        groups += segment.groups;
        events += segment.events;
        raw += segment.raw_bytes;
        stored += segment.stored_bytes;
    }
    return {fmt::format("{} in all", segments.size()),
            "",
            "",
            count_text(groups),
            count_text(events),
            bytes_text(raw),
            bytes_text(stored),
            ratio_text(stored, raw),
            "",
            "",
            ""};
}

std::string line_of(const row& cells, const std::array<std::size_t, columns>& widths) {
    std::string line;
    for (std::size_t i = 0; i < columns; ++i) {
        const std::string blanks(widths[i] - text_columns(cells[i]), ' ');
        const bool figure = i >= first_figure && i <= last_figure;
        line += figure ? blanks + cells[i] : cells[i] + blanks;
        line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
}

} // namespace

std::vector<std::string> segment_table(std::span<const relay::segment_summary> segments) {
    std::vector<row> rows{{"SEGMENT", "BEGIN", "END", "GROUPS", "EVENTS", "RAW", "STORED", "RATIO",
                           "STATE", "TIME (UTC)", "GTIDS"}};
    for (const auto& segment : segments)
        rows.push_back(row_of(segment));
    if (segments.size() > 1) rows.push_back(sum_of(segments));
    std::array<std::size_t, columns> widths{};
    for (const row& cells : rows) {
        for (std::size_t i = 0; i < columns; ++i)
            widths[i] = std::max(widths[i], text_columns(cells[i]));
    }
    std::vector<std::string> lines;
    for (const row& cells : rows)
        lines.push_back(line_of(cells, widths));
    return lines;
}

std::vector<std::string> binlog_verify_lines(const std::string& name,
                                             const relay::inspection::binlog_report& found) {
    std::vector<std::string> lines;
    const auto& summary = found.summary;
    if (!found.damage.empty()) lines.push_back(found.damage);
    if (!found.open_transaction.empty())
        lines.push_back("the transaction that begins at " + found.open_transaction +
                        " does not end");
    if (found.unfinished_bytes > 0) {
        lines.push_back(counted(found.unfinished_bytes, "byte") +
                        " behind the event that ends at " + summary.end.to_string() +
                        " are no whole event");
    }
    if (!summary.sealed) {
        lines.push_back(name + " is in use, or its server ended without closing it");
    }
    lines.push_back(fmt::format("{}: {}: {} in {}, {}", found.good() ? "good" : "DAMAGED", name,
                                counted(summary.events, "event"), counted(summary.groups, "group"),
                                bytes_text(summary.raw_bytes)));
    return lines;
}

std::vector<std::string> verify_lines(const relay::verify_report& found) {
    std::vector<std::string> lines;
    for (const auto& damage : found.damages) {
        lines.push_back(
            fmt::format("{}: at byte {}: {}", damage.path.string(), damage.offset, damage.what));
    }
    lines.push_back(fmt::format("{}: {}, {}, {} in {}, {} stored as {}",
                                found.good() ? "good" : "DAMAGED",
                                counted(found.segments, "segment"), counted(found.frames, "frame"),
                                counted(found.events, "event"), counted(found.groups, "group"),
                                bytes_text(found.raw_bytes), bytes_text(found.stored_bytes)));
    if (found.torn_bytes > 0) {
        lines.push_back(fmt::format("{} behind the last whole frame: a writer at work, or "
                                    "what a crash left; the next "
                                    "run cuts them off and fetches them again",
                                    counted(found.torn_bytes, "byte")));
    }
    return lines;
}

} // namespace understudy::apps
