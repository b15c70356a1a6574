#include "apps/display.hpp"

#include "apps/display_copy.hpp"
#include "apps/figure_text.hpp"
#include "apps/styled_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace understudy::apps {

namespace {

using state::phase;
using state::status;

constexpr std::size_t warnings_shown_max = 3;

std::string headline(const status& value, std::chrono::system_clock::time_point now,
                     const display_options& options) {
    const style how = value.now == phase::failed      ? style::bad
                      : value.now == phase::streaming ? style::good
                                                      : style::accent;
    styled_line line(options.columns, options.colour);
    line.add("understudy ", style::dim)
        .add(value.task, style::bold)
        .add("  ")
        .add(to_string(value.now), how);
    const auto elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(now - value.started);
    return line.at_right_edge(elapsed_text(elapsed), style::dim).text();
}

// Which step of the way the task is at. Stopping, finished and failed show none: they can follow
// any.
std::string steps_line(const status& value, const display_options& options) {
    static constexpr std::array<std::pair<phase, std::string_view>, 5> steps{{
        {phase::prechecking, "precheck"},
        {phase::copying_schema, "schema"},
        {phase::copying_data, "data"},
        {phase::catching_up, "catch-up"},
        {phase::streaming, "stream"},
    }};
    styled_line line(options.columns, options.colour);
    line.add("  ");
    for (const auto& [step, name] : steps) {
        const bool now = step == value.now;
        const bool done = step < value.now;
        line.add(now    ? "● "
                 : done ? "✓ "
                        : "○ ",
                 now    ? style::accent
                 : done ? style::good
                        : style::dim);
        line.add(name, now ? style::bold : style::dim).add("   ");
    }
    return line.text();
}

class fields {
public:
    explicit fields(const display_options& options) : options_(options) {}

    void add(std::string_view name, std::string_view text, style how = style::plain) {
        styled_line line(options_.columns, options_.colour);
        line.add("  ").add_left(name, 10, style::dim).add(text, how);
        lines.push_back(line.text());
    }

    std::vector<std::string> lines;

private:
    const display_options& options_;
};

std::string position_text(const protocol::binlog_position& position) {
    return position.file.empty() ? "nothing yet" : position.to_string();
}

bool is_copying(phase now) {
    return now == phase::copying_schema || now == phase::copying_data;
}
bool is_applying(phase now) {
    return now == phase::catching_up || now == phase::streaming;
}

std::string lag_line(const status& value, const rates& speed, bool with_speed) {
    if (!with_speed) return lag_text(value.lag);
    return fmt::format("{:<14}{} rows/s, {} transactions/s", lag_text(value.lag),
                       rate_text(speed.applied_rows), rate_text(speed.applied_transactions));
}

// Only where it would be seen in the lag if it were not taken out.
void add_clock(fields& into, const status& value) {
    if (!value.source_clock) return;
    const auto ahead = value.source_clock->ahead;
    if (std::chrono::abs(ahead) < std::chrono::seconds(1)) return;
    into.add("",
             fmt::format("the source's clock is {} {} ours; lag is counted without that",
                         lag_text(std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::abs(ahead))),
                         ahead.count() > 0 ? "ahead of" : "behind"),
             style::dim);
}

void add_stream(fields& into, const status& value, const rates& speed, bool with_speed) {
    if (is_applying(value.now)) {
        const bool late = value.lag > std::chrono::seconds(30);
        into.add("lag", lag_line(value, speed, with_speed), late ? style::warning : style::bold);
        add_clock(into, value);
    }
    into.add("received",
             value.receiver_note.empty() ? fmt::format("{}{}", position_text(value.received),
                                                       value.connected ? "" : ", not connected")
                                         : value.receiver_note,
             value.receiver_note.empty() ? style::plain : style::warning);
    if (value.applied_groups > 0 || is_applying(value.now)) {
        into.add("applied", position_text(value.applied));
        std::string counts = fmt::format("{} in {}, {}", counted(value.applied_rows, "row"),
                                         counted(value.applied_transactions, "transaction"),
                                         counted(value.applied_groups, "group"));
        if (value.applied_ddl > 0) counts += fmt::format(", {} DDL", count_text(value.applied_ddl));
        if (value.retries > 0) counts += fmt::format(", {} retries", count_text(value.retries));
        if (value.parallel_fallbacks > 0)
            counts += fmt::format(", {} times one at a time", count_text(value.parallel_fallbacks));
        into.add("", counts, style::dim);
    }
    if (value.written_rows > 0 && value.written_rows < value.applied_rows) {
        into.add("",
                 fmt::format("merged into {} ({:.1f} changes for one)",
                             counted(value.written_rows, "row"), merge_ratio(value)),
                 style::dim);
    }
    if (const auto all = value.conflicts_overwritten + value.conflicts_ignored; all > 0) {
        into.add("",
                 fmt::format("{}: {} overwritten, {} ignored (understudy.conflict)",
                             counted(all, "conflict"), count_text(value.conflicts_overwritten),
                             count_text(value.conflicts_ignored)),
                 style::warning);
    }
    for (const auto& one : value.quarantine) {
        std::string tables;
        for (const std::string& table : one.tables)
            tables += (tables.empty() ? "" : ", ") + table;
        into.add(one.resuming    ? "catching up"
                 : one.reloading ? "copied anew"
                                 : "set aside",
                 fmt::format("{} from {} on: {}", tables, position_text(one.from), one.why),
                 style::warning);
    }
    if (!value.sql_tables.empty()) {
        const auto& [table, why] = *value.sql_tables.begin();
        into.add("as SQL",
                 fmt::format("{}: {}{}", table, why,
                             value.sql_tables.size() == 1
                                 ? ""
                                 : fmt::format(", and {} more", value.sql_tables.size() - 1)));
    }
    if (!value.throttled.empty()) into.add("throttled", value.throttled, style::warning);
    if (!value.applier_note.empty()) into.add("", value.applier_note, style::warning);
    if (value.relay_raw_bytes > 0) {
        into.add("relay", fmt::format("{} → {} stored ({}%)", bytes_text(value.relay_raw_bytes),
                                      bytes_text(value.relay_stored_bytes),
                                      value.relay_stored_bytes * 100 / value.relay_raw_bytes));
    }
}

void add_copied(fields& into, const status& value) {
    const copy_totals totals = sum_up(value);
    if (totals.tables == 0 || is_copying(value.now)) return;
    into.add("copied", fmt::format("{} of {} tables, {} rows, {}", totals.finished, totals.tables,
                                   count_text(totals.rows), bytes_text(totals.bytes)));
}

std::vector<std::string> warning_lines(const status& value, const display_options& options) {
    std::vector<std::string> lines;
    const std::size_t shown = std::min(value.warnings.size(), warnings_shown_max);
    if (shown < value.warnings.size()) {
        lines.push_back(
            styled_line(options.columns, options.colour)
                .add(fmt::format("  … {} earlier warnings", value.warnings.size() - shown),
                     style::dim)
                .text());
    }
    for (const std::string& text : std::span(value.warnings).last(shown)) {
        lines.push_back(styled_line(options.columns, options.colour)
                            .add("  ! ", style::warning)
                            .add(text)
                            .text());
    }
    return lines;
}

void append(std::vector<std::string>& into, std::vector<std::string> more, bool blank_before) {
    if (more.empty()) return;
    if (blank_before) into.emplace_back();
    for (std::string& line : more)
        into.push_back(std::move(line));
}

} // namespace

std::vector<std::string> display_lines(const status& value, const rates& speed,
                                       std::chrono::system_clock::time_point now,
                                       const display_options& options) {
    fields facts(options);
    add_copied(facts, value);
    add_stream(facts, value, speed, options.with_speed);
    auto warnings = warning_lines(value, options);

    std::vector<std::string> lines{headline(value, now, options)};
    if (value.now <= phase::streaming) lines.push_back(steps_line(value, options));
    if (is_copying(value.now) && !value.copy.empty()) {
        const std::size_t others = lines.size() + facts.lines.size() + warnings.size() + 4;
        const std::size_t room = options.rows > others ? options.rows - others : 0;
        append(lines, copy_lines(value, speed, room, options), true);
    }
    append(lines, std::move(facts.lines), true);
    append(lines, std::move(warnings), true);
    const std::size_t lines_max = std::max<std::size_t>(options.rows, 2) - 1;
    if (lines.size() > lines_max) lines.resize(lines_max);
    return lines;
}

std::string summary_line(const status& value, const rates& speed) {
    std::string text(to_string(value.now));
    const copy_totals totals = sum_up(value);
    if (is_copying(value.now) && totals.tables > 0) {
        text += fmt::format(": {} of {} tables, {} rows ({}%), {}, {} rows/s", totals.finished,
                            totals.tables, count_text(totals.rows),
                            percent(totals.rows, totals.rows_estimated), bytes_text(totals.bytes),
                            rate_text(speed.copied_rows));
    } else if (is_applying(value.now)) {
        text += fmt::format(
            ": lag {}, {} rows/s, {} transactions/s, received {}, applied {}, relay {} → {}",
            lag_text(value.lag), rate_text(speed.applied_rows),
            rate_text(speed.applied_transactions), position_text(value.received),
            position_text(value.applied), bytes_text(value.relay_raw_bytes),
            bytes_text(value.relay_stored_bytes));
    }
    if (!value.receiver_note.empty()) text += "; " + value.receiver_note;
    if (!value.applier_note.empty()) text += "; " + value.applier_note;
    return text;
}

} // namespace understudy::apps
