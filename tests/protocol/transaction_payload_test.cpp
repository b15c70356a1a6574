#include "protocol/binlog/transaction_payload.hpp"

#include "protocol/errc.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <string>

namespace understudy::protocol {
namespace {

using test::binlog_file;
using bytes = std::vector<std::byte>;

bytes event_of(std::uint32_t size, std::byte fill) {
    bytes made(size, fill);
    for (std::size_t i = 0; i < 4; ++i)
        made[9 + i] = static_cast<std::byte>(size >> (8 * i) & 0xffU);
    return made;
}

bytes compressed(const bytes& raw) {
    bytes out(ZSTD_compressBound(raw.size()));
    out.resize(ZSTD_compress(out.data(), out.size(), raw.data(), raw.size(), 1));
    return out;
}

TEST(transaction_payload, gives_the_events_of_captured_transactions) {
    const auto file = binlog_file::read("mysql_97_payload_and_partial_json.binlog");
    const auto payloads = file.all(event_type::transaction_payload);
    ASSERT_FALSE(payloads.empty());
    for (const auto& event : payloads) {
        const auto payload = decode_transaction_payload(event);
        ASSERT_TRUE(payload) << payload.error().what;
        payload_events events(*payload);
        std::vector<event_type> types;
        std::uint64_t size = 0;
        for (;;) {
            const auto next = events.next();
            ASSERT_TRUE(next) << next.error().what;
            if (!*next) break;
            size += (*next)->size();
            types.push_back(decode_event_header(**next)->type);
        }
        EXPECT_EQ(size, payload->uncompressed_size);
        ASSERT_GE(types.size(), 3U);
        EXPECT_EQ(types.front(), event_type::query); // BEGIN
        EXPECT_EQ(types.back(), event_type::xid);
    }
}

TEST(transaction_payload, gives_events_larger_than_its_steps_and_several_blocks) {
    bytes raw = event_of(19, std::byte{1});
    const auto large = event_of(1'000'000, std::byte{7});
    raw.insert(raw.end(), large.begin(), large.end());
    const auto small = event_of(30, std::byte{9});
    auto data = compressed(raw);
    const auto second = compressed(small);
    data.insert(data.end(), second.begin(), second.end());
    payload_events events({transaction_payload::compression::zstd, 0, data});
    for (const std::size_t expected : {19U, 1'000'000U, 30U}) {
        const auto next = events.next();
        ASSERT_TRUE(next && *next);
        EXPECT_EQ((*next)->size(), expected);
    }
    EXPECT_FALSE(events.next()->has_value());
}

TEST(transaction_payload, takes_uncompressed_ones) {
    const auto raw = event_of(40, std::byte{3});
    payload_events events({transaction_payload::compression::none, 40, raw});
    const auto first = events.next();
    ASSERT_TRUE(first && *first);
    EXPECT_TRUE(std::ranges::equal(**first, raw));
    EXPECT_FALSE(events.next()->has_value());
}

TEST(transaction_payload, cut_at_any_byte_is_an_error) {
    const auto data = compressed(event_of(500, std::byte{5}));
    for (std::size_t size = 1; size < data.size(); ++size) {
        const bytes cut(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(size));
        payload_events events({transaction_payload::compression::zstd, 500, cut});
        auto next = events.next();
        if (next && *next) next = events.next(); // only zstd's own end is missing
        EXPECT_FALSE(next) << size;
    }
    const auto half_event = compressed(bytes(10));
    payload_events events({transaction_payload::compression::zstd, 10, half_event});
    EXPECT_EQ(events.next().error().code, errc::malformed);
}

TEST(transaction_payload, refuses_what_it_does_not_know) {
    const auto decode = [](bytes body) {
        bytes event = event_of(19, std::byte{0});
        event.insert(event.end(), body.begin(), body.end());
        event[9] = static_cast<std::byte>(event.size());
        return decode_transaction_payload(*decode_event(event, false));
    };
    EXPECT_EQ(decode({std::byte{2}, std::byte{1}, std::byte{9}, std::byte{0}}).error().code,
              errc::unsupported);
    EXPECT_EQ(decode({std::byte{1}, std::byte{1}, std::byte{9}, std::byte{0}}).error().code,
              errc::malformed);                         // says 9 bytes, has none
    EXPECT_FALSE(decode({std::byte{1}, std::byte{5}})); // the field is cut off
    EXPECT_FALSE(decode({std::byte{2}, std::byte{1}})); // no end mark
    EXPECT_FALSE(decode({}));
}

} // namespace
} // namespace understudy::protocol
