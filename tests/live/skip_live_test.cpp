// A statement that stops the task, and what an operator can say about it.

#include "tests/support/source_and_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <string>

namespace understudy::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class stopped_task : public testing::TestWithParam<bool> {
protected:
    // Runs into the statement and gives back what --at takes, out of the message.
    std::string stop_at(const std::string& sql) {
        pair.source_sql().exec(sql);
        const auto stopped = pair.run_task();
        EXPECT_EQ(stopped.status.code, 1) << stopped.output;
        std::smatch found;
        const std::string said = stopped.error + stopped.output;
        const bool told =
            std::regex_search(said, found, std::regex("skip TASK.toml --at '([^']*)'"));
        EXPECT_TRUE(told) << said;
        return told ? found[1].str() : "";
    }
    finished_process skip(const std::string& place, const std::string& replacement = "") {
        std::vector<std::string> arguments{"skip", pair.task_file().string(), "--at", place};
        if (!replacement.empty()) {
            const auto file = pair.data_dir().parent_path() / "replacement.sql";
            std::ofstream(file) << replacement;
            arguments.insert(arguments.end(), {"--replacement", file.string()});
        }
        return pair.run_program(std::move(arguments));
    }
    void goes_on() {
        pair.source_sql().exec("INSERT INTO shop.t VALUES (NULL)");
        const auto done = pair.run_task();
        EXPECT_EQ(done.status.code, 0) << done.error << done.output;
    }

    static pair_options options() {
        pair_options made;
        made.objects.include = {"shop.*"};
        made.objects.exclude = {"shop.hidden"};
        if (!GetParam()) made.source.gtid = made.target.gtid = false;
        return made;
    }
    source_and_target pair{server_kind::mysql_97, server_kind::mysql_97, options()};
};

TEST_P(stopped_task, goes_on_without_the_statement_or_with_another_one) {
    pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY "
                           "AUTO_INCREMENT); CREATE TABLE shop.hidden (a INT)");
    ASSERT_EQ(pair.run_task().status.code, 0);

    // One that is not understood, so that nothing of it was begun.
    std::string place = stop_at("CREATE TABLE shop.l LIKE shop.hidden");
    auto said = skip(place, "CREATE TABLE shop.l (a INT);\n");
    EXPECT_EQ(said.status.code, 0) << said.error;
    goes_on();
    EXPECT_THAT(pair.compare(), IsEmpty());

    // One that the target refuses, with its intent in the journal.
    pair.target_sql().exec("CREATE TABLE shop.taken (x INT)");
    place = stop_at("CREATE TABLE shop.taken (a INT)");
    said = skip(place);
    EXPECT_EQ(said.status.code, 0) << said.error;
    goes_on();
    EXPECT_EQ(pair.target_sql().scalar("SELECT column_name FROM information_schema.columns WHERE "
                                       "table_name = 'taken'"),
              "x");
    // The journal is free for the next one.
    pair.source_sql().exec("DROP TABLE shop.taken; CREATE TABLE shop.later (a INT)");
    goes_on();
    EXPECT_THAT(pair.compare(), IsEmpty());

    EXPECT_EQ(skip("nonsense").status.code, 2);
    EXPECT_EQ(skip(place, ";\n").status.code, 2);
}

INSTANTIATE_TEST_SUITE_P(by, stopped_task, testing::Bool(),
                         [](const auto& info) { return info.param ? "gtid" : "position"; });

TEST(table_in_trouble, is_set_aside_and_resumed_by_commands) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97,
                           {.objects = {.include = {"shop.*"}}});
    pair.source_sql().exec(
        "CREATE DATABASE shop; USE shop; CREATE TABLE a (id INT PRIMARY KEY, v "
        "INT); CREATE TABLE b (id INT PRIMARY KEY); INSERT INTO a VALUES (1, 1), "
        "(2, 2)");
    ASSERT_EQ(pair.run_task().status.code, 0);
    pair.target_sql().exec("DELETE FROM shop.a WHERE id = 2");
    pair.source_sql().exec("UPDATE shop.a SET v = 9 WHERE id = 2; INSERT INTO shop.b VALUES (1)");
    EXPECT_EQ(pair.run_task().status.code, 1);

    const auto command = [&](const char* verb, const char* table) {
        return pair.run_program(
            {verb, pair.task_file(), "--table", table, "--data-dir", pair.data_dir()});
    };
    EXPECT_EQ(command("resume", "shop.a").status.code, 1); // it is not set aside
    EXPECT_EQ(command("quarantine", "shop").status.code, 2);
    EXPECT_EQ(command("quarantine", "other.a").status.code, 2);
    EXPECT_EQ(command("quarantine", "shop.a").status.code, 0);
    EXPECT_EQ(command("quarantine", "shop.a").status.code, 1); // once is enough
    const auto without = pair.run_task();
    EXPECT_EQ(without.status.code, 1);
    EXPECT_THAT(without.error, HasSubstr("tables that are set aside: shop.a"));
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.b"), "1");

    pair.target_sql().exec("INSERT INTO shop.a VALUES (2, 2)");
    EXPECT_EQ(command("resume", "shop.a").status.code, 0);
    const auto with = pair.run_task();
    EXPECT_EQ(with.status.code, 0) << with.error;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

} // namespace
} // namespace understudy::test
