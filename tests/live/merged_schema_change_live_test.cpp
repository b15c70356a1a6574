// gh-ost and pt-online-schema-change on tables of the source that are one on the target.

#include "tests/support/background_writer.hpp"
#include "tests/support/schema_change_tools.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::ContainerEq;
using testing::HasSubstr;

constexpr int shards = 3;

changed_table orders_of(int shard, std::string columns = "`id`, `shop`, `total`") {
    return {fmt::format("shard_{}", shard), "orders", std::move(columns)};
}

// Rows of every shard, as long as it lives.
void write(sql_client& sql, int i) {
    try {
        sql.exec(fmt::format("UPDATE shard_{0}.orders SET total = total + 1 WHERE id BETWEEN {0} * "
                             "1000000 + {1} AND {0} * 1000000 + {1} + 9; INSERT INTO "
                             "shard_{0}.orders (id, shop, total) VALUES ({0} * 1000000 + 500000 + "
                             "{2}, 'new', {2} % 50); DELETE FROM shard_{0}.orders WHERE id = {0} * "
                             "1000000 + {1} + 3",
                             1 + i % shards, (i * 37) % 1000, i));
    } catch (const sql_error& error) {
        // Locks of the swap; the next one gets through.
        constexpr unsigned lock_wait_timeout = 1205;
        constexpr unsigned deadlock = 1213;
        if (error.number() != lock_wait_timeout && error.number() != deadlock) throw;
    }
}

struct how {
    const char* name;
    bool is_gh_ost;
    const char* more;
};

void PrintTo(const how& value, std::ostream* out) {
    *out << value.name;
}

class merged_schema_change : public testing::TestWithParam<how> {
protected:
    merged_schema_change() : pair_(server_kind::mysql_97, server_kind::mysql_97, options()) {
        source().exec(
            "CREATE USER pt@localhost IDENTIFIED BY 'pt'; GRANT ALL ON *.* TO pt@localhost");
        for (int n = 1; n <= shards; ++n)
            source().exec(fmt::format(
                "CREATE DATABASE shard_{0}; USE shard_{0}; CREATE TABLE orders (id BIGINT PRIMARY "
                "KEY, shop VARCHAR(20), total DECIMAL(8,2), KEY (shop)); INSERT INTO orders WITH "
                "RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT "
                "{0} * 1000000 + i, CONCAT('shop ', i % 7), i % 100 FROM n",
                n));
    }
    static pair_options options() {
        pair_options made;
        made.objects.include = {"shard_*.*"};
        made.objects.rename = {{"shard_*.orders", "dw.orders"}};
        made.source.extra_args = {"--binlog-row-metadata=FULL",
                                  "--log-bin-trust-function-creators=1"};
        made.more_of_task_file = "merge = [\"dw.orders\"]\nmerged_ddl = \"once\"\n"
                                 "online_schema_changes = \"alter\"\n";
        made.more_of_task_file += GetParam().more;
        return made;
    }
    sql_client& source() { return pair_.source_sql(); }
    sql_client& target() { return pair_.target_sql(); }
    void change(int shard, const std::string& alter,
                const std::string& kept = "`id`, `shop`, `total`") {
        const auto table = orders_of(shard, kept);
        if (!GetParam().is_gh_ost) return pt_online_schema_change(pair_.source(), table, alter);
        begin_gh_ost(pair_.source(), table, alter);
        end_gh_ost(pair_.source(), table);
    }
    void run_to_the_end() {
        const auto done = pair_.run_task();
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    }
    void expect_merged(std::string_view columns) {
        std::string all;
        for (int n = 1; n <= shards; ++n)
            all += fmt::format("{}SELECT {} FROM shard_{}.orders", n == 1 ? "" : " UNION ALL ",
                               columns, n);
        EXPECT_THAT(target().query(fmt::format("SELECT {} FROM dw.orders ORDER BY id", columns)),
                    ContainerEq(source().query(all + " ORDER BY id")));
        EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM understudy.quarantine"), "0");
        EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM understudy.schema_change"), "0");
        // Nothing of the tools, or of ours, is left.
        EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM information_schema.tables WHERE table_name "
                                  "LIKE '\\_%' OR table_name LIKE 'model\\_%'"),
                  "0");
        EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM information_schema.triggers WHERE "
                                  "trigger_name LIKE 'pt\\_%'"),
                  "0");
    }
    // Its change becomes what the replacement says.
    void replace_where_it_stops(const std::string& replacement) {
        const auto stopped = pair_.run_task();
        ASSERT_EQ(stopped.status.code, 1) << stopped.output;
        const std::string said = stopped.error + stopped.output;
        EXPECT_THAT(said, HasSubstr("in the place of `shard_"));
        const std::string before = "--at '";
        const auto at = said.find(before);
        ASSERT_NE(at, std::string::npos) << said;
        const auto place = said.substr(at + before.size(),
                                       said.find('\'', at + before.size()) - at - before.size());
        const auto file = scratch_.path() / "replacement.sql";
        std::ofstream(file) << replacement;
        const auto given = pair_.run_program(
            {"skip", pair_.task_file(), "--at", place, "--replacement", file.string()});
        ASSERT_EQ(given.status.code, 0) << given.error << given.output;
    }

    source_and_target pair_;
    scratch_directory scratch_{"replacement"};
};

TEST_P(merged_schema_change, is_one_alter_when_all_have_come_to_it) {
    run_to_the_end();
    {
        const background_writer load(pair_.source(), 3ms, write);
        auto task = pair_.start_task();
        change(1, "add column note varchar(20) default 'none', add key (note)");
        source().exec("UPDATE shard_1.orders SET note = 'one' WHERE id % 10 = 0");
        change(2, "add column note varchar(20) default 'none', add key (note)");
        // The tool's next change must not be taken for the one that waits.
        change(1, "add column second int, drop key shop", "`id`, `shop`, `total`, `note`");
        EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM information_schema.columns WHERE "
                                  "table_schema = 'dw' AND column_name IN ('note', 'second')"),
                  "0");
        source().exec("ALTER TABLE shard_3.orders ADD COLUMN note VARCHAR(20) DEFAULT 'none', ADD "
                      "KEY (note)");
        EXPECT_TRUE(wait_until(
            [&] {
                return target().scalar("SELECT COUNT(*) FROM information_schema.columns WHERE "
                                       "table_schema = 'dw' AND column_name = 'note'") == "1";
            },
            30s, 50ms))
            << task.error() << task.output();
        change(3, "add column second int, drop key shop", "`id`, `shop`, `total`, `note`");
        EXPECT_TRUE(task.running()) << task.error() << task.output();
        task.kill_9();
    }
    change(2, "add column second int, drop key shop", "`id`, `shop`, `total`, `note`");
    run_to_the_end();
    expect_merged("id, shop, total, note, second");
}

TEST_P(merged_schema_change, survives_kills) {
    run_to_the_end();
    {
        const background_writer load(pair_.source(), 3ms, write);
        for (int n = 1; n <= shards; ++n) {
            change(n, "add column note varchar(20) default 'none'");
            for (int crash = 0; crash < 2; ++crash) {
                auto task = pair_.start_task();
                std::this_thread::sleep_for(std::chrono::milliseconds(500 + 700 * crash));
                EXPECT_TRUE(task.running()) << task.error() << task.output();
                task.kill_9();
            }
        }
    }
    run_to_the_end();
    expect_merged("id, shop, total, note");
}

TEST_P(merged_schema_change, stops_where_an_alter_would_not_be_exact) {
    run_to_the_end();
    for (int n = 1; n <= shards; ++n)
        change(n, "add column made timestamp default current_timestamp");
    for (const char* const name : {"dw.orders", "`dw`.`orders`", "dw . `orders`"})
        replace_where_it_stops(fmt::format(
            "ALTER TABLE {} ADD COLUMN made TIMESTAMP DEFAULT CURRENT_TIMESTAMP", name));
    run_to_the_end();
    expect_merged("id, shop, total");
}

class merged_gh_ost : public merged_schema_change {};

TEST_P(merged_gh_ost, stops_where_it_had_begun_before_the_task) {
    begin_gh_ost(pair_.source(), orders_of(1), "add column n int");
    begin_gh_ost(pair_.source(), orders_of(2), "add column n int");
    run_to_the_end();
    expect_merged("id, shop, total");
    end_gh_ost(pair_.source(), orders_of(1));
    end_gh_ost(pair_.source(), orders_of(2));
    change(3, "add column n int");
    replace_where_it_stops("alter table `dw`.`orders` add column n int");
    replace_where_it_stops("alter table `dw`.`orders` add column n int");
    run_to_the_end();
    expect_merged("id, shop, total, n");
}

INSTANTIATE_TEST_SUITE_P(, merged_schema_change,
                         testing::Values(how{"gh_ost", true, ""}, how{"pt", false, ""},
                                         how{"pt_sql", false, "[apply]\nwriter = \"sql\"\n"}),
                         [](const auto& of) { return of.param.name; });
INSTANTIATE_TEST_SUITE_P(, merged_gh_ost,
                         testing::Values(how{"row_image", true, ""},
                                         how{"sql", true, "[apply]\nwriter = \"sql\"\n"}),
                         [](const auto& of) { return of.param.name; });

} // namespace
} // namespace understudy::test
