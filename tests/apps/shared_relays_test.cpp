#include "apps/shared_relays.hpp"
#include "relay/errc.hpp"
#include "tests/relay/source_log.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace understudy::apps {
namespace {

namespace fs = std::filesystem;
using relay_test::append_all;
using relay_test::source_log;
using relay_test::test_uuid;
using testing::HasSubstr;
using testing::IsEmpty;

// A relay log that two tasks share already, with forty transactions in it.
class shared_relays_of_one_source : public testing::Test {
protected:
    shared_relays_of_one_source() {
        source.begin_file();
        for (int i = 0; i < 40; ++i)
            source.add_group({100});
    }

    [[nodiscard]] fs::path data() const { return directory.path() / "data"; }
    [[nodiscard]] fs::path share() const { return data() / ".shared" / "all"; }

    static relay::log_options options(const protocol::uuid& of) {
        relay::log_options made;
        made.source_uuid = of;
        made.frame_bytes_max = 512;
        made.segment_bytes_max = 4'096;
        made.disk_reserve_bytes = 0;
        return made;
    }

    // The first `count` events, behind `start`.
    void write_log(const fs::path& where, std::size_t count, state::source_position start = begin(),
                   protocol::uuid of = test_uuid()) {
        auto made = options(of);
        made.directory = where;
        const auto log = relay::log::open(made).value();
        ASSERT_TRUE(log->reset(start));
        for (const auto& event : std::span(source.events()).first(count)) {
            if (event.begins_file()) ASSERT_TRUE(log->set_format(event.bytes));
            if (event.end() > start.binlog) append_all(*log, {&event, 1});
        }
    }

    void make_share(std::size_t count, const std::string& mode = "gtid",
                    state::source_position start = begin()) {
        fs::create_directories(share() / "needs");
        write_log(share() / "relay", count, std::move(start));
        std::ofstream(share() / "source") << test_uuid().to_string() << "\n" << mode << "\n";
    }

    void add_need(const std::string& task, const protocol::binlog_position& from) {
        fs::create_directories(data() / task);
        std::ofstream(share() / "needs" / task) << from.to_string() << "\n";
    }

    static state::source_position begin() { return {{"binlog.000001", 4}, {}}; }
    // Behind that many events, at the end of a group.
    [[nodiscard]] state::source_position at(std::size_t count) const {
        while (source.events()[count - 1].role != protocol::boundary::role::ends)
            ++count;
        return source.position_after(count);
    }
    [[nodiscard]] state::source_position end() const { return at(source.events().size()); }

    static shared_relays::request request(const std::string& task, state::source_position from) {
        return {.share = "all",
                .task = task,
                .options = options(test_uuid()),
                .address = "127.0.0.1:3306",
                .by_gtid = true,
                .from = from,
                .needed = from.binlog};
    }

    source_log source{test_uuid()};
    test::scratch_directory directory{"shares"};
};

TEST_F(shared_relays_of_one_source, are_begun_by_whoever_comes_first) {
    shared_relays shares(data());
    auto first = shares.join(request("a", at(50)));
    ASSERT_TRUE(first) << first.error().what;
    ASSERT_TRUE(first->supply);
    EXPECT_EQ(first->supply->log().begin(), at(50));
    EXPECT_TRUE(fs::exists(share() / "needs" / "a"));
    const auto identity = shares.identity("all").value();
    EXPECT_NE(identity.server_id, 0U);

    // What was before is not in it, and it is not begun anew under the first one.
    const auto older = shares.join(request("b", at(20))).value();
    EXPECT_FALSE(older.supply);
    EXPECT_THAT(older.why_not, HasSubstr("does not have " + at(20).binlog.to_string()));
    const auto same = shares.join(request("c", at(50))).value();
    EXPECT_TRUE(same.supply);
    first->supply.reset();
    EXPECT_EQ(same.supply->log().end(), at(50));
    EXPECT_EQ(shares.identity("all").value().server_id, identity.server_id);
}

TEST_F(shared_relays_of_one_source, are_joined_at_their_end_by_those_that_begin) {
    make_share(60);
    shared_relays shares(data());
    auto fresh = request("a", {{"binlog.000001", 99'999}, at(90).executed});
    fresh.begins = true;
    const auto joined = shares.join(fresh).value();
    ASSERT_TRUE(joined.supply) << joined.why_not;
    std::ifstream need(share() / "needs" / "a");
    std::string text;
    std::getline(need, text);
    EXPECT_EQ(text, joined.supply->log().end().binlog.to_string());
}

TEST_F(shared_relays_of_one_source, find_every_place_that_is_held) {
    make_share(source.events().size());
    shared_relays shares(data());
    for (const auto& place : {begin(), at(30), at(90), end()}) {
        const auto joined = shares.join(request("a", place)).value();
        EXPECT_TRUE(joined.supply) << place.binlog.to_string() << ": " << joined.why_not;
    }
    // What waits for a table that is set aside.
    auto waiting = request("a", at(90));
    waiting.needed = at(30).binlog;
    auto joined = shares.join(waiting).value();
    EXPECT_TRUE(joined.supply);
    EXPECT_THAT(joined.warning, IsEmpty());
    joined.supply.reset();
    std::ifstream need(share() / "needs" / "a");
    std::string text;
    std::getline(need, text);
    EXPECT_EQ(text, at(30).binlog.to_string());
}

// By position the log has the place; by GTID it has not all that the task lacks there.
TEST_F(shared_relays_of_one_source, go_by_transactions_as_well) {
    make_share(source.events().size());
    add_need("other", begin().binlog);
    shared_relays shares(data());
    auto lacking = request("a", at(90));
    lacking.from.executed = at(30).executed;
    const auto refused = shares.join(lacking).value();
    EXPECT_FALSE(refused.supply);
    EXPECT_THAT(refused.why_not, HasSubstr("lacks transactions that the target has not"));

    auto beyond = request("a", end());
    beyond.from.binlog.offset += 1'000;
    EXPECT_TRUE(shares.join(beyond).value().supply) << "will be received";
    beyond.from.executed = at(30).executed;
    EXPECT_FALSE(shares.join(beyond).value().supply);
}

TEST_F(shared_relays_of_one_source, are_not_begun_anew_while_another_needs_them) {
    make_share(source.events().size(), "gtid", at(20));
    add_need("resting", at(60).binlog);
    {
        shared_relays shares(data());
        const auto older = shares.join(request("a", begin())).value();
        EXPECT_FALSE(older.supply);
        EXPECT_TRUE(shares.join(request("resting", at(60))).value().supply);
    }
    // Of a task that is no more.
    fs::remove_all(data() / "resting");
    shared_relays shares(data());
    const auto alone = shares.join(request("a", begin())).value();
    ASSERT_TRUE(alone.supply);
    EXPECT_EQ(alone.supply->log().begin(), begin());
    EXPECT_FALSE(fs::exists(share() / "needs" / "resting"));
}

TEST_F(shared_relays_of_one_source, join_without_what_is_lost_for_tables_set_aside) {
    make_share(source.events().size(), "gtid", at(40));
    add_need("other", end().binlog);
    shared_relays shares(data());
    auto waiting = request("a", end());
    waiting.needed = at(10).binlog;
    const auto joined = shares.join(waiting).value();
    EXPECT_TRUE(joined.supply);
    EXPECT_THAT(joined.warning, HasSubstr("understudy reload"));
}

TEST_F(shared_relays_of_one_source, take_over_the_log_of_the_first_that_has_one) {
    const fs::path own = data() / "a" / "relay";
    fs::create_directories(own.parent_path());
    write_log(own, source.events().size());
    shared_relays shares(data());
    auto with_own = request("a", at(90));
    with_own.needed = at(10).binlog;
    with_own.own = own;
    const auto joined = shares.join(with_own).value();
    ASSERT_TRUE(joined.supply) << joined.why_not;
    EXPECT_EQ(joined.supply->log().begin(), begin());
    EXPECT_FALSE(fs::exists(own));

    // A second one keeps its own until the shared one has all that it needs.
    const fs::path second = data() / "b" / "relay";
    fs::create_directories(second.parent_path());
    write_log(second, source.events().size());
    auto ahead = request("b", end());
    ahead.from.binlog.offset += 1'000;
    ahead.needed = ahead.from.binlog;
    ahead.own = second;
    EXPECT_FALSE(shares.join(ahead).value().supply);
    auto held = request("b", at(60));
    held.own = second;
    EXPECT_TRUE(shares.join(held).value().supply);
}

TEST_F(shared_relays_of_one_source, give_way_to_the_log_of_their_only_task) {
    make_share(60);
    add_need("a", at(30).binlog);
    const fs::path own = data() / "a" / "relay";
    write_log(own, source.events().size());
    shared_relays shares(data());
    auto ahead = request("a", end());
    ahead.own = own;
    const auto joined = shares.join(ahead).value();
    ASSERT_TRUE(joined.supply) << joined.why_not;
    EXPECT_EQ(joined.supply->log().end(), end());
    EXPECT_FALSE(fs::exists(own));
}

TEST_F(shared_relays_of_one_source, take_over_a_log_whose_end_was_lost) {
    const fs::path own = data() / "a" / "relay";
    fs::create_directories(own.parent_path());
    write_log(own, 60);
    shared_relays shares(data());
    auto ahead = request("a", end());
    ahead.own = own;
    const auto joined = shares.join(ahead).value();
    ASSERT_TRUE(joined.supply) << joined.why_not;
    EXPECT_EQ(joined.supply->log().begin(), begin());
}

TEST_F(shared_relays_of_one_source, are_not_those_of_another) {
    make_share(source.events().size());
    shared_relays shares(data());
    auto other = request("a", at(60));
    other.options.source_uuid.bytes[0] ^= 1U;
    const auto refused = shares.join(other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, relay::errc::wrong_source);
    EXPECT_THAT(refused.error().what, HasSubstr("relay.share \"all\""));
    EXPECT_THAT(refused.error().what, HasSubstr("different names"));

    other.may_be_other = true;
    EXPECT_THAT(shares.join(other).value().why_not, HasSubstr("another of the servers"));

    auto by_position = request("a", at(60));
    by_position.by_gtid = false;
    const auto mode = shares.join(by_position).value();
    EXPECT_FALSE(mode.supply);
    EXPECT_THAT(mode.why_not, HasSubstr("in the same way"));
}

// MariaDB has no UUID: there the address says which source it is.
TEST_F(shared_relays_of_one_source, know_it_by_its_address_where_it_has_no_uuid) {
    shared_relays shares(data());
    auto first = request("a", begin());
    first.options.source_uuid = {};
    const auto joined = shares.join(first);
    ASSERT_TRUE(joined) << joined.error().what;
    EXPECT_TRUE(joined->supply);
    auto second = first;
    second.task = "b";
    EXPECT_TRUE(shares.join(second).value().supply);
    second.address = "127.0.0.1:3307";
    EXPECT_EQ(shares.join(second).error().code, relay::errc::wrong_source);
}

TEST_F(shared_relays_of_one_source, are_left_out_by_those_of_another_server_in_turn) {
    make_share(source.events().size());
    shared_relays shares(data());
    auto ahead = request("a", end());
    ahead.from.binlog.file =
        "~00000001~3e11fa47-71ca-11e1-9e33-c80aa9429562~" + ahead.from.binlog.file;
    ahead.needed = ahead.from.binlog;
    add_need("other", end().binlog);
    const auto joined = shares.join(ahead).value();
    EXPECT_FALSE(joined.supply) << "what it waits for would never come";
}

TEST_F(shared_relays_of_one_source, are_removed_with_their_last_task) {
    make_share(source.events().size());
    add_need("a", at(30).binlog);
    add_need("b", at(60).binlog);
    shared_relays shares(data());
    ASSERT_TRUE(shares.forget("a"));
    EXPECT_FALSE(fs::exists(share() / "needs" / "a"));
    ASSERT_TRUE(shares.forget("b", "all"));
    EXPECT_TRUE(fs::exists(share() / "needs" / "b")) << "all but that one";
    {
        const auto in_use = shares.join(request("c", end())).value();
        ASSERT_TRUE(shares.forget("b"));
        EXPECT_FALSE(fs::exists(share() / "needs" / "b"));
    }
    EXPECT_TRUE(fs::exists(share()));
    ASSERT_TRUE(shares.forget("c"));
    EXPECT_FALSE(fs::exists(share()));
    ASSERT_TRUE(shares.forget("nobody"));
}

TEST_F(shared_relays_of_one_source, are_those_of_one_process) {
    make_share(source.events().size());
    shared_relays ours(data());
    shared_relays theirs(data());
    const auto joined = ours.join(request("a", end())).value();
    ASSERT_TRUE(joined.supply);
    const auto refused = theirs.join(request("b", end()));
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().what, HasSubstr("understudy serve"));
    EXPECT_FALSE(theirs.identity("all"));
}

} // namespace
} // namespace understudy::apps
