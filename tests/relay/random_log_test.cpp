#include "relay/errc.hpp"
#include "tests/relay/test_logs.hpp"
#include "tests/support/random_seed.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace understudy::relay_test {
namespace {

using namespace relay;
using role = protocol::boundary::role;

bool at_boundary(const source_event& event) {
    return event.role == role::ends || event.role == role::outside;
}

// One thread appends, loses its connection now and then and sends the group again; others open
// readers wherever groups ended and follow to the end.
struct race {
    race(log& into, const source_log& from, unsigned seed)
        : log_(into), source_(from), random_(seed) {}

    void append_all_with_losses(std::size_t first) {
        const auto& events = source_.events();
        std::size_t group_start = first;
        for (std::size_t i = first; i < events.size(); ++i) {
            if (random_() % 40 == 0 && i > group_start) {
                ASSERT_TRUE(log_.abandon_open_group());
                i = group_start;
            }
            const auto done = append(log_, events[i]);
            ASSERT_TRUE(done) << done.error().what;
            if (at_boundary(events[i])) {
                group_start = i + 1;
                complete_.store(group_start);
            }
            const auto dice = random_() % 100;
            if (dice == 0) {
                ASSERT_TRUE(log_.flush(true));
            }
            if (dice == 1) {
                ASSERT_TRUE(log_.flush(false));
            }
            if (dice == 2) std::this_thread::sleep_for(std::chrono::microseconds(300));
        }
        finished_.store(true);
    }

    void follow(unsigned seed) {
        std::minstd_rand random(seed);
        const auto& events = source_.events();
        while (!finished_.load()) {
            auto at = complete_.load();
            at = at == 0 ? 0 : random() % (at + 1);
            while (at > 0 && !(events[at - 1].role == role::ends))
                --at;
            const auto start = at == 0 ? log_start() : source_.position_after(at);
            auto reader = log_.open_reader(start);
            ASSERT_TRUE(reader) << reader.error().what;
            const auto patience = random() % 400;
            for (std::size_t idle = 0; idle < patience;) {
                const bool was_last = finished_.load();
                const auto got = read_available(**reader);
                ASSERT_TRUE(got) << got.error().what;
                ASSERT_LE(at + got->size(), events.size());
                ASSERT_EQ(difference(*got, std::span(events).subspan(at, got->size())), "")
                    << "from event " << at;
                at += got->size();
                ASSERT_TRUE(at == 0 || at_boundary(events[at - 1]));
                if (was_last) {
                    ASSERT_EQ(at, events.size());
                    break;
                }
                ++idle;
                if (got->empty()) std::this_thread::yield();
            }
        }
    }

    log& log_;
    const source_log& source_;
    std::minstd_rand random_;
    std::atomic<std::size_t> complete_{0};
    std::atomic<bool> finished_{false};
};

TEST(log_and_readers, agree_whatever_the_interleaving) {
    const auto seed = static_cast<unsigned>(test::random_seed());
    std::printf("UNDERSTUDY_TEST_SEED=%u\n", seed);
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::minstd_rand random(seed);
    for (int round = 0; round < 4; ++round) {
        source_log source(test_uuid());
        source.add_random(random, 1'500, 200);
        auto options = small_options();
        options.frame_bytes_max = 64 + static_cast<std::uint32_t>(random() % 1'000);
        options.segment_bytes_max = 1'000 + random() % 20'000;
        options.memory_bytes_max = options.frame_bytes_max * (2 + random() % 10);
        auto where = std::make_shared<memory_directory>();
        {
            const auto log = begin_log(where, options);
            race both(*log, source, static_cast<unsigned>(random()));
            std::jthread appender([&] { both.append_all_with_losses(0); });
            std::jthread second([&, s = static_cast<unsigned>(random())] { both.follow(s); });
            both.follow(static_cast<unsigned>(random()));
        }
        if (testing::Test::HasFatalFailure()) return;
        const auto log = open_log(where, options);
        ASSERT_EQ(log->end(), source.position_after(source.events().size()));
        ASSERT_EQ(compare(*log, log_start(), source.events()), "");
    }
}

TEST(log_and_readers, go_on_from_disk_to_memory_without_loss_or_duplicates_over_restarts) {
    const auto seed = static_cast<unsigned>(test::random_seed());
    std::printf("UNDERSTUDY_TEST_SEED=%u\n", seed);
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::minstd_rand random(seed);
    source_log source(test_uuid());
    source.add_random(random, 2'000, 150);
    const auto& events = source.events();
    auto where = std::make_shared<memory_directory>();
    auto log = begin_log(where);
    std::size_t appended = 0;
    std::size_t applied = 0; // the checkpoint: at a group's end
    while (applied < events.size()) {
        auto reader = log->open_reader(applied == 0 ? log_start() : source.position_after(applied));
        ASSERT_TRUE(reader) << reader.error().what;
        auto read = applied;
        for (auto steps = random() % 30; steps-- > 0 || appended == events.size();) {
            for (auto more = random() % 60; more-- > 0 && appended < events.size(); ++appended) {
                ASSERT_TRUE(append(*log, events[appended]));
            }
            const auto got = read_available(**reader);
            ASSERT_TRUE(got) << got.error().what;
            ASSERT_EQ(difference(*got, std::span(events).subspan(read, got->size())), "");
            read += got->size();
            for (auto i = applied; i < read; ++i) {
                if (events[i].role == role::ends) applied = i + 1;
            }
            if (read == events.size()) applied = read;
            if (appended == events.size() && got->empty()) break;
        }
        if (random() % 3 != 0) continue;
        // The process ends; what was in memory is written, an open group is not.
        reader->reset();
        log.reset();
        log = open_log(where);
        const auto end = log->end();
        while (appended > 0 && !at_boundary(events[appended - 1]))
            --appended;
        ASSERT_EQ(end.binlog, appended == 0 ? log_start().binlog : events[appended - 1].end());
    }
}

} // namespace
} // namespace understudy::relay_test
