// Other names on the target: by patterns, for tables and databases that come later too, and names
// that change places.

#include "tests/live/source_case.hpp"
#include "tests/support/background_writer.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

void expect_success(source_and_target& pair) {
    const auto done = pair.run_task();
    if (done.status.code != 0) throw std::runtime_error(done.error + done.output);
}

// Until what the source has now has arrived, by a table that is selected.
void expect_arrival(source_and_target& pair, running_task& task, const std::string& table,
                    const std::string& on_target) {
    pair.source_sql().exec("CREATE TABLE " + table + " (id INT PRIMARY KEY)");
    const auto is_there = [&] {
        try {
            return pair.target_sql().scalar("SELECT COUNT(*) FROM " + on_target) == "0";
        } catch (const sql_error&) {
            return !task.running(); // it is not there yet
        }
    };
    EXPECT_TRUE(wait_until(is_there, 60s, 50ms));
    EXPECT_TRUE(task.running()) << task.error() << task.output();
}

std::string names_on_target(source_and_target& pair) {
    return pair.target_sql().scalar(
        "SELECT COALESCE(GROUP_CONCAT(CONCAT(table_schema, '.', table_name) ORDER BY table_schema, "
        "table_name SEPARATOR ' '), '') FROM information_schema.tables WHERE table_schema NOT IN "
        "('mysql', 'sys', 'information_schema', 'performance_schema', 'understudy')");
}

class renames_by_pattern : public testing::TestWithParam<source_case> {
protected:
    static pair_options options() {
        pair_options made;
        made.objects.include = {"/shard_[0-9]+/.*", "crm_*"};
        made.objects.exclude = {"/shard_[0-9]+/./tmp_.*|log_[a-z]/", "crm_?.secret_*"};
        made.objects.rename = {{"shard_*.orders", "dw.orders_*"},
                               {"shard_*.visit_*", "visits_*.all_*"},
                               {"crm_*", "*_copy"}};
        made.source.gtid = GetParam().gtid;
        made.source.extra_args = made.target.extra_args = {"--log-bin-trust-function-creators=1"};
        made.more_of_task_file = "[initial]\nchunk_bytes = \"64KiB\"\n";
        return made;
    }
    void SetUp() override {
        for (const char* database : {"shard_1", "shard_2", "shard_x"}) {
            source().exec(fmt::format(
                "CREATE DATABASE {0}; USE {0}; CREATE TABLE orders (id INT PRIMARY KEY "
                "AUTO_INCREMENT, v VARCHAR(30)); CREATE TABLE items (id INT PRIMARY KEY, order_id "
                "INT, CONSTRAINT items_of_{0} FOREIGN KEY (order_id) REFERENCES orders (id) ON "
                "DELETE CASCADE); CREATE TABLE visit_web (v INT); CREATE TABLE tmp_a (id INT "
                "PRIMARY KEY); CREATE TABLE log_b (id INT PRIMARY KEY); CREATE TABLE log_10 (id "
                "INT PRIMARY KEY); INSERT INTO orders (v) VALUES ('{0} a'), ('{0} b'), ('{0} c'); "
                "INSERT INTO items VALUES (1, 1), (2, 2); INSERT INTO visit_web VALUES (1), (1); "
                "INSERT INTO tmp_a VALUES (1); INSERT INTO log_10 VALUES (1)",
                database));
        }
        source().exec("CREATE DATABASE crm_a; USE crm_a; CREATE TABLE people (id INT PRIMARY KEY, "
                      "v INT); CREATE TABLE secret_1 (id INT PRIMARY KEY); INSERT INTO people "
                      "VALUES (1, 1), (2, 2); CREATE VIEW elders AS SELECT * FROM people WHERE id "
                      "> 1");
    }
    sql_client& source() { return pair.source_sql(); }
    // What the patterns say, in names.
    static object_selection by_name() {
        return {.include = {"shard_[0-9].*", "crm_?.*"},
                .exclude = {"shard_?.tmp_*", "shard_?.log_[a-z]", "crm_?.secret_*"},
                .rename = {{"shard_1.orders", "dw.orders_1"},
                           {"shard_2.orders", "dw.orders_2"},
                           {"shard_3.orders", "dw.orders_3"},
                           {"shard_1.visit_web", "visits_1.all_web"},
                           {"shard_2.visit_web", "visits_2.all_web"},
                           {"shard_2.visit_app", "visits_2.all_app"},
                           {"shard_3.visit_web", "visits_3.all_web"},
                           {"crm_a", "a_copy"},
                           {"crm_b", "b_copy"}}};
    }
    // Definitions of tables whose foreign keys lead to another database read otherwise.
    void expect_equal() {
        expect_success(pair);
        object_selection without_items = by_name();
        without_items.exclude.emplace_back("*.items");
        EXPECT_THAT(compare(source(), pair.target_sql(), without_items), IsEmpty());
        EXPECT_THAT(compare(source(), pair.target_sql(), by_name(), {.definitions = false}),
                    IsEmpty());
    }

    source_and_target pair{GetParam().kind, server_kind::mysql_97, options()};
};

// What older servers log of it too.
class renames_by_pattern_of_each_source : public renames_by_pattern {};

TEST_P(renames_by_pattern_of_each_source, hold_for_the_copy_and_for_what_is_made_later) {
    auto task = pair.start_task();
    {
        const background_writer busy(pair.source(), 3ms, [](sql_client& sql, int i) {
            sql.exec(fmt::format("INSERT INTO shard_{1}.orders (v) VALUES ('new {0}'); INSERT INTO "
                                 "shard_{1}.items VALUES ({0} + 10, LAST_INSERT_ID()); UPDATE "
                                 "crm_a.people SET v = {0}; INSERT INTO shard_{1}.visit_web (v) "
                                 "VALUES ({0}); INSERT INTO shard_x.orders (v) VALUES ('not "
                                 "selected'); INSERT INTO shard_1.tmp_a VALUES ({0} + 2)",
                                 i, 1 + i % 2));
        });
        expect_arrival(pair, task, "shard_1.marker", "shard_1.marker");
        source().exec("ALTER TABLE shard_1.orders ADD COLUMN n INT DEFAULT 3; CREATE INDEX i ON "
                      "shard_2.orders (v); ALTER TABLE shard_2.visit_web ADD COLUMN n INT DEFAULT "
                      "1; CREATE TABLE shard_2.visit_app (id INT PRIMARY KEY); INSERT INTO "
                      "shard_2.visit_app VALUES (1); CREATE TABLE shard_1.later LIKE "
                      "shard_1.orders; INSERT INTO shard_1.later (v) VALUES ('l'); CREATE TABLE "
                      "shard_1.tmp_later (id INT PRIMARY KEY); ALTER TABLE shard_x.orders DROP "
                      "COLUMN v, ADD COLUMN v VARCHAR(60)");
        std::this_thread::sleep_for(300ms);
        task.kill_9();
        task = pair.start_task();
        // A shard and a customer that are new as a whole.
        source().exec("CREATE DATABASE shard_3; USE shard_3; CREATE TABLE orders LIKE "
                      "shard_1.orders; CREATE TABLE items (id INT PRIMARY KEY, order_id INT, "
                      "CONSTRAINT items_of_shard_3 FOREIGN KEY (order_id) REFERENCES orders (id) "
                      "ON DELETE CASCADE); CREATE TABLE visit_web (v INT); INSERT INTO orders (v) "
                      "VALUES ('third'); INSERT INTO items VALUES (1, 1); INSERT INTO visit_web "
                      "VALUES (3), (3); UPDATE visit_web SET v = 4 LIMIT 1; CREATE TABLE log_c (id "
                      "INT PRIMARY KEY); INSERT INTO log_c VALUES (1)");
        source().exec("CREATE DATABASE crm_b; USE crm_b; CREATE TABLE people LIKE crm_a.people; "
                      "INSERT INTO people VALUES (7, 7); CREATE VIEW both_of_them AS SELECT a.id, "
                      "b.v FROM crm_a.people a LEFT JOIN crm_b.people b ON a.id = b.id; CREATE "
                      "TRIGGER stamp BEFORE INSERT ON people FOR EACH ROW SET NEW.v = NEW.v + 1; "
                      "INSERT INTO people VALUES (8, 8)");
        expect_arrival(pair, task, "crm_b.marker", "b_copy.marker");
    }
    source().exec("RENAME TABLE crm_b.marker TO crm_b.moved; TRUNCATE TABLE shard_2.visit_app; "
                  "DROP TABLE shard_3.items, shard_1.marker");
    task.signal(SIGTERM);
    std::ignore = task.wait(60s);
    expect_equal();
}

TEST_P(renames_by_pattern, name_each_object_that_the_target_has) {
    expect_success(pair);
    EXPECT_EQ(names_on_target(pair),
              "a_copy.elders a_copy.people dw.orders_1 dw.orders_2 shard_1.items shard_1.log_10 "
              "shard_2.items shard_2.log_10 visits_1.all_web visits_2.all_web");
    expect_equal();
    EXPECT_EQ(pair.target_sql().scalar(
                  "SELECT GROUP_CONCAT(CONCAT(table_schema, ' ', referenced_table_schema, '.', "
                  "referenced_table_name) ORDER BY table_schema) FROM "
                  "information_schema.key_column_usage WHERE referenced_table_name IS NOT NULL AND "
                  "table_name = 'items'"),
              "shard_1 dw.orders_1,shard_2 dw.orders_2");
}

TEST_P(renames_by_pattern_of_each_source, follow_a_table_through_the_names_of_its_database) {
    expect_success(pair);
    source().exec("CREATE DATABASE crm_b; RENAME TABLE crm_a.people TO crm_b.people; INSERT INTO "
                  "crm_b.people VALUES (3, 3); RENAME TABLE shard_1.log_10 TO shard_1.visit_web2, "
                  "shard_1.visit_web TO shard_1.log_10; INSERT INTO shard_1.visit_web2 VALUES "
                  "(99); DROP VIEW crm_a.elders; DROP DATABASE crm_a");
    expect_success(pair);
    EXPECT_EQ(names_on_target(pair),
              "b_copy.people dw.orders_1 dw.orders_2 shard_1.items shard_1.log_10 shard_2.items "
              "shard_2.log_10 visits_1.all_web2 visits_2.all_web");
    auto named = by_name();
    named.include = {"crm_b.*", "shard_1.visit_web2", "shard_1.log_10"};
    named.rename = {{"crm_b", "b_copy"}, {"shard_1.visit_web2", "visits_1.all_web2"}};
    EXPECT_THAT(compare(source(), pair.target_sql(), named), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(, renames_by_pattern, testing::Values(source_case{}), name_of_case);
INSTANTIATE_TEST_SUITE_P(, renames_by_pattern_of_each_source,
                         testing::Values(source_case{}, source_case{server_kind::mysql_56, false},
                                         source_case{server_kind::mariadb_1011}),
                         name_of_case);

// Nothing of the target's database is there when the task starts.
TEST(renames, bring_a_table_to_a_database_that_the_target_gets_with_it) {
    pair_options options;
    options.objects.include = {"shard_*.orders", "shop.a*"};
    options.objects.rename = {{"shard_*.orders", "dw_*.orders"}, {"shop.a*", "shop_of_a.t*"}};
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options);
    auto& source = pair.source_sql();
    source.exec("CREATE DATABASE shard_1; CREATE TABLE shard_1.orders (id INT PRIMARY KEY); INSERT "
                "INTO shard_1.orders VALUES (1); CREATE DATABASE shop; CREATE TABLE shop.b (id INT "
                "PRIMARY KEY)");
    auto task = pair.start_task();
    expect_arrival(pair, task, "shop.a_marker", "shop_of_a.t_marker");
    source.exec("CREATE DATABASE shard_2; CREATE TABLE shard_2.orders (id INT PRIMARY KEY); INSERT "
                "INTO shard_2.orders VALUES (2); CREATE TABLE shard_2.other (id INT PRIMARY KEY); "
                "CREATE TABLE shop.a1 (id INT PRIMARY KEY, v INT); INSERT INTO shop.a1 VALUES (1, "
                "1); CREATE DATABASE shard_3; CREATE TABLE shard_3.orders LIKE shard_1.orders; "
                "INSERT INTO shard_3.orders VALUES (3)");
    expect_arrival(pair, task, "shop.a_last", "shop_of_a.t_last");
    task.signal(SIGTERM);
    std::ignore = task.wait(60s);
    expect_success(pair);
    EXPECT_EQ(names_on_target(pair), "dw_1.orders dw_2.orders dw_3.orders shop_of_a.t1 "
                                     "shop_of_a.t_last shop_of_a.t_marker");
    EXPECT_THAT(compare(source, pair.target_sql(),
                        {.include = {"shard_?.orders", "shop.a*"},
                         .rename = {{"shard_1.orders", "dw_1.orders"},
                                    {"shard_2.orders", "dw_2.orders"},
                                    {"shard_3.orders", "dw_3.orders"},
                                    {"shop.a1", "shop_of_a.t1"},
                                    {"shop.a_marker", "shop_of_a.t_marker"},
                                    {"shop.a_last", "shop_of_a.t_last"}}}),
                IsEmpty());
}

// a is b on the target and b is a; whether they are selected one by one or with their database.
struct places_case {
    bool one_by_one = false;
    source_case source{};
};

void PrintTo(const places_case& one, std::ostream* out) {
    *out << (one.one_by_one ? "of_single_tables_" : "in_a_database_") << name_of(one.source);
}

class names_that_change_places : public testing::TestWithParam<places_case> {
protected:
    static pair_options options() {
        pair_options made;
        made.objects.include = {"shop.*"};
        made.source.gtid = GetParam().source.gtid;
        if (GetParam().one_by_one) made.objects.include = {"shop.a", "shop.b", "shop.c", "shop.m*"};
        made.objects.rename = {{"shop.a", "shop.b"}, {"shop.b", "shop.a"}};
        return made;
    }
    void SetUp() override {
        source().exec(
            "CREATE DATABASE shop; USE shop; CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, v "
            "VARCHAR(20)); CREATE TABLE b (id INT PRIMARY KEY AUTO_INCREMENT, n INT, v "
            "VARCHAR(20)); CREATE TABLE c (id INT PRIMARY KEY, a_id INT, b_id INT, CONSTRAINT to_a "
            "FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE CASCADE, CONSTRAINT to_b FOREIGN KEY "
            "(b_id) REFERENCES b (id) ON DELETE SET NULL); INSERT INTO a (v) VALUES ('of a'), ('of "
            "a'), ('of a'); INSERT INTO b (v) VALUES ('of b'), ('of b'); INSERT INTO c VALUES (1, "
            "1, 1), (2, 2, 2)");
    }
    sql_client& source() { return pair.source_sql(); }
    void expect_equal() {
        expect_success(pair);
        // The foreign keys of c are looked at below: a comparison by text would not see the swap.
        object_selection all = pair.objects();
        all.exclude = {"shop.c"};
        EXPECT_THAT(compare(source(), pair.target_sql(), all), IsEmpty());
        EXPECT_THAT(compare(source(), pair.target_sql(), pair.objects(), {.definitions = false}),
                    IsEmpty());
    }
    static std::string foreign_keys(sql_client& sql) {
        return sql.scalar("SELECT GROUP_CONCAT(CONCAT(constraint_name, ' ', referenced_table_name) "
                          "ORDER BY constraint_name) FROM information_schema.key_column_usage "
                          "WHERE table_schema = 'shop' AND referenced_table_name IS NOT NULL");
    }

    source_and_target pair{GetParam().source.kind, server_kind::mysql_97, options()};
};

TEST_P(names_that_change_places, keep_their_rows_and_definitions_apart) {
    auto task = pair.start_task();
    {
        const background_writer busy(pair.source(), 3ms, [](sql_client& sql, int i) {
            sql.exec(fmt::format("INSERT INTO shop.a (v) VALUES ('a {0}'); INSERT INTO shop.b (v) "
                                 "VALUES ('b {0}')",
                                 i));
        });
        expect_arrival(pair, task, "shop.marker", "shop.marker");
        source().exec("ALTER TABLE shop.a ADD COLUMN of_a INT DEFAULT 1; ALTER TABLE shop.b ADD "
                      "COLUMN of_b INT DEFAULT 2, ADD INDEX (of_b)");
        std::this_thread::sleep_for(300ms);
        task.kill_9();
        task = pair.start_task();
    }
    source().exec("DELETE FROM shop.a WHERE id = 1; DELETE FROM shop.b WHERE id = 2; CREATE TABLE "
                  "shop.m_like_a LIKE shop.a; INSERT INTO shop.m_like_a (v) VALUES ('alike')");
    expect_arrival(pair, task, "shop.m2", "shop.m2");
    task.signal(SIGTERM);
    std::ignore = task.wait(60s);
    expect_equal();
    EXPECT_EQ(foreign_keys(source()), "to_a a,to_b b");
    EXPECT_EQ(foreign_keys(pair.target_sql()), "to_a b,to_b a");
}

TEST_P(names_that_change_places, stay_so_when_the_source_renames_them) {
    source().exec("ALTER TABLE shop.c DROP FOREIGN KEY to_a, DROP FOREIGN KEY to_b");
    expect_success(pair);
    // The names change places on the source, too, so each table is on the target as it is called.
    source().exec("USE shop; RENAME TABLE a TO m3, b TO a, m3 TO b; INSERT INTO a (v) VALUES ('was "
                  "b'); INSERT INTO b (v) VALUES ('was a')");
    expect_equal();
    source().exec("USE shop; DROP TABLE a; CREATE TABLE a (id INT PRIMARY KEY); INSERT INTO a "
                  "VALUES (3); RENAME TABLE b TO m_kept; CREATE TABLE b LIKE a; INSERT INTO b "
                  "VALUES (4); ALTER TABLE m_kept RENAME TO m_kept2; TRUNCATE TABLE a");
    expect_equal();
    source().exec("USE shop; DROP TABLE b, a; RENAME TABLE m_kept2 TO b; TRUNCATE TABLE b");
    expect_success(pair);
    EXPECT_EQ(names_on_target(pair), "shop.a shop.c");
}

INSTANTIATE_TEST_SUITE_P(, names_that_change_places,
                         testing::Values(places_case{false}, places_case{true},
                                         places_case{true, {server_kind::mysql_56}},
                                         places_case{false, {server_kind::mariadb_1011, false}}),
                         [](const auto& of) { return testing::PrintToString(of.param); });

TEST(renames, let_two_databases_change_places) {
    pair_options options;
    options.objects.include = {"left.*", "right.*"};
    options.objects.rename = {{"left", "right"}, {"right", "left"}};
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options);
    auto& source = pair.source_sql();
    source.exec("CREATE DATABASE `left`; CREATE TABLE `left`.t (id INT PRIMARY KEY); INSERT INTO "
                "`left`.t VALUES (1), (2); CREATE DATABASE `right` CHARACTER SET latin1; CREATE "
                "TABLE `right`.t (id INT PRIMARY KEY, w INT); INSERT INTO `right`.t VALUES (7, 7)");
    expect_success(pair);
    EXPECT_THAT(pair.compare(), IsEmpty());
    source.exec("USE `left`; CREATE INDEX w ON `right`.t (w); ALTER TABLE t ADD COLUMN x INT; "
                "CREATE TABLE later (id INT PRIMARY KEY); INSERT INTO later VALUES (1); CREATE "
                "TABLE `right`.later (v INT); INSERT INTO `right`.later VALUES (2), (2); RENAME "
                "TABLE t TO `right`.t2, `right`.t TO t; INSERT INTO t VALUES (8, 8); INSERT INTO "
                "`right`.t2 VALUES (8, 8)");
    expect_success(pair);
    EXPECT_THAT(pair.compare(), IsEmpty());
    source.exec("DROP DATABASE `right`; TRUNCATE TABLE `left`.t");
    expect_success(pair);
    EXPECT_EQ(names_on_target(pair), "right.later right.t");
}

} // namespace
} // namespace understudy::test
