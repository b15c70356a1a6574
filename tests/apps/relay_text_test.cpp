#include "apps/relay_text.hpp"

#include "relay/errc.hpp"

#include <gtest/gtest.h>

namespace understudy::apps {
namespace {

std::string text_of(const std::vector<std::string>& lines) {
    std::string text = "\n";
    for (const std::string& line : lines)
        text += line + "\n";
    return text;
}

relay::segment_summary segment(std::uint64_t number, bool sealed) {
    relay::segment_summary one;
    one.path = "/d/00000000000" + std::to_string(number) + ".segment";
    one.number = number;
    one.sealed = sealed;
    one.begin.binlog = {"binlog.000002", 4};
    one.end = {"binlog.000002", 64'000'000};
    one.frames = 62;
    one.events = 400'000;
    one.groups = 100'000;
    one.time_min = 1'700'000'000;
    one.time_max = 1'700'000'100;
    one.gtids = *protocol::gtid_set::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5");
    one.raw_bytes = 64'000'000;
    one.stored_bytes = 20'000'000;
    return one;
}

TEST(relay_text, lists_segments_and_their_sum) {
    const std::vector<relay::segment_summary> segments{segment(1, true), segment(2, false)};
    EXPECT_EQ(text_of(segment_table(segments)), R"(
SEGMENT               BEGIN            END                      GROUPS   EVENTS       RAW   STORED  RATIO  STATE   TIME (UTC)                                 GTIDS
000000000001.segment  binlog.000002:4  binlog.000002:64000000  100,000  400,000   64.0 MB  20.0 MB    31%  closed  2023-11-14 22:13:20 … 2023-11-14 22:15:00  3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5
000000000002.segment  binlog.000002:4  binlog.000002:64000000  100,000  400,000   64.0 MB  20.0 MB    31%  in use  2023-11-14 22:13:20 … 2023-11-14 22:15:00  3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5
2 in all                                                       200,000  800,000  128.0 MB  40.0 MB    31%
)");
}

TEST(relay_text, a_good_log_is_one_line) {
    relay::verify_report found;
    found.segments = 2;
    found.frames = 124;
    found.events = 800'000;
    found.groups = 200'000;
    found.raw_bytes = 128'000'000;
    found.stored_bytes = 40'000'000;
    EXPECT_EQ(text_of(verify_lines(found)), R"(
good: 2 segments, 124 frames, 800,000 events in 200,000 groups, 128.0 MB stored as 40.0 MB
)");
}

TEST(relay_text, damage_has_its_place) {
    relay::verify_report found;
    found.damages.push_back({.path = "/d/1.segment",
                             .offset = 4'096,
                             .code = make_error_code(relay::errc::corrupt),
                             .what = "checksum mismatch"});
    found.torn_bytes = 17;
    const std::string text = text_of(verify_lines(found));
    EXPECT_NE(text.find("\n/d/1.segment: at byte 4096: checksum mismatch\nDAMAGED: "),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("\n17 bytes behind the last whole frame"), std::string::npos) << text;
}

} // namespace
} // namespace understudy::apps
