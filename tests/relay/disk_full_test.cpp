#include "relay/errc.hpp"
#include "tests/relay/test_logs.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace understudy::relay_test {
namespace {

using namespace relay;

source_log many_groups() {
    source_log source(test_uuid());
    std::minstd_rand random(7);
    source.add_random(random, 400, 150);
    return source;
}

// Appends, waiting for room as the receiver does; false if there was never any lack of it.
bool append_with_pauses(log& log, std::span<const source_event> events,
                        const std::function<void()>& make_room) {
    bool paused = false;
    for (const auto& event : events) {
        auto done = append(log, event);
        while (!done && done.error().code == errc::disk_full) {
            paused = true;
            make_room();
            EXPECT_TRUE(log.has_room());
            done = append(log, event);
        }
        EXPECT_TRUE(done) << done.error().what;
        if (!done) return paused;
    }
    return paused;
}

TEST(disk_full, pauses_and_goes_on_at_every_byte_where_the_disk_can_end) {
    const auto source = many_groups();
    for (std::uint64_t free = 300; free < 9'000; free += 197) {
        SCOPED_TRACE("disk of " + std::to_string(free) + " bytes");
        auto where = std::make_shared<memory_directory>();
        const auto log = begin_log(where);
        where->set_free(free);
        where->set_pretended_free(1U << 30U); // the write itself finds out
        auto room = free;
        append_with_pauses(*log, source.events(), [&] { where->set_free(room += 400); });
        where->set_free(UINT64_MAX / 4);
        auto flushed = log->flush(true);
        while (!flushed && flushed.error().code == errc::disk_full) {
            ASSERT_TRUE(log->has_room());
            flushed = log->flush(true);
        }
        ASSERT_TRUE(flushed) << flushed.error().what;
        EXPECT_EQ(compare(*log, log_start(), source.events()), "");
        // Another process finds the same: nothing half-written stayed behind.
        EXPECT_EQ(compare(*open_log(where->copy()), log_start(), source.events()), "");
    }
}

TEST(disk_full, keeps_the_reserve_free_and_says_how_much_is_missing) {
    const auto source = many_groups();
    auto options = small_options();
    options.disk_reserve_bytes = 100U << 20U;
    auto where = std::make_shared<memory_directory>();
    const auto log = begin_log(where, options);
    where->set_free(50U << 20U);
    protocol::result<void> done;
    for (const auto& event : source.events()) {
        done = append(*log, event);
        if (!done) break;
    }
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, errc::disk_full);
    EXPECT_EQ(done.error().what, "disk full at memory/: 50 MB free, needs 101 MB");
    EXPECT_FALSE(log->has_room());
    where->set_free(200U << 20U);
    EXPECT_TRUE(log->has_room());
}

TEST(disk_full, lets_live_readers_have_what_is_in_memory) {
    const auto source = many_groups();
    auto where = std::make_shared<memory_directory>();
    const auto log = begin_log(where);
    // How soon the writing thread meets the end of the disk is its own affair.
    std::size_t appended = 20;
    append_all(*log, std::span(source.events()).first(appended));
    where->set_free(0);
    while (append(*log, source.events()[appended]))
        ++appended;
    auto reader = log->open_reader(log_start());
    ASSERT_TRUE(reader) << reader.error().what;
    const auto got = read_available(**reader);
    ASSERT_TRUE(got) << got.error().what;
    EXPECT_LE(appended - got->size(), 8U); // an open group
    EXPECT_EQ(difference(*got, std::span(source.events()).first(got->size())), "");
}

TEST(disk_full, takes_an_abandoned_group_out_while_it_waits) {
    source_log source(test_uuid());
    source.begin_file();
    source.add_group({20});
    const auto kept = source.events().size();
    source.add_group({400, 400, 400, 400, 400, 400, 400, 400, 400, 400});
    auto where = std::make_shared<memory_directory>();
    const auto log = begin_log(where);
    append_all(*log, std::span(source.events()).first(kept));
    ASSERT_TRUE(log->flush(true));
    where->set_free(600);
    where->set_pretended_free(1U << 30U);
    auto next = kept;
    while (append(*log, source.events()[next]))
        ++next;
    ASSERT_LT(next, source.events().size());
    ASSERT_TRUE(log->abandon_open_group());
    EXPECT_EQ(compare(*log, log_start(), std::span(source.events()).first(kept)), "");
    where->set_free(1U << 20U);
    ASSERT_TRUE(log->has_room());
    append_all(*log, std::span(source.events()).subspan(kept));
    EXPECT_EQ(compare(*log, log_start(), source.events()), "");
}

} // namespace
} // namespace understudy::relay_test
