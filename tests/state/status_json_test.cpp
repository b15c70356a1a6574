#include "state/status_json.hpp"

#include "state/errc.hpp"

#include <gtest/gtest.h>

namespace understudy::state {
namespace {

using std::chrono::milliseconds;
using std::chrono::sys_days;

recorded_status sample() {
    recorded_status what;
    what.written = sys_days(std::chrono::year(2026) / 2 / 3) + milliseconds(45'296'789);
    status& value = what.value;
    value.task = "shop";
    value.now = phase::copying_data;
    value.started = sys_days(std::chrono::year(2026) / 2 / 3);
    value.copy["shop.orders"] = {.rows = 10, .rows_estimated = 20, .bytes = 300, .finished = false};
    value.copy["shop.lines"] = {.rows = 7, .rows_estimated = 7, .bytes = 70, .finished = true};
    value.connected = true;
    value.receiver_note = "a \"note\"\n";
    value.received = {"binlog.000002", 5'000'000'000};
    value.received_bytes = UINT64_MAX;
    value.received_events = 3;
    value.relay_stored_bytes = 4;
    value.relay_raw_bytes = 9;
    value.applied_gtids = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5";
    value.applied_rows = 11;
    value.applied_inserts = 5;
    value.applied_updates = 4;
    value.applied_deletes = 2;
    value.applied_transactions = 12;
    value.applied_groups = 13;
    value.applied_ddl = 14;
    value.retries = 15;
    value.parallel_fallbacks = 18;
    value.applier_note = "Übung";
    value.lag = milliseconds(1'234);
    value.delay = milliseconds(56);
    value.source_clock =
        clock_offset::estimate{std::chrono::microseconds(-700), std::chrono::microseconds(80)};
    value.applied_bytes = 16;
    value.written_rows = 5;
    value.rows_per_second = 2.5;
    value.bytes_per_second = 17.25;
    value.sql_tables = {{"shop.orders", "the target is MariaDB"}};
    value.quarantine = {{.tables = {"shop.a", "shop.b"},
                         .from = {"binlog.000001", 4},
                         .resuming = true,
                         .reloading = true,
                         .why = "a row"}};
    value.last_error = "stopped";
    value.warnings = {"one", "two"};
    return what;
}

TEST(status_json, comes_back_as_it_went) {
    const recorded_status before = sample();
    const auto after = parse_status_json(to_json(before));
    ASSERT_TRUE(after.has_value()) << after.error().what;
    EXPECT_EQ(after->written, before.written);
    EXPECT_EQ(to_json(*after), to_json(before));
    const status& value = after->value;
    EXPECT_EQ(value.now, phase::copying_data);
    EXPECT_EQ(value.copy.at("shop.orders").rows_estimated, 20U);
    EXPECT_TRUE(value.copy.at("shop.lines").finished);
    EXPECT_EQ(value.received, (protocol::binlog_position{"binlog.000002", 5'000'000'000}));
    EXPECT_EQ(value.received_bytes, UINT64_MAX);
    EXPECT_TRUE(value.applied.file.empty());
    EXPECT_EQ(value.lag, milliseconds(1'234));
    ASSERT_TRUE(value.source_clock);
    EXPECT_EQ(value.source_clock->ahead, std::chrono::microseconds(-700));
    EXPECT_EQ(value.rows_per_second, 2.5);
    EXPECT_EQ(value.sql_tables.at("shop.orders"), "the target is MariaDB");
    ASSERT_EQ(value.quarantine.size(), 1U);
    EXPECT_EQ(value.quarantine[0].tables.size(), 2U);
    EXPECT_TRUE(value.quarantine[0].resuming);
    EXPECT_TRUE(value.quarantine[0].reloading);
    EXPECT_EQ(value.warnings.size(), 2U);
}

TEST(status_json, writes_times_as_rfc_3339) {
    EXPECT_NE(to_json(sample()).find("\"written\":\"2026-02-03T12:34:56.789Z\""),
              std::string::npos);
}

TEST(status_json, replaces_bytes_that_are_no_utf8) {
    recorded_status what = sample();
    what.value.applier_note = "a\xff"
                              "b\xc0\x80"
                              "c\xed\xa0\x80"
                              "d";
    const auto after = parse_status_json(to_json(what));
    ASSERT_TRUE(after.has_value()) << after.error().what;
    EXPECT_EQ(after->value.applier_note, "a\uFFFDb\uFFFD\uFFFDc\uFFFD\uFFFD\uFFFDd");
}

TEST(status_json, refuses_what_is_no_status) {
    const std::string whole = to_json(sample());
    for (const std::string& text :
         {std::string(), std::string("[]"), std::string("{}"), whole.substr(0, whole.size() - 5)}) {
        const auto parsed = parse_status_json(text);
        ASSERT_FALSE(parsed.has_value()) << text;
        EXPECT_EQ(parsed.error().code, errc::damaged);
    }
}

} // namespace
} // namespace understudy::state
