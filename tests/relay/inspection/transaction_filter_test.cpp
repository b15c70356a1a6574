#include "relay/inspection/transaction_filter.hpp"

#include <gtest/gtest.h>

namespace understudy::relay_test {
namespace {

using relay::inspection::gtid_selection;
using relay::inspection::position_bound;
using relay::inspection::transaction;
using relay::inspection::transaction_filter;

transaction one(std::uint32_t time, std::string file, std::uint64_t offset, const char* id) {
    transaction made;
    made.timestamp = time;
    made.file = std::move(file);
    made.start_offset = offset;
    made.gtid = id;
    if (const auto parsed = protocol::gtid::parse(id)) made.id = *parsed;
    return made;
}

constexpr const char* gtid_5 = "3e11fa47-71ca-11e1-9e33-c80aa9429562:5";

TEST(transaction_filter, takes_times_and_positions_with_their_bounds) {
    transaction_filter filter;
    EXPECT_TRUE(filter.empty());
    filter.since = 100;
    filter.until = 200;
    EXPECT_TRUE(filter.accepts(one(100, "b.000001", 4, gtid_5)));
    EXPECT_TRUE(filter.accepts(one(200, "b.000001", 4, gtid_5)));
    EXPECT_FALSE(filter.accepts(one(99, "b.000001", 4, gtid_5)));
    EXPECT_FALSE(filter.accepts(one(201, "b.000001", 4, gtid_5)));
    transaction_filter places;
    places.start = *position_bound::parse("b.000009:100");
    places.stop = *position_bound::parse("b.000010:50");
    EXPECT_FALSE(places.accepts(one(0, "b.000009", 99, gtid_5)));
    EXPECT_TRUE(places.accepts(one(0, "b.000009", 100, gtid_5)));
    EXPECT_TRUE(places.accepts(one(0, "b.000010", 49, gtid_5)));
    EXPECT_FALSE(places.accepts(one(0, "b.000010", 50, gtid_5)));
    EXPECT_FALSE(places.accepts(one(0, "b.000011", 4, gtid_5)));
    EXPECT_FALSE(position_bound::parse("b.000009:x"));
}

TEST(transaction_filter, takes_gtids_of_both_kinds) {
    transaction_filter filter;
    filter.gtids = *gtid_selection::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:9");
    EXPECT_TRUE(filter.accepts(one(0, "b.000001", 4, gtid_5)));
    EXPECT_FALSE(filter.accepts(one(0, "b.000001", 4, "3e11fa47-71ca-11e1-9e33-c80aa9429562:6")));
    EXPECT_FALSE(filter.accepts(one(0, "b.000001", 4, "")));
    filter.gtids = *gtid_selection::parse("0-1-100, 1-2-5..9");
    EXPECT_TRUE(filter.accepts(one(0, "b.000001", 4, "0-1-100")));
    EXPECT_TRUE(filter.accepts(one(0, "b.000001", 4, "1-2-7")));
    EXPECT_FALSE(filter.accepts(one(0, "b.000001", 4, "1-2-10")));
    EXPECT_FALSE(filter.accepts(one(0, "b.000001", 4, "0-2-100")));
    EXPECT_FALSE(gtid_selection::parse("0-1"));
    EXPECT_FALSE(gtid_selection::parse("0-1-9..3"));
    EXPECT_FALSE(gtid_selection::parse("nonsense"));
}

TEST(transaction_filter, judges_frames_by_their_headers) {
    relay::frame_header frame;
    frame.time_min = 100;
    frame.time_max = 150;
    frame.file = "b.000002";
    frame.start_offset = 1'000;
    frame.end_offset = 2'000;
    frame.gtids.add(*protocol::gtid::parse(gtid_5));
    transaction_filter filter;
    filter.since = 150;
    EXPECT_TRUE(filter.may_hold(frame));
    filter.since = 151;
    EXPECT_FALSE(filter.may_hold(frame));
    filter.since.reset();
    filter.until = 99;
    EXPECT_FALSE(filter.may_hold(frame));
    filter.until.reset();
    filter.start = *position_bound::parse("b.000002:1999");
    EXPECT_TRUE(filter.may_hold(frame));
    filter.start = *position_bound::parse("b.000003:4");
    EXPECT_FALSE(filter.may_hold(frame));
    filter.start.reset();
    filter.stop = *position_bound::parse("b.000002:1000");
    EXPECT_FALSE(filter.may_hold(frame));
    filter.stop.reset();
    filter.gtids = *gtid_selection::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-4");
    EXPECT_FALSE(filter.may_hold(frame));
    filter.gtids = *gtid_selection::parse(gtid_5);
    EXPECT_TRUE(filter.may_hold(frame));
}

} // namespace
} // namespace understudy::relay_test
