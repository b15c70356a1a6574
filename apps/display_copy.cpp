#include "apps/display_copy.hpp"

#include "apps/figure_text.hpp"
#include "apps/styled_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace understudy::apps {

namespace {

using table_progress = state::status::table_progress;

struct named_table {
    std::string_view name;
    const table_progress* progress;
};

// Those at work first, then those that wait, then those that are done.
int order_of(const table_progress& table) {
    if (table.finished) return 2;
    return table.rows > 0 ? 0 : 1;
}

std::vector<named_table> in_order(const state::status& value) {
    std::vector<named_table> tables;
    for (const auto& [name, progress] : value.copy)
        tables.push_back({name, &progress});
    std::ranges::sort(tables, {}, [](const named_table& table) {
        return std::pair(order_of(*table.progress), table.name);
    });
    return tables;
}

struct layout {
    std::size_t name;
    std::size_t bar;
};

// "  name  ━━━━━━━━  100%  1,234,567 rows": what is left of the line goes to the bar, then to the
// name.
layout layout_for(const std::vector<named_table>& tables, std::size_t columns) {
    constexpr std::size_t figures = 2 + 2 + 2 + 4 + 2 + 18;
    std::size_t longest = std::size("total") - 1;
    for (const named_table& table : tables)
        longest = std::max(longest, text_columns(table.name));
    const std::size_t room = columns > figures + 8 ? columns - figures : 8;
    const std::size_t name = std::min(longest, std::max<std::size_t>(room * 3 / 5, 4));
    return {name, std::min<std::size_t>(room > name ? room - name : 0, 40)};
}

std::string table_line(const named_table& table, const layout& widths,
                       const display_options& options) {
    const table_progress& progress = *table.progress;
    const std::uint64_t whole =
        progress.finished ? progress.rows : std::max(progress.rows_estimated, progress.rows + 1);
    styled_line line(options.columns, options.colour);
    line.add("  ").add_left(table.name, widths.name,
                            order_of(progress) == 1 ? style::dim : style::plain);
    line.add("  ").add_bar(widths.bar, progress.rows, whole).add("  ");
    line.add_right(std::to_string(percent(progress.rows, whole)) + "%", 4).add("  ");
    line.add_right(count_text(progress.rows) + " rows", 18, style::dim);
    return line.text();
}

std::string more_line(std::span<const named_table> left_out, const display_options& options) {
    const auto count = [&](int order) {
        return std::ranges::count_if(
            left_out, [&](const named_table& table) { return order_of(*table.progress) == order; });
    };
    std::string text = fmt::format("  … and {} more", left_out.size());
    std::string parts;
    for (const auto& [order, word] :
         {std::pair{0, "at work"}, std::pair{1, "waiting"}, std::pair{2, "done"}}) {
        if (const auto tables = count(order); tables > 0) {
            parts += fmt::format("{}{} {}", parts.empty() ? ": " : ", ", tables, word);
        }
    }
    return styled_line(options.columns, options.colour).add(text + parts, style::dim).text();
}

std::string total_line(const copy_totals& totals, const layout& widths,
                       const display_options& options) {
    styled_line line(options.columns, options.colour);
    const std::uint64_t whole = totals.finished == totals.tables
                                    ? totals.rows
                                    : std::max(totals.rows_estimated, totals.rows + 1);
    line.add("  ").add_left("total", widths.name, style::bold).add("  ");
    line.add_bar(widths.bar, totals.rows, whole).add("  ");
    line.add_right(std::to_string(percent(totals.rows, whole)) + "%", 4, style::bold).add("  ");
    line.add_right(count_text(totals.rows) + " rows", 18, style::bold);
    return line.text();
}

// Coarser than it could be: estimates of the server go into it.
std::string remaining_text(std::uint64_t seconds) {
    if (seconds < 90) return fmt::format("{} s", seconds);
    if (seconds < 5'400) return fmt::format("{} min", (seconds + 30) / 60);
    return fmt::format("{} h {} min", seconds / 3'600, seconds / 60 % 60);
}

std::string speed_line(const copy_totals& totals, const rates& speed,
                       const display_options& options) {
    std::string text = fmt::format("  {} of {} tables, {}", totals.finished, totals.tables,
                                   bytes_text(totals.bytes));
    if (speed.copied_rows > 0) {
        text += fmt::format(", {} rows/s, {}/s", rate_text(speed.copied_rows),
                            bytes_text(static_cast<std::uint64_t>(speed.copied_bytes)));
        const auto seconds =
            static_cast<double>(totals.rows_estimated - totals.rows) / speed.copied_rows;
        if (totals.finished < totals.tables && seconds >= 1 && seconds < 1e7) {
            text += ", about " + remaining_text(static_cast<std::uint64_t>(seconds)) + " to go";
        }
    }
    return styled_line(options.columns, options.colour).add(text, style::dim).text();
}

} // namespace

copy_totals sum_up(const state::status& value) {
    copy_totals totals;
    for (const auto& [name, table] : value.copy) {
        totals.rows += table.rows;
        totals.rows_estimated +=
            table.finished ? table.rows : std::max(table.rows, table.rows_estimated);
        totals.bytes += table.bytes;
        ++totals.tables;
        if (table.finished) ++totals.finished;
    }
    return totals;
}

std::vector<std::string> copy_lines(const state::status& value, const rates& speed,
                                    std::size_t lines_max, const display_options& options) {
    const auto tables = in_order(value);
    const copy_totals totals = sum_up(value);
    const layout widths = layout_for(tables, options.columns);
    std::vector<std::string> lines;
    constexpr std::size_t lines_of_totals = 2;
    std::size_t shown = lines_max > lines_of_totals ? lines_max - lines_of_totals : 0;
    if (shown < tables.size() && shown > 0) --shown; // for the line that says how many are left out
    shown = std::min(shown, tables.size());
    for (std::size_t i = 0; i < shown; ++i)
        lines.push_back(table_line(tables[i], widths, options));
    if (shown < tables.size())
        lines.push_back(more_line(std::span(tables).subspan(shown), options));
    lines.push_back(total_line(totals, widths, options));
    lines.push_back(speed_line(totals, speed, options));
    return lines;
}

} // namespace understudy::apps
