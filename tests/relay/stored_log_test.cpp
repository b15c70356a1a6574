#include "relay/errc.hpp"
#include "tests/relay/test_logs.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <unistd.h>

namespace understudy::relay_test {
namespace {

using namespace relay;

source_log some_groups() {
    source_log source(test_uuid());
    source.begin_file();
    for (std::size_t i = 0; i < 40; ++i)
        source.add_group({10 + i, 70});
    source.begin_file();
    source.add_group(
        {900, 40, 3'000}); // both events larger than a frame and a group of many frames
    for (std::size_t i = 0; i < 20; ++i)
        source.add_group({i});
    return source;
}

TEST(stored_log, gives_live_readers_each_group_as_soon_as_it_is_complete) {
    auto where = std::make_shared<memory_directory>();
    const auto log = begin_log(where);
    const auto source = some_groups();
    auto reader = log->open_reader(log->begin());
    ASSERT_TRUE(reader);
    std::size_t given = 0;
    for (std::size_t i = 0; i < source.events().size(); ++i) {
        append_all(*log, std::span(source.events()).subspan(i, 1));
        const auto role = source.events()[i].role;
        const bool complete =
            role == protocol::boundary::role::ends || role == protocol::boundary::role::outside;
        const auto got = read_available(**reader);
        ASSERT_TRUE(got) << got.error().what;
        if (!complete) {
            ASSERT_TRUE(got->empty()) << "event " << i << " is inside a group";
            continue;
        }
        ASSERT_EQ(difference(*got, std::span(source.events()).subspan(given, i + 1 - given)), "");
        given = i + 1;
    }
    EXPECT_EQ(log->end(), source.position_after(source.events().size()));
}

TEST(stored_log, tells_how_much_a_reader_would_get_from_memory) {
    auto where = std::make_shared<memory_directory>();
    auto options = small_options();
    options.memory_bytes_max = 1U << 20U;
    const auto log = begin_log(where, options);
    auto reader = log->open_reader(log->begin());
    ASSERT_TRUE(reader);
    EXPECT_EQ((*reader)->unread(), 0U);
    const auto source = some_groups();
    append_all(*log, std::span(source.events()).first(60));
    ASSERT_TRUE(read_available(**reader));
    EXPECT_EQ((*reader)->unread(), 0U);
    append_all(*log, std::span(source.events()).subspan(60));
    std::uint64_t bytes = 0;
    const auto before = (*reader)->unread();
    const auto rest = read_available(**reader);
    ASSERT_TRUE(rest);
    for (const auto& event : *rest)
        bytes += event.bytes.size();
    ASSERT_TRUE(before);
    EXPECT_GE(*before, bytes);
    EXPECT_LE(*before, bytes + 1'024) << "format descriptions come between files";
    EXPECT_EQ((*reader)->unread(), 0U);
}

TEST(stored_log, does_not_tell_how_much_there_is_on_disk) {
    auto where = std::make_shared<memory_directory>();
    const auto log = begin_log(where);
    auto reader = log->open_reader(log->begin());
    ASSERT_TRUE(reader);
    append_all(*log, some_groups().events());
    ASSERT_TRUE(log->flush(true));
    EXPECT_EQ((*reader)->unread(), std::nullopt);
    ASSERT_TRUE(read_available(**reader));
    EXPECT_EQ((*reader)->unread(), 0U);
}

TEST(stored_log, gives_everything_again_after_a_restart) {
    auto where = std::make_shared<memory_directory>();
    const auto source = some_groups();
    {
        const auto log = begin_log(where);
        append_all(*log, source.events());
    }
    const auto log = open_log(where);
    EXPECT_GT(log->size().segments, 1U);
    EXPECT_EQ(log->end(), source.position_after(source.events().size()));
    EXPECT_EQ(compare(*log, log->begin(), source.events()), "");
}

TEST(stored_log, opens_readers_at_the_end_of_every_group) {
    auto where = std::make_shared<memory_directory>();
    const auto source = some_groups();
    const auto check = [&](log& from) {
        for (std::size_t i = 0; i < source.events().size(); ++i) {
            if (source.events()[i].role != protocol::boundary::role::ends) continue;
            ASSERT_EQ(compare(from, source.position_after(i + 1),
                              std::span(source.events()).subspan(i + 1)),
                      "")
                << "after event " << i;
        }
    };
    {
        const auto log = begin_log(where);
        append_all(*log, source.events());
        check(*log);
    }
    check(*open_log(where));
}

TEST(stored_log, refuses_positions_it_does_not_hold) {
    auto where = std::make_shared<memory_directory>();
    const auto source = some_groups();
    const auto log = begin_log(where);
    append_all(*log, source.events());
    const auto end = log->end().binlog;
    for (const auto& position : {protocol::binlog_position{end.file, end.offset + 1},
                                 protocol::binlog_position{"binlog.000009", 4},
                                 protocol::binlog_position{"binlog.000001", 130}}) {
        const auto reader = log->open_reader({position, {}});
        ASSERT_FALSE(reader) << position.to_string();
        EXPECT_EQ(reader.error().code, errc::position_not_held) << reader.error().what;
    }
}

TEST(stored_log, gives_the_format_description_in_force_first) {
    auto where = std::make_shared<memory_directory>();
    const auto source = some_groups();
    const auto expect_format_first = [&](log& from) {
        for (const std::size_t group_end : {5U, 41U, 120U}) {
            std::size_t i = group_end;
            while (source.events()[i].role != protocol::boundary::role::ends)
                ++i;
            auto reader = from.open_reader(source.position_after(i + 1));
            ASSERT_TRUE(reader) << reader.error().what;
            const auto first = (*reader)->next();
            ASSERT_TRUE(first && *first);
            EXPECT_EQ(protocol::decode_event_header((*first)->bytes)->type,
                      protocol::event_type::format_description);
        }
    };
    {
        const auto log = begin_log(where);
        append_all(*log, source.events());
        expect_format_first(*log);
    }
    expect_format_first(*open_log(where));
}

TEST(stored_log, takes_an_abandoned_group_out_from_memory_and_disk) {
    source_log source(test_uuid());
    source.begin_file();
    source.add_group({20});
    const auto kept = source.events().size();
    source.add_group({100, 2'000, 700, 60, 9'000});
    const auto all = std::span(source.events());
    for (auto stop = kept + 1; stop < all.size(); ++stop) {
        SCOPED_TRACE(stop);
        auto where = std::make_shared<memory_directory>();
        {
            const auto log = begin_log(where);
            append_all(*log, all.first(stop));
            ASSERT_TRUE(log->abandon_open_group());
            EXPECT_EQ(log->end(), source.position_after(kept));
            EXPECT_EQ(compare(*log, log->begin(), all.first(kept)), "");
            append_all(*log, all.subspan(kept));
            EXPECT_EQ(compare(*log, log->begin(), all), "");
        }
        EXPECT_EQ(compare(*open_log(where), {{"binlog.000001", 4}, {}}, all), "");
    }
}

TEST(stored_log, forgets_an_unfinished_group_at_reopening) {
    source_log source(test_uuid());
    source.begin_file();
    source.add_group({20});
    const auto kept = source.events().size();
    source.add_group({100, 2'000, 700, 60});
    auto where = std::make_shared<memory_directory>();
    {
        const auto log = begin_log(where);
        append_all(*log, std::span(source.events()).first(source.events().size() - 1));
        ASSERT_TRUE(log->flush(true));
    }
    const auto log = open_log(where);
    EXPECT_EQ(log->end(), source.position_after(kept));
    append_all(*log, std::span(source.events()).subspan(kept));
    EXPECT_EQ(compare(*log, log->begin(), source.events()), "");
}

TEST(stored_log, begins_anew_at_another_position) {
    auto where = std::make_shared<memory_directory>();
    const auto source = some_groups();
    const auto log = begin_log(where);
    append_all(*log, source.events());
    auto old_reader = log->open_reader(log->begin());
    ASSERT_TRUE(old_reader);
    state::source_position start{{"binlog.000777", 4'711}, {}};
    start.executed.add({{test_uuid(), ""}, 99});
    ASSERT_TRUE(log->reset(start));
    EXPECT_EQ((*old_reader)->next().error().code, errc::closed);
    EXPECT_FALSE(log->empty());
    EXPECT_EQ(log->begin(), start);
    EXPECT_EQ(log->end(), start);
    EXPECT_EQ(log->size().raw_bytes, 0U);
    EXPECT_EQ(compare(*log, start, {}), "");
}

TEST(stored_log, keeps_its_start_over_a_restart) {
    auto where = std::make_shared<memory_directory>();
    state::source_position start{{"binlog.000777", 4'711}, {}};
    start.executed.add({{test_uuid(), ""}, 99});
    ASSERT_TRUE(open_log(where)->reset(start));
    const auto log = open_log(where->after_power_cut(nullptr));
    EXPECT_FALSE(log->empty());
    EXPECT_EQ(log->begin(), start);
    EXPECT_EQ(log->end(), start);
}

TEST(stored_log, refuses_the_directory_of_another_source) {
    auto where = std::make_shared<memory_directory>();
    ASSERT_TRUE(begin_log(where));
    auto options = small_options();
    options.source_uuid.bytes[0] ^= 1U;
    const auto opened = stored_log::open_in(options, where, std::nullopt);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, errc::wrong_source);
}

TEST(stored_log, refuses_events_while_it_has_no_start) {
    auto where = std::make_shared<memory_directory>();
    const auto source = some_groups();
    const auto log = open_log(where);
    EXPECT_EQ(append(*log, source.events()[0]).error().code, errc::position_not_held);
}

TEST(stored_log, calls_back_when_a_waiting_reader_can_go_on) {
    auto where = std::make_shared<memory_directory>();
    source_log source(test_uuid());
    source.begin_file();
    source.add_group({10});
    const auto first = source.events().size();
    source.add_group({10});
    const auto log = begin_log(where);
    int calls = 0;
    log->on_data([&] { ++calls; });
    append_all(*log, std::span(source.events()).first(first));
    EXPECT_EQ(calls, 1); // the reader has not looked since
    auto reader = log->open_reader(log->begin());
    ASSERT_TRUE(reader && read_available(**reader));
    append_all(*log, std::span(source.events()).subspan(first));
    EXPECT_EQ(calls, 2);
}

TEST(stored_log, moves_its_end_where_the_source_skips) {
    auto where = std::make_shared<memory_directory>();
    source_log source(test_uuid());
    source.begin_file();
    source.add_group({10});
    const auto log = begin_log(where);
    append_all(*log, source.events());
    const protocol::binlog_position skipped{"binlog.000001", 100'000};
    log->note_position(skipped);
    log->note_position({"binlog.000001", 50});
    EXPECT_EQ(log->end().binlog, skipped);
    EXPECT_EQ(compare(*log, {skipped, {}}, {}), "");
    auto later = source.events().back();
    later.end_offset = skipped.offset + later.bytes.size();
    later.role = protocol::boundary::role::starts_ends;
    ASSERT_TRUE(append(*log, later));
    auto reader = log->open_reader({skipped, {}});
    ASSERT_TRUE(reader) << reader.error().what;
    for (int i = 0; i < 2; ++i) {
        const auto event = (*reader)->next();
        ASSERT_TRUE(event && *event);
        if (i == 1) {
            EXPECT_EQ((*event)->end_offset, later.end_offset);
        }
    }
}

TEST(stored_log, is_locked_for_other_processes) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("understudy_relay_lock_" + std::to_string(::getpid()));
    auto options = small_options();
    options.directory = path;
    {
        const auto first = log::open(options);
        ASSERT_TRUE(first) << first.error().what;
        const auto second = log::open(options);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, errc::locked);
        ASSERT_TRUE((*first)->reset({{"binlog.000001", 4}, {}}));
    }
    const auto again = log::open(options);
    ASSERT_TRUE(again) << again.error().what;
    EXPECT_FALSE((*again)->empty());
    std::filesystem::remove_all(path);
}

} // namespace
} // namespace understudy::relay_test
