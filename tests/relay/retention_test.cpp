#include "relay/retention.hpp"
#include "tests/relay/test_logs.hpp"

#include <gtest/gtest.h>

namespace understudy::relay_test {
namespace {

using namespace relay;

constexpr std::uint64_t second_us = 1'000'000;
constexpr std::uint64_t now_us = 1'000'000 * second_us;

// Five segments of 100 bytes, 500, 400 … 100 seconds old, ending at 1000, 2000 … of one file.
std::vector<segment_info> five_segments() {
    std::vector<segment_info> segments(5);
    for (std::uint64_t i = 0; i < 5; ++i) {
        segments[i].number = i + 1;
        segments[i].stored_bytes = 100;
        segments[i].written_us = now_us - (5 - i) * 100 * second_us;
        segments[i].end = {"binlog.000001", (i + 1) * 1'000};
        segments[i].sealed = i < 4;
    }
    return segments;
}

std::size_t deletable(retention_policy policy, std::vector<std::uint64_t> needed) {
    std::vector<protocol::binlog_position> positions;
    for (const auto offset : needed)
        positions.push_back({"binlog.000001", offset});
    return policy.deletable(five_segments(), positions, now_us);
}

TEST(retention, keeps_everything_without_limits) {
    EXPECT_EQ(deletable({}, {9'000}), 0U);
}

TEST(retention, goes_by_size) {
    EXPECT_EQ(deletable({.bytes_max = 500, .age_max = {}}, {9'000}), 0U);
    EXPECT_EQ(deletable({.bytes_max = 499, .age_max = {}}, {9'000}), 1U);
    EXPECT_EQ(deletable({.bytes_max = 250, .age_max = {}}, {9'000}), 3U);
}

TEST(retention, goes_by_age) {
    EXPECT_EQ(deletable({.bytes_max = 0, .age_max = std::chrono::seconds(350)}, {9'000}), 2U);
}

TEST(retention, never_deletes_the_last_segment) {
    EXPECT_EQ(deletable({.bytes_max = 1, .age_max = std::chrono::seconds(1)}, {9'000}), 4U);
}

TEST(retention, never_deletes_what_somebody_needs) {
    const retention_policy all{.bytes_max = 1, .age_max = {}};
    EXPECT_EQ(deletable(all, {999}), 0U);
    EXPECT_EQ(deletable(all, {1'000}), 1U);
    EXPECT_EQ(deletable(all, {9'000, 2'500}), 2U);
}

TEST(retention, deletes_segments_behind_the_slowest_reader_only) {
    source_log source(test_uuid());
    source.begin_file();
    for (std::size_t i = 0; i < 200; ++i)
        source.add_group({100});
    auto options = small_options();
    options.retention_bytes_max = 1;
    auto where = std::make_shared<memory_directory>();
    const auto log = begin_log(where, options);
    append_all(*log, source.events());
    ASSERT_TRUE(log->flush(true));
    const auto segments = log->size().segments;
    ASSERT_GT(segments, 3U);

    auto slow = log->open_reader(log_start());
    ASSERT_TRUE(slow);
    ASSERT_TRUE(log->retire(log->end().binlog));
    EXPECT_EQ(log->size().segments, segments);
    EXPECT_EQ(compare(*log, log_start(), source.events()), "");

    std::size_t middle = source.events().size() / 2;
    while (source.events()[middle - 1].role != protocol::boundary::role::ends)
        ++middle;
    (*slow)->release_until(source.position_after(middle).binlog);
    ASSERT_TRUE(log->retire(log->end().binlog));
    EXPECT_LT(log->size().segments, segments);
    EXPECT_EQ(
        compare(*log, source.position_after(middle), std::span(source.events()).subspan(middle)),
        "");
    EXPECT_FALSE(log->open_reader(log_start()));
    EXPECT_GT(log->begin().executed.count(), 0U);
    auto first = log->open_reader(log->begin());
    EXPECT_TRUE(first) << first.error().what;

    slow->reset();
    first->reset();
    ASSERT_TRUE(log->retire(log->end().binlog));
    EXPECT_EQ(log->size().segments, 1U);
    EXPECT_EQ(log->end(), source.position_after(source.events().size()));
}

} // namespace
} // namespace understudy::relay_test
