// The tool on relay logs of a source that logs neither names nor keys, as a user runs it.

#include "relay/server_turn.hpp"
#include "tests/relay/shop_log.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::apps {
namespace {

using namespace std::chrono_literals;

class relay_log_tool : public testing::Test {
protected:
    static test::finished_process relay(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {UNDERSTUDY_PROGRAM, "relay"});
        return test::run_to_end({.argv = std::move(arguments), .environment = {}}, 30s);
    }
    static bool has(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }
    static std::size_t count(const std::string& text, const std::string& part) {
        std::size_t found = 0;
        for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
            ++found;
        return found;
    }
    std::string path() const { return log_.path().string(); }

    const test::scratch_directory directory_{"shop"};
    relay_test::shop_log log_{directory_.path() / "relay"};
};

TEST_F(relay_log_tool, shows_names_labels_and_keys_that_the_log_remembers) {
    log_.insert(6, "late", 1, 1);
    log_.define("late", {"id", "status"});
    log_.insert(6, "late", 2, 1);
    log_.define("orders", {"id", "status"});
    log_.insert(7, "orders", 2, 1);
    log_.update(7, "orders", 2, 1, 2, 2);
    log_.statement("ALTER TABLE orders RENAME COLUMN status TO state");
    log_.define("orders", {"id", "state"});
    log_.insert(8, "orders", 3, 2);
    log_.insert(9, "unknown", 4, 1);
    log_.flush();
    for (const auto& given :
         {path(), directory_.path().string(), path() + "/000000000001.segment"}) {
        SCOPED_TRACE(given);
        const auto shown = relay({"show", given});
        ASSERT_EQ(shown.status.code, 0) << shown.error;
        EXPECT_EQ(shown.error, "");
        EXPECT_TRUE(has(shown.output, "UPDATE shop.orders  id=2\n      status  'new' → 'paid'"))
            << shown.output;
        EXPECT_TRUE(has(shown.output, "INSERT shop.orders  id=3, state='paid'")) << shown.output;
        EXPECT_TRUE(has(shown.output, "INSERT shop.late  @1=1, @2=1")) << shown.output;
        EXPECT_TRUE(has(shown.output, "INSERT shop.late  id=2, status='new'")) << shown.output;
        EXPECT_TRUE(has(shown.output, "INSERT shop.unknown  @1=4, @2=1")) << shown.output;
    }
    const auto where = relay({"show", "--where", "status = 'paid'", "--sql", path()});
    EXPECT_TRUE(
        has(where.output, "UPDATE `shop`.`orders` SET `status` = 'paid' WHERE `id` = 2 LIMIT 1;"))
        << where.output << where.error;
    const auto history = relay({"history", "shop.orders", "2", "--json", path()});
    ASSERT_EQ(history.status.code, 0) << history.error;
    EXPECT_EQ(count(history.output, "\"kind\":\"update\""), 1U) << history.output;
}

TEST_F(relay_log_tool, does_not_believe_what_contradicts_the_log_and_says_so_once) {
    log_.define("orders", {"id", "status"}, protocol::column_type::longlong);
    log_.define("notes", {"id", "status"}, protocol::column_type::tiny);
    log_.define("good", {"id", "status"});
    log_.insert(7, "orders", 2, 1);
    log_.insert(8, "notes", 3, 1);
    log_.insert(9, "good", 4, 1);
    log_.flush();
    const auto shown = relay({"show", path()});
    EXPECT_EQ(shown.status.code, 0);
    EXPECT_TRUE(has(shown.output, "shop.orders  @1=2, @2=1")) << shown.output;
    EXPECT_TRUE(has(shown.output, "shop.notes  @1=3, @2=1")) << shown.output;
    EXPECT_TRUE(has(shown.output, "shop.good  id=4, status='new'")) << shown.output;
    EXPECT_EQ(count(shown.error, "as the log alone tells"), 1U) << shown.error;
    EXPECT_TRUE(has(shown.error, "shop.orders at binlog.000001:")) << shown.error;
}

TEST_F(relay_log_tool, calls_files_of_later_servers_as_those_do) {
    log_.insert(7, "orders", 1, 1);
    const auto later = *protocol::uuid::parse("4e11fa47-71ca-11e1-9e33-c80aa9429562");
    log_.enter(relay::server_turn{1, later}.name_of("binlog.000007"));
    log_.insert(7, "orders", 2, 1);
    log_.flush();
    for (const char* verb : {"show", "events", "ls", "stat"}) {
        SCOPED_TRACE(verb);
        const auto done = relay({verb, path()});
        EXPECT_EQ(done.status.code, 0) << done.error;
        EXPECT_TRUE(has(done.output, "binlog.000007:")) << done.output;
        EXPECT_FALSE(has(done.output, "~")) << done.output;
    }
    const auto json = relay({"show", "--json", path()});
    EXPECT_TRUE(has(json.output, "\"file\":\"binlog.000007\"")) << json.output;
    const auto done = relay({"export", "-o", directory_.path().string(), path()});
    EXPECT_EQ(done.status.code, 0) << done.error;
    EXPECT_TRUE(std::filesystem::exists(directory_.path() / "binlog.000001"));
    EXPECT_TRUE(std::filesystem::exists(directory_.path() / "binlog.000007"));
}

} // namespace
} // namespace understudy::apps
