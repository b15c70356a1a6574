#include "apps/inspection/statistics_text.hpp"

#include "apps/figure_text.hpp"
#include "apps/inspection/change_text_writer.hpp"
#include "apps/styled_line.hpp"
#include "apps/time_text.hpp"
#include "protocol/value/byte_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

namespace understudy::apps {

namespace {

using figures = log_statistics::figures;
using named_table = std::pair<std::string, log_statistics::table>;

constexpr std::size_t tables_shown = 15;
constexpr std::size_t notable_shown = 5;

std::vector<named_table> by_rows(const figures& of) {
    std::vector<named_table> all(of.tables.begin(), of.tables.end());
    std::ranges::sort(all, [](const named_table& a, const named_table& b) {
        return a.second.rows() != b.second.rows() ? a.second.rows() > b.second.rows()
                                                  : a.first < b.first;
    });
    return all;
}

class report {
public:
    report(std::size_t columns, bool colour) : columns_(columns), colour_(colour) {}

    styled_line line() const { return {columns_, colour_}; }
    void add(const styled_line& one) { lines_.push_back(one.text()); }
    void heading(std::string_view text) {
        lines_.emplace_back();
        add(line().add(text, style::bold));
    }
    std::vector<std::string> take() { return std::move(lines_); }
    [[nodiscard]] std::size_t columns() const { return columns_; }

private:
    std::size_t columns_;
    bool colour_;
    std::vector<std::string> lines_;
};

void add_totals(report& to, const figures& of) {
    to.add(to.line()
               .add(counted(of.transactions, "transaction"), style::bold)
               .add(fmt::format(", {}, {} ({} inserted, {} updated, {} deleted), {}",
                                counted(of.statements, "statement"), counted(of.sum.rows(), "row"),
                                count_text(of.sum.inserts), count_text(of.sum.updates),
                                count_text(of.sum.deletes), bytes_text(of.bytes))));
    if (of.transactions == 0) return;
    const std::chrono::microseconds time(of.last_us - std::min(of.first_us, of.last_us));
    to.add(to.line().add(
        fmt::format("{} … {} UTC, {}", moment_text(of.first_us), moment_text(of.last_us),
                    elapsed_text(std::chrono::duration_cast<std::chrono::milliseconds>(time)))));
    if (of.compressed > 0)
        to.add(to.line().add(
            fmt::format("{} compressed by the source", counted(of.compressed, "transaction"))));
    if (of.rolled_back > 0)
        to.add(to.line().add(counted(of.rolled_back, "transaction") + " ended in ROLLBACK"));
}

void add_chart(report& to, const figures& of) {
    const auto& curve = of.over_time;
    if (curve.points.size() < 2) return;
    to.heading("Over time");
    const auto row = [&](std::string_view name, auto member, auto text) {
        std::vector<std::uint64_t> values;
        for (const auto& point : curve.points)
            values.push_back(point.*member);
        const auto highest = *std::ranges::max_element(values);
        const auto room = to.columns() > 50 ? std::min<std::size_t>(to.columns() - 50, 80) : 20;
        to.add(to.line()
                   .add_left(name, 14)
                   .add(small_chart(values, room), style::accent)
                   .add(fmt::format("  at most {}/s",
                                    text(highest / static_cast<std::uint64_t>(curve.step)))));
    };
    using point = log_statistics::curve::point;
    row("transactions", &point::transactions, count_text);
    row("rows", &point::rows, count_text);
    row("bytes", &point::bytes, bytes_text);
    to.add(to.line().add(fmt::format("from {} on, {} s of log",
                                     time_text(static_cast<std::uint32_t>(curve.begin)),
                                     static_cast<std::int64_t>(curve.points.size()) * curve.step),
                         style::dim));
}

void add_tables(report& to, const figures& of) {
    if (of.tables.empty()) return;
    to.heading("Tables by changed rows");
    const auto tables = by_rows(of);
    std::size_t width = 5;
    for (const auto& [name, table] : tables)
        width = std::max(width, text_columns(name));
    width = std::min<std::size_t>(width, 48);
    to.add(to.line()
               .add_left("TABLE", width, style::dim)
               .add_right("ROWS", 14, style::dim)
               .add_right("INSERTED", 14, style::dim)
               .add_right("UPDATED", 14, style::dim)
               .add_right("DELETED", 14, style::dim)
               .add_right("BYTES", 12, style::dim));
    for (std::size_t i = 0; i < std::min(tables.size(), tables_shown); ++i) {
        const auto& [name, table] = tables[i];
        to.add(to.line()
                   .add_left(name, width)
                   .add_right(count_text(table.rows()), 14)
                   .add_right(count_text(table.inserts), 14)
                   .add_right(count_text(table.updates), 14)
                   .add_right(count_text(table.deletes), 14)
                   .add_right(bytes_text(table.bytes), 12));
    }
    if (tables.size() > tables_shown)
        to.add(to.line().add(fmt::format("… and {} more", count_text(tables.size() - tables_shown)),
                             style::dim));
}

void add_notable(report& to, std::string_view heading,
                 const std::vector<log_statistics::notable>& all) {
    if (all.empty()) return;
    to.heading(heading);
    for (std::size_t i = 0; i < std::min(all.size(), notable_shown); ++i) {
        const auto& one = all[i];
        auto line = to.line();
        line.add_right(bytes_text(one.bytes), 10)
            .add_right(counted(one.rows, "row"), 16)
            .add_right(one.seconds > 0 ? fmt::format("{} s", one.seconds) : "", 8)
            .add("  " + moment_text(one.time_us) + "  ")
            .add(one.gtid.empty() ? "no GTID" : one.gtid, style::accent)
            .add("  " + one.place, style::dim);
        to.add(line);
    }
}

void append_notable_json(std::string& out, const std::vector<log_statistics::notable>& all) {
    out += '[';
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& one = all[i];
        out += i == 0 ? "{\"gtid\":" : ",{\"gtid\":";
        protocol::append_json_string(out, one.gtid);
        out += ",\"position\":";
        protocol::append_json_string(out, one.place);
        fmt::format_to(std::back_inserter(out),
                       R"(,"time_us":{},"bytes":{},"rows":{},"seconds":{}}})", one.time_us,
                       one.bytes, one.rows, one.seconds);
    }
    out += ']';
}

} // namespace

std::string small_chart(const std::vector<std::uint64_t>& values, std::size_t columns) {
    static constexpr std::string_view cells[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    if (values.empty() || columns == 0) return {};
    const auto count = std::min(columns, values.size());
    std::vector<std::uint64_t> shown(count);
    for (std::size_t i = 0; i < values.size(); ++i)
        shown[i * count / values.size()] += values[i];
    const auto highest = std::max<std::uint64_t>(*std::ranges::max_element(shown), 1);
    std::string text;
    for (const auto value : shown) {
        const auto eighths = static_cast<double>(value) / static_cast<double>(highest) * 8;
        const auto cell = static_cast<std::size_t>(eighths);
        text += cells[value > 0 ? std::max<std::size_t>(cell, 1) : 0];
    }
    return text;
}

std::vector<std::string> statistics_lines(const figures& of, std::size_t columns, bool colour) {
    report to(columns, colour);
    add_totals(to, of);
    add_chart(to, of);
    add_tables(to, of);
    if (!of.statement_words.empty()) {
        to.heading("Statements");
        for (const auto& [word, count] : of.statement_words)
            to.add(to.line().add_right(count_text(count), 10).add("  " + word));
    }
    add_notable(to, "Largest transactions", of.largest);
    add_notable(to, "Longest transactions (first statement to commit)", of.longest);
    if (!of.time_gaps.empty()) {
        to.heading("Longest silences");
        for (const auto& gap : of.time_gaps) {
            const std::chrono::milliseconds time((gap.to_us - gap.from_us) / 1'000);
            to.add(to.line()
                       .add_right(elapsed_text(time), 10)
                       .add(fmt::format("  {} … {}", moment_text(gap.from_us),
                                        moment_text(gap.to_us))));
        }
    }
    if (!of.gtids.empty()) {
        to.heading("GTIDs");
        to.add(to.line().add(of.gtids));
        if (!of.gtid_gaps.empty())
            to.add(to.line().add("not in this log: " + of.gtid_gaps, style::warning));
    }
    return to.take();
}

std::string statistics_json(const figures& of) {
    std::string out;
    auto to = std::back_inserter(out);
    fmt::format_to(
        to,
        R"({{"transactions":{},"statements":{},"rolled_back":{},"compressed":{},"bytes":{},)"
        R"("rows":{{"inserted":{},"updated":{},"deleted":{}}},"first_us":{},"last_us":{},"tables":[)",
        of.transactions, of.statements, of.rolled_back, of.compressed, of.bytes, of.sum.inserts,
        of.sum.updates, of.sum.deletes, of.first_us, of.last_us);
    bool first = true;
    for (const auto& [name, table] : by_rows(of)) {
        out += std::exchange(first, false) ? "{\"table\":" : ",{\"table\":";
        protocol::append_json_string(out, name);
        fmt::format_to(to, R"(,"inserted":{},"updated":{},"deleted":{},"bytes":{}}})",
                       table.inserts, table.updates, table.deletes, table.bytes);
    }
    out += "],\"statement_words\":{";
    first = true;
    for (const auto& [word, count] : of.statement_words)
        fmt::format_to(to, R"({}"{}":{})", std::exchange(first, false) ? "" : ",", word, count);
    out += "},\"largest\":";
    append_notable_json(out, of.largest);
    out += ",\"longest\":";
    append_notable_json(out, of.longest);
    out += ",\"silences\":[";
    first = true;
    for (const auto& gap : of.time_gaps)
        fmt::format_to(to, R"({}{{"from_us":{},"to_us":{}}})",
                       std::exchange(first, false) ? "" : ",", gap.from_us, gap.to_us);
    out += "],\"gtids\":";
    protocol::append_json_string(out, of.gtids);
    out += ",\"gtid_gaps\":";
    protocol::append_json_string(out, of.gtid_gaps);
    fmt::format_to(to, R"(,"over_time":{{"begin":{},"step_seconds":{},"points":[)",
                   of.over_time.begin, of.over_time.step);
    first = true;
    for (const auto& point : of.over_time.points)
        fmt::format_to(to, R"({}{{"transactions":{},"rows":{},"bytes":{}}})",
                       std::exchange(first, false) ? "" : ",", point.transactions, point.rows,
                       point.bytes);
    out += "]}}\n";
    return out;
}

} // namespace understudy::apps
