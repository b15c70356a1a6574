#include "relay/errc.hpp"
#include "relay/log_needs.hpp"
#include "relay/shared_log.hpp"
#include "tests/relay/test_logs.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace understudy::relay_test {
namespace {

using namespace relay;
using protocol::binlog_position;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

binlog_position at(std::uint64_t offset, int file = 1) {
    return {"binlog.00000" + std::to_string(file), offset};
}

class shared_needs : public testing::Test {
protected:
    std::unique_ptr<log_needs> open() {
        auto opened = log_needs::open(directory.path() / "needs");
        EXPECT_TRUE(opened) << opened.error().what;
        return opened ? *std::move(opened) : nullptr;
    }
    static binlog_position first(const log_needs& needs) { return needs.first()->from; }
    test::scratch_directory directory{"needs"};
};

TEST_F(shared_needs, of_all_users_count_until_they_are_forgotten) {
    const auto needs = open();
    EXPECT_FALSE(needs->first());
    ASSERT_TRUE(needs->set("a", at(500)));
    ASSERT_TRUE(needs->set("b", at(100, 2)));
    EXPECT_EQ(first(*needs), at(500));
    ASSERT_TRUE(needs->set("a", at(200, 2)));
    EXPECT_EQ(first(*needs), at(100, 2));
    EXPECT_EQ(needs->first()->user, "b");
    EXPECT_THAT(needs->users(), ElementsAre("a", "b"));
    ASSERT_TRUE(needs->forget("b"));
    EXPECT_EQ(first(*needs), at(200, 2));
    EXPECT_FALSE(needs->find("b"));
}

TEST_F(shared_needs, are_known_after_a_crash) {
    {
        const auto needs = open();
        ASSERT_TRUE(needs->set("works", at(1'000)));
        ASSERT_TRUE(needs->set("works", at(2'000))); // too near to be written
        ASSERT_TRUE(needs->set("ended", at(3'000)));
        ASSERT_TRUE(needs->set("ended", at(4'000)));
        ASSERT_TRUE(needs->save("ended"));
        ASSERT_TRUE(needs->set("gone", at(5)));
        ASSERT_TRUE(needs->forget("gone"));
    }
    const auto needs = open();
    EXPECT_EQ(first(*needs), at(1'000)) << "behind, never ahead";
    ASSERT_TRUE(needs->forget("works"));
    EXPECT_EQ(first(*needs), at(4'000));
}

TEST_F(shared_needs, say_who_rests) {
    const auto needs = open();
    ASSERT_TRUE(needs->set("a", at(500)));
    EXPECT_FALSE(needs->first()->rests);
    needs->set_resting("a", true);
    needs->set_resting("nobody", true);
    EXPECT_TRUE(needs->first()->rests);
    ASSERT_TRUE(needs->set("a", at(600)));
    EXPECT_TRUE(needs->find("a")->rests);
    needs->set_resting("a", false);
    EXPECT_FALSE(needs->first()->rests);
}

TEST_F(shared_needs, what_is_far_is_on_disk_at_once) {
    {
        const auto needs = open();
        ASSERT_TRUE(needs->set("a", at(4)));
        ASSERT_TRUE(needs->set("a", at(17U << 20U)));
    }
    EXPECT_EQ(first(*open()), at(17U << 20U));
    {
        const auto needs = open();
        ASSERT_TRUE(needs->set("a", at(4, 2)));
    }
    EXPECT_EQ(first(*open()), at(4, 2));
    // A task that was begun anew.
    {
        const auto needs = open();
        ASSERT_TRUE(needs->set("a", at(3, 2)));
    }
    EXPECT_EQ(first(*open()), at(3, 2));
}

TEST_F(shared_needs, a_damaged_file_is_refused_and_one_half_made_is_not_read) {
    const auto file = [this](const std::string& name) { return directory.path() / "needs" / name; };
    ASSERT_TRUE(open()->set("a", at(77)));
    std::ofstream(file("b.new")) << "half";
    EXPECT_EQ(first(*open()), at(77));
    for (const std::string text : {"", "binlog.000001", "binlog.000001:", ":4", "binlog.1:4x"}) {
        std::ofstream(file("a")) << text;
        const auto opened = log_needs::open(directory.path() / "needs");
        ASSERT_FALSE(opened) << text;
        EXPECT_EQ(opened.error().code, errc::corrupt);
        EXPECT_THAT(opened.error().what, HasSubstr(file("a").string()));
    }
}

class shared_log_of_users : public testing::Test {
protected:
    shared_log_of_users() {
        source.begin_file();
        for (std::size_t i = 0; i < 200; ++i)
            source.add_group({100});
    }

    std::unique_ptr<shared_log> make(std::uint64_t rest_bytes_max = 0) {
        auto options = small_options();
        options.retention_bytes_max = 1;
        auto needs = log_needs::open(directory.path() / "needs");
        EXPECT_TRUE(needs);
        return std::make_unique<shared_log>(begin_log(where, options), *std::move(needs),
                                            rest_bytes_max);
    }

    test::scratch_directory directory{"shared"};
    std::shared_ptr<memory_directory> where = std::make_shared<memory_directory>();
    source_log source{test_uuid()};
};

TEST_F(shared_log_of_users, is_read_by_each_from_its_own_place) {
    const auto shared = make();
    append_all(shared->all(), source.events());
    const auto a = shared->join("a", log_start().binlog).value();
    std::size_t middle = source.events().size() / 2;
    while (source.events()[middle - 1].role != protocol::boundary::role::ends)
        ++middle;
    const auto b = shared->join("b", source.position_after(middle).binlog).value();
    EXPECT_EQ(compare(*a, log_start(), source.events()), "");
    EXPECT_EQ(
        compare(*b, source.position_after(middle), std::span(source.events()).subspan(middle)), "");
    EXPECT_EQ(a->end(), shared->all().end());
    EXPECT_EQ(a->source(), test_uuid());
    EXPECT_FALSE(a->empty());
}

TEST_F(shared_log_of_users, calls_each_of_them) {
    const auto shared = make();
    const auto a = shared->join("a", log_start().binlog).value();
    auto b = shared->join("b", log_start().binlog).value();
    int called_a = 0;
    int called_b = 0;
    a->on_data([&] { ++called_a; });
    b->on_data([&] { ++called_b; });
    const auto events = std::span(source.events());
    const auto reader = a->open_reader(log_start()).value();
    const auto give = [&](std::size_t from, std::size_t count) {
        for (const auto& event : events.subspan(from, count))
            append_all(shared->all(), {&event, 1});
        while (reader->next().value()) {
        }
    };
    give(0, 50);
    EXPECT_GT(called_a, 0);
    EXPECT_EQ(called_a, called_b);
    b.reset();
    const int before = called_b;
    give(50, 50);
    EXPECT_EQ(called_b, before);
    EXPECT_GT(called_a, before);
}

TEST_F(shared_log_of_users, keeps_what_the_slowest_needs) {
    const auto shared = make();
    append_all(shared->all(), source.events());
    ASSERT_TRUE(shared->all().flush(true));
    const auto fast = shared->join("fast", log_start().binlog).value();
    auto slow = shared->join("slow", log_start().binlog).value();
    const auto end = shared->all().end().binlog;
    ASSERT_TRUE(fast->retire(end));
    EXPECT_EQ(compare(*slow, log_start(), source.events()), "");
    slow.reset();
    ASSERT_TRUE(fast->retire(end));
    EXPECT_EQ(compare(*fast, log_start(), source.events()), "");
    ASSERT_TRUE(shared->needs().forget("slow"));
    ASSERT_TRUE(fast->retire(end));
    EXPECT_EQ(fast->size().segments, 1U);
}

TEST_F(shared_log_of_users, waits_for_those_that_rest_as_long_as_there_is_room) {
    const auto shared = make(1'000);
    append_all(shared->all(), source.events());
    ASSERT_TRUE(shared->all().flush(true));
    const auto works = shared->join("works", log_start().binlog).value();
    const auto slow = shared->join("slow", log_start().binlog).value();
    ASSERT_TRUE(shared->join("rests", log_start().binlog));
    ASSERT_TRUE(shared->join("rests_in_front", shared->all().end().binlog));
    for (const std::string user : {"rests", "rests_in_front"})
        shared->needs().set_resting(user, true);
    const auto end = shared->all().end().binlog;
    ASSERT_TRUE(works->retire(end));
    EXPECT_EQ(compare(*slow, log_start(), source.events()), "") << "one that works is waited for";
    ASSERT_TRUE(slow->retire(end));
    EXPECT_EQ(works->size().segments, 1U);
    EXPECT_FALSE(shared->needs().find("rests"));
    EXPECT_TRUE(shared->needs().find("rests_in_front")) << "it kept nobody from making room";
}

TEST_F(shared_log_of_users, knows_what_a_reader_is_not_given) {
    const auto shared = make();
    append_all(shared->all(), source.events());
    const auto a = shared->join("a", log_start().binlog).value();
    EXPECT_TRUE(a->executed_before(log_start().binlog).value().empty());
    for (std::size_t i = 1; i <= source.events().size(); i += 37) {
        while (source.events()[i - 1].role != protocol::boundary::role::ends)
            ++i;
        const auto place = source.position_after(i);
        EXPECT_EQ(a->executed_before(place.binlog).value(), place.executed) << i;
    }
    EXPECT_EQ(a->executed_before(a->end().binlog).value(), a->end().executed);
    EXPECT_TRUE(a->executed_before({"binlog.000000", 4}).value().empty());
}

TEST_F(shared_log_of_users, is_not_begun_anew_by_one) {
    const auto shared = make();
    const auto a = shared->join("a", log_start().binlog).value();
    const auto refused = a->reset(log_start());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::locked);
    EXPECT_TRUE(a->flush(true));
}

} // namespace
} // namespace understudy::relay_test
