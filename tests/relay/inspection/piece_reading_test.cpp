#include "relay/errc.hpp"
#include "relay/inspection/binlog_cutter.hpp"
#include "relay/inspection/open_source.hpp"
#include "relay/inspection/ordered_turns.hpp"
#include "relay/inspection/piece_reading.hpp"
#include "relay/inspection/segment_cutter.hpp"
#include "tests/relay/test_logs.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace understudy::relay_test {
namespace {

using namespace relay::inspection;
using protocol::result;

std::string captured(const std::string& name) {
    return UNDERSTUDY_SOURCE_DIR "/tests/data/binlog/" + name;
}

struct events_read {
    std::vector<read_event> events;
    std::size_t pieces = 0;
    std::string error;
};

events_read read_all(log_cutter& cutter) {
    events_read all;
    for (;;) {
        const auto piece = cutter.next();
        if (!piece) all.error = piece.error().what;
        if (!piece || !*piece) return all;
        ++all.pieces;
        auto source = (*piece)->open({});
        if (!source) {
            all.error = source.error().what;
            return all;
        }
        for (bool first = true;; first = false) {
            const auto event = (*source)->next();
            if (!event) {
                all.error = event.error().what;
                return all;
            }
            if (!*event) break;
            if (first && (*event)->artificial) continue;
            all.events.push_back({{(*event)->bytes.begin(), (*event)->bytes.end()},
                                  std::string((*event)->file),
                                  (*event)->end_offset});
        }
    }
}

void expect_same(const events_read& left, const events_read& right) {
    EXPECT_EQ(left.error, right.error);
    ASSERT_EQ(left.events.size(), right.events.size());
    for (std::size_t i = 0; i < left.events.size(); ++i) {
        EXPECT_EQ(left.events[i].bytes, right.events[i].bytes) << i;
        EXPECT_EQ(left.events[i].end_offset, right.events[i].end_offset) << i;
    }
}

events_read pieces_of(const std::filesystem::path& path, std::uint64_t bytes) {
    auto cutter = binlog_cutter::open(path, bytes);
    EXPECT_TRUE(cutter);
    return read_all(**cutter);
}

TEST(binlog_cutter, gives_the_events_of_a_file_whatever_the_size_of_its_pieces) {
    for (const auto& entry :
         std::filesystem::directory_iterator(UNDERSTUDY_SOURCE_DIR "/tests/data/binlog")) {
        if (entry.path().extension() != ".binlog") continue;
        SCOPED_TRACE(entry.path());
        const auto whole = read_all(*whole_paths({entry.path()}, {}));
        const auto many = pieces_of(entry.path(), 1);
        expect_same(many, whole);
        expect_same(pieces_of(entry.path(), 700), whole);
        expect_same(pieces_of(entry.path(), 1U << 30U), whole);
    }
    EXPECT_GT(pieces_of(captured("mysql_97_all_types.binlog"), 1).pieces, 5U);
}

TEST(binlog_cutter, leaves_what_a_cut_off_or_damaged_file_ends_with_to_the_reader) {
    const auto path = captured("mysql_97_statements.binlog");
    std::ifstream in(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const test::scratch_directory directory{"pieces"};
    const auto copy = directory.path() / "mysql_97_statements.binlog";
    std::minstd_rand random(20'261'122);
    for (int round = 0; round < 60; ++round) {
        SCOPED_TRACE(round);
        auto damaged = bytes;
        damaged.resize(random() % bytes.size());
        if (round % 2 == 1 && !damaged.empty()) damaged[random() % damaged.size()] ^= '\x41';
        std::ofstream(copy, std::ios::binary) << damaged;
        expect_same(pieces_of(copy, 200), read_all(*whole_paths({copy}, {})));
    }
}

TEST(segment_cutter, gives_what_the_source_sent) {
    const test::scratch_directory directory{"pieces"};
    auto options = small_options();
    options.directory = directory.path() / "relay";
    auto log = relay::log::open(options);
    ASSERT_TRUE(log);
    ASSERT_TRUE((*log)->reset(log_start()));
    source_log source(test_uuid());
    for (int file = 0; file < 3; ++file) {
        source.begin_file();
        for (std::size_t i = 0; i < 40; ++i)
            source.add_group({100 + i % 50, i % 7 == 3 ? 3'000U : 10U});
    }
    append_all(**log, source.events());
    ASSERT_TRUE((*log)->flush(true));
    const auto whole = read_all(*whole_paths({options.directory}, {}));
    for (const bool segments : {false, true}) {
        auto cutter = segment_cutter::open(options.directory, {.wanted = {},
                                                               .keys = {},
                                                               .with_index = false,
                                                               .whole_segments = segments,
                                                               .piece_bytes = 1});
        ASSERT_TRUE(cutter) << cutter.error().what;
        auto got = read_all(**cutter);
        EXPECT_EQ(got.error, "");
        EXPECT_GT(got.pieces, 3U);
        // Format descriptions inside of a segment come again with each piece.
        std::vector<read_event> once;
        for (auto& event : got.events) {
            if (once.empty() || once.back().end_offset < event.end_offset ||
                once.back().file != event.file)
                once.push_back(std::move(event));
        }
        EXPECT_EQ(difference(once, source.events()), "");
        EXPECT_EQ(once.size(), whole.events.size());
    }
}

TEST(ordered_turns, deliver_in_order_and_end_with_the_first_error) {
    for (int round = 0; round < 20; ++round) {
        ordered_turns turns(8);
        std::atomic<std::size_t> next = 0;
        std::vector<std::size_t> order;
        run_on_threads(4, [&](unsigned) {
            for (auto i = next++; i < 1'000 && turns.wait_for_room(i); i = next++) {
                turns.finish(i, [&order, i]() -> result<void> {
                    if (i == 500) return protocol::fail(relay::errc::io_failed, "stop");
                    order.push_back(i);
                    return {};
                });
            }
        });
        const auto done = turns.outcome();
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().what, "stop");
        ASSERT_EQ(order.size(), 500U);
        EXPECT_TRUE(std::ranges::is_sorted(order));
    }
}

} // namespace
} // namespace understudy::relay_test
