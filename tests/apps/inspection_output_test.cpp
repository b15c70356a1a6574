#include "apps/inspection/reversed_records.hpp"
#include "apps/inspection/spooled_output.hpp"
#include "apps/inspection/statistics_text.hpp"
#include "apps/inspection/time_argument.hpp"

#include <gtest/gtest.h>

#include <random>

namespace understudy::apps {
namespace {

TEST(spooled_output, takes_back_what_was_held) {
    for (const std::size_t memory : {std::size_t{16}, std::size_t{1} << 20U}) {
        SCOPED_TRACE(memory);
        std::string sent;
        spooled_output out(
            [&](std::string_view text) -> protocol::result<void> {
                sent += text;
                return {};
            },
            memory);
        const auto add = [&](const std::string& text) {
            out.text() += text;
            ASSERT_TRUE(out.written());
        };
        add("first ");
        out.hold();
        for (int i = 0; i < 100; ++i)
            add("dropped " + std::to_string(i));
        ASSERT_TRUE(out.discard());
        add("second ");
        out.hold();
        std::string kept;
        for (int i = 0; i < 100; ++i) {
            add("kept " + std::to_string(i));
            kept += "kept " + std::to_string(i);
        }
        ASSERT_TRUE(out.release());
        add(" last");
        ASSERT_TRUE(out.flush());
        EXPECT_EQ(sent, "first second " + kept + " last");
    }
}

TEST(reversed_records, come_back_from_the_last_to_the_first) {
    std::minstd_rand random(11);
    std::vector<std::string> written;
    reversed_records records;
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        const auto size = i == 100 ? 3'000'000U : random() % 20'000;
        written.push_back(std::to_string(i) + std::string(size, 'x'));
        reversed_records::append(bytes, written.back());
        if (random() % 3 != 0) continue;
        ASSERT_TRUE(records.take(bytes));
        bytes.clear();
    }
    ASSERT_TRUE(records.take(bytes));
    ASSERT_TRUE(records.for_each([&](std::string_view record) -> protocol::result<void> {
        EXPECT_EQ(record, written.back());
        written.pop_back();
        return {};
    }));
    EXPECT_TRUE(written.empty());
}

TEST(time_argument, is_a_moment_or_a_span_before_now) {
    constexpr std::int64_t now = 1'770'000'000;
    const std::pair<const char*, std::int64_t> cases[] = {
        {"now", now},
        {"-2h", now - 7'200},
        {"-1h30m", now - 5'400},
        {"-1d", now - 86'400},
        {"@1000", 1'000},
        {"1970-01-02", 86'400},
        {"1970-01-02 00:01", 86'460},
        {"1970-01-02T00:00:01Z", 86'401},
    };
    for (const auto& [text, expected] : cases) {
        const auto found = parse_time_argument(text, now);
        ASSERT_TRUE(found) << text;
        EXPECT_EQ(*found, expected) << text;
    }
    for (const char* text : {"", "-", "-2", "-h", "2h", "yesterday", "2026-02-30", "2026-1-1",
                             "2026-02-03 25:00", "@x", "-2x"})
        EXPECT_FALSE(parse_time_argument(text, now)) << text;
}

TEST(statistics_text, draws_what_is_highest_as_high_as_it_gets) {
    EXPECT_EQ(small_chart({0, 1, 4, 8}, 10), " ▁▄█");
    EXPECT_EQ(small_chart({1, 1, 4, 4}, 2), "▂█");
    EXPECT_EQ(small_chart({}, 10), "");
    EXPECT_EQ(small_chart({0, 0}, 10), "  ");
}

} // namespace
} // namespace understudy::apps
