#include "apps/display.hpp"

#include "apps/styled_line.hpp"
#include "apps/terminal.hpp"

#include <gtest/gtest.h>

namespace understudy::apps {
namespace {

using state::phase;
using state::status;
using std::chrono::seconds;

const std::chrono::system_clock::time_point start{seconds(1'700'000'000)};

status copying() {
    status value;
    value.task = "shop";
    value.now = phase::copying_data;
    value.started = start;
    value.copy["shop.customers"] = {
        .rows = 50'000, .rows_estimated = 49'000, .bytes = 5'000'000, .finished = true};
    value.copy["shop.orders"] = {
        .rows = 250'000, .rows_estimated = 1'000'000, .bytes = 31'000'000, .finished = false};
    value.copy["shop.lines"] = {
        .rows = 0, .rows_estimated = 700'000, .bytes = 0, .finished = false};
    value.connected = true;
    value.received = {"binlog.000002", 12'345};
    value.relay_raw_bytes = 10'000'000;
    value.relay_stored_bytes = 3'500'000;
    return value;
}

status streaming() {
    status value = copying();
    value.now = phase::streaming;
    for (auto& [name, table] : value.copy) {
        table.rows = table.rows_estimated;
        table.finished = true;
    }
    value.applied = {"binlog.000002", 12'000};
    value.applied_rows = 120'345;
    value.applied_transactions = 30'000;
    value.applied_groups = 512;
    value.applied_ddl = 3;
    value.lag = std::chrono::milliseconds(340);
    return value;
}

std::string text_of(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
        text += line + "\n";
    return text;
}

TEST(display, shows_the_copy_with_bars_at_work_first) {
    const rates speed{.copied_rows = 45'000, .copied_bytes = 5'400'000};
    EXPECT_EQ("\n" + text_of(display_lines(copying(), speed, start + seconds(83), {})), R"(
understudy shop  copying data                                            0:01:23
  ✓ precheck   ✓ schema   ● data   ○ catch-up   ○ stream   

  shop.orders     ━━━━━━━━━···························   25%        250,000 rows
  shop.lines      ····································    0%              0 rows
  shop.customers  ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━  100%         50,000 rows
  total           ━━━━━━······························   17%        300,000 rows
  1 of 3 tables, 36.0 MB, 45,000 rows/s, 5.4 MB/s, about 32 s to go

  received  binlog.000002:12345
  relay     10.0 MB → 3.5 MB stored (35%)
)");
}

TEST(display, shows_the_stream) {
    const rates speed{.applied_rows = 12'340, .applied_transactions = 3'085};
    EXPECT_EQ("\n" + text_of(display_lines(streaming(), speed, start + seconds(100), {})), R"(
understudy shop  streaming                                               0:01:40
  ✓ precheck   ✓ schema   ✓ data   ✓ catch-up   ● stream   

  copied    3 of 3 tables, 1,749,000 rows, 36.0 MB
  lag       0.3 s         12,340 rows/s, 3,085 transactions/s
  received  binlog.000002:12345
  applied   binlog.000002:12000
            120,345 rows in 30,000 transactions, 512 groups, 3 DDL
  relay     10.0 MB → 3.5 MB stored (35%)
)");
}

TEST(display, notes_and_warnings_are_there_and_the_latest_of_many) {
    status value = streaming();
    value.receiver_note = "reconnecting in 4 s: connection refused";
    value.applier_note = "the target is full; trying again";
    value.warnings = {"one", "two", "three", "four"};
    const std::string text = text_of(display_lines(value, {}, start, {}));
    EXPECT_NE(text.find("  received  reconnecting in 4 s: connection refused\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find("            the target is full; trying again\n"), std::string::npos)
        << text;
    EXPECT_NE(text.find("  … 1 earlier warnings\n  ! two\n  ! three\n  ! four\n"),
              std::string::npos)
        << text;
}

TEST(display, fits_every_terminal_with_and_without_colour) {
    status value = copying();
    for (int i = 0; i < 300; ++i) {
        value.copy["a_database_with_a_long_name.and_a_table_with_a_long_name_" +
                   std::to_string(i)] = {
            .rows = 5, .rows_estimated = 10, .bytes = 3, .finished = i % 3 == 0};
    }
    value.warnings = {std::string(300, 'w')};
    for (const bool colour : {false, true}) {
        for (std::size_t columns = 1; columns <= 130; ++columns) {
            for (const std::size_t rows : {1U, 2U, 5U, 12U, 24U, 60U}) {
                const auto lines = display_lines(
                    value, {}, start, {.columns = columns, .rows = rows, .colour = colour});
                EXPECT_LE(lines.size(), std::max<std::size_t>(rows - 1, 1));
                for (const std::string& line : lines)
                    EXPECT_LE(visible_columns(line), columns) << line;
            }
        }
    }
}

TEST(display, says_what_of_many_tables_is_left_out) {
    status value = copying();
    for (int i = 0; i < 20; ++i) {
        value.copy["shop.t" + std::to_string(i)] = {
            .rows = 0, .rows_estimated = 10, .bytes = 0, .finished = i < 5};
    }
    const auto lines = display_lines(value, {}, start, {});
    EXPECT_LE(lines.size(), 23U);
    EXPECT_NE(text_of(lines).find("more: "), std::string::npos) << text_of(lines);
    EXPECT_NE(text_of(lines).find("6 done"), std::string::npos) << text_of(lines);
}

TEST(display, a_log_line_has_the_same_figures) {
    EXPECT_EQ(summary_line(copying(), {.copied_rows = 45'000}),
              "copying data: 1 of 3 tables, 300,000 rows (17%), 36.0 MB, 45,000 rows/s");
    EXPECT_EQ(
        summary_line(streaming(), {}),
        "streaming: lag 0.3 s, 0 rows/s, 0 transactions/s, received binlog.000002:12345, applied "
        "binlog.000002:12000, relay 10.0 MB → 3.5 MB");
}

} // namespace
} // namespace understudy::apps
