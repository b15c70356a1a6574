// Several tasks, one behind the other: A to B to C, and sets of them that would close a ring.

#include "tests/live/workload.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/comparison.hpp"
#include "tests/support/live_server.hpp"
#include "tests/support/random_seed.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace understudy::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

// Another build of the program may be tested by name.
std::string program() {
    const char* named = std::getenv("UNDERSTUDY_PROGRAM");
    return named != nullptr ? named : UNDERSTUDY_PROGRAM;
}

// One task, with a process, a task file and a data directory of its own.
class hop {
public:
    // `objects` is what stands below [objects], and further sections.
    hop(std::string name, const live_server& from, const live_server& to,
        const std::string& objects)
        : name_(std::move(name)) {
        const auto endpoint = [](const char* side, const live_server& server) {
            return fmt::format("[{}]\nhost = \"127.0.0.1\"\nport = {}\nuser = \"acc\"\npassword = "
                               "\"secret-of-acc\"\n",
                               side, server.port());
        };
        std::ofstream(file()) << fmt::format("name = \"{}\"\n", name_) << endpoint("source", from)
                              << endpoint("target", to) << "[objects]\n"
                              << objects;
        fs::permissions(file(), fs::perms::owner_read | fs::perms::owner_write);
    }

    [[nodiscard]] running_task start(std::vector<std::string> more = {}) {
        std::vector<std::string> argv{program(), "run", file(), "--data-dir",
                                      directory_.path() / "data"};
        argv.insert(argv.end(), more.begin(), more.end());
        const auto output = directory_.path() / fmt::format("output-{}", ++run_count_);
        const auto error = directory_.path() / fmt::format("error-{}", run_count_);
        return {child_process::start({.argv = std::move(argv),
                                      .environment = {},
                                      .output_file = output,
                                      .error_file = error}),
                output, error};
    }

    [[nodiscard]] finished_process run() {
        running_task task = start({"--until", "caught-up"});
        const auto ended = task.wait(120s);
        if (!ended) throw std::runtime_error(name_ + " still runs\n" + task.error());
        return {*ended, task.output(), task.error()};
    }

private:
    [[nodiscard]] fs::path file() const { return directory_.path() / "task.toml"; }

    std::string name_;
    scratch_directory directory_{"hop"};
    int run_count_ = 0;
};

void expect_success(hop& one) {
    const auto done = one.run();
    EXPECT_EQ(done.status.code, 0) << done.error << done.output;
}

void stop(running_task& task) {
    EXPECT_TRUE(task.running()) << task.error() << task.output();
    task.signal(SIGTERM);
    const auto ended = task.wait(60s);
    EXPECT_TRUE(ended && ended->code == 0) << task.error() << task.output();
}

class topology : public testing::Test {
protected:
    topology()
        : servers(live_server::start_all({{server_kind::mysql_97, trusting()},
                                          {server_kind::mysql_97, trusting()},
                                          {server_kind::mysql_97, trusting()}})) {
        for (live_server& server : servers) {
            server.root().exec("CREATE USER acc@'%' IDENTIFIED BY 'secret-of-acc'; GRANT ALL ON "
                               "*.* TO acc@'%' WITH GRANT OPTION");
        }
    }
    static server_options trusting() {
        return {.extra_args = {"--log-bin-trust-function-creators=1"}};
    }
    [[nodiscard]] bool arrives(sql_client& sql, const std::string& query,
                               const std::string& wanted) {
        return wait_until(
            [&] {
                try {
                    return sql.scalar(query) == wanted;
                } catch (const sql_error&) {
                    return false; // the table is not there yet
                }
            },
            30s, 50ms);
    }

    std::vector<live_server> servers;
    live_server& a = servers[0];
    live_server& b = servers[1];
    live_server& c = servers[2];
    sql_client sql_a = a.root();
    sql_client sql_b = b.root();
    sql_client sql_c = c.root();
};

// Database w has another name on B and C, shop and its table orders on C alone.
class cascade : public topology {
protected:
    static object_selection first_objects() {
        return {.include = {"w.*", "shop.*"}, .rename = {{"w", "w_of_a"}}};
    }
    static object_selection second_objects() {
        return {.include = {"w_of_a.*", "shop.*"}, .rename = {{"shop", "dw"}}};
    }
    void expect_equal() {
        expect_success(first);
        expect_success(second);
        EXPECT_THAT(compare(sql_a, sql_b, first_objects()), IsEmpty());
        EXPECT_THAT(compare(sql_b, sql_c, second_objects()), IsEmpty());
        // What a task keeps for itself on B goes no further.
        EXPECT_EQ(sql_c.scalar("SELECT GROUP_CONCAT(DISTINCT task) FROM understudy.checkpoint "
                               "WHERE task NOT LIKE '#%'"),
                  "second");
    }

    hop first{"first", a, b,
              "include = [\"w.*\", \"shop.*\"]\nrename = { \"w\" = \"w_of_a\" }\n[initial]\n"
              "chunk_bytes = \"64KiB\"\n"};
    hop second{"second", b, c,
               "include = [\"w_of_a.*\", \"shop.*\"]\nrename = { \"shop\" = \"dw\" }\n[initial]\n"
               "chunk_bytes = \"64KiB\"\n"};
};

// Of everything that there is, with rows behind it.
std::vector<std::string> changes_of_definitions(int round) {
    // NOLINTBEGIN(bugprone-suspicious-missing-comma): each stands over several lines.
    std::vector<std::string> all{
        "CREATE TABLE orders_{0} (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(30), KEY (v)); "
        "INSERT INTO orders_{0} (v) VALUES ('a'), ('b'), ('c')",
        "CREATE TABLE keyless_{0} (v INT, t TEXT); INSERT INTO keyless_{0} VALUES (1, 'same'), (1, "
        "'same'), (2, NULL)",
        "ALTER TABLE orders_{0} ADD COLUMN n INT DEFAULT 4 FIRST, MODIFY v VARCHAR(90); UPDATE "
        "orders_{0} SET n = id",
        "UPDATE keyless_{0} SET v = 9 WHERE v = 1 LIMIT 1; DELETE FROM keyless_{0} WHERE v = 1",
        "CREATE VIEW v_{0} AS SELECT o.id, k.t FROM orders_{0} o JOIN keyless_{0} k ON k.v = o.id",
        "CREATE TRIGGER t_{0} BEFORE INSERT ON orders_{0} FOR EACH ROW SET NEW.n = NEW.n + 100; "
        "INSERT INTO orders_{0} (n, v) VALUES (1, 'by trigger')",
        "CREATE PROCEDURE p_{0}() SELECT COUNT(*) FROM orders_{0}",
        "CREATE TABLE emptied_{0} LIKE orders_{0}; INSERT INTO emptied_{0} SELECT * FROM "
        "orders_{0}; TRUNCATE TABLE emptied_{0}; INSERT INTO emptied_{0} (v) VALUES ('left')",
        "CREATE TABLE child_{0} (id INT PRIMARY KEY, o INT, CONSTRAINT of_{0} FOREIGN KEY (o) "
        "REFERENCES orders_{0} (id) ON DELETE CASCADE); INSERT INTO child_{0} VALUES (1, 1), (2, "
        "2); DELETE FROM orders_{0} WHERE id = 1",
        "RENAME TABLE emptied_{0} TO swap, keyless_{0} TO emptied_{0}, swap TO keyless_{0}; INSERT "
        "INTO keyless_{0} (v) VALUES ('renamed'); INSERT INTO emptied_{0} VALUES (3, 'keyless')",
        "CREATE INDEX i ON emptied_{0} (v); DROP VIEW v_{0}; ALTER TABLE child_{0} RENAME TO "
        "children_{0}",
        "DROP TABLE children_{0}; ALTER TABLE orders_{0} CONVERT TO CHARACTER SET latin1"};
    // NOLINTEND(bugprone-suspicious-missing-comma)
    for (std::string& one : all)
        one = fmt::format(fmt::runtime(one), round);
    return all;
}

TEST_F(cascade, brings_rows_and_definitions_through_two_tasks_and_their_crashes) {
    const auto seed = random_seed();
    SCOPED_TRACE("UNDERSTUDY_TEST_SEED=" + std::to_string(seed));
    workload load(a, {.writers = 2, .seed = seed, .pause_microseconds = 5000, .xa = true});
    load.prepare();
    sql_a.exec("CREATE DATABASE shop; CREATE TABLE shop.old (id INT PRIMARY KEY, v INT); CREATE "
               "TABLE shop.bare (v INT); INSERT INTO shop.old VALUES (1, 1), (2, 2); INSERT INTO "
               "shop.bare VALUES (1), (1); USE shop");
    expect_success(first);
    load.start();
    auto to_b = first.start();
    auto to_c = second.start();
    for (int round = 0; round < 4; ++round) {
        const auto all = changes_of_definitions(round);
        for (std::size_t i = 0; i < all.size(); ++i) {
            sql_a.exec(all[i]);
            std::this_thread::sleep_for(60ms);
            if (i != all.size() / 2) continue;
            running_task& killed = round % 2 == 0 ? to_b : to_c;
            EXPECT_TRUE(killed.running()) << killed.error() << killed.output();
            killed.kill_9();
            killed = round % 2 == 0 ? first.start() : second.start();
        }
        sql_a.exec(fmt::format("RENAME TABLE old TO older; ALTER TABLE older ADD COLUMN c{} INT; "
                               "RENAME TABLE older TO old; INSERT INTO bare VALUES (7)",
                               round));
    }
    load.stop();
    EXPECT_TRUE(arrives(sql_c, "SELECT COUNT(*) FROM dw.bare WHERE v = 7", "4"))
        << to_b.error() << to_c.error();
    stop(to_b);
    stop(to_c);
    expect_equal();
}

// The second copies while the first fills and changes the same tables.
TEST_F(cascade, can_begin_with_all_its_tasks_at_once) {
    const auto seed = random_seed();
    SCOPED_TRACE("UNDERSTUDY_TEST_SEED=" + std::to_string(seed));
    workload load(a, {.writers = 2, .rows = 5000, .seed = seed, .pause_microseconds = 5000});
    load.prepare();
    sql_a.exec("CREATE DATABASE shop; CREATE TABLE shop.bare (v INT); INSERT INTO shop.bare VALUES "
               "(1), (1); USE shop");
    load.start();
    auto to_b = first.start();
    const auto is_begun = [&] {
        return sql_b.scalar("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name "
                            "IN ('w_of_a', 'shop')") == "2";
    };
    EXPECT_TRUE(wait_until(is_begun, 30s, 5ms)) << to_b.error();
    auto to_c = second.start();
    for (const std::string& one : changes_of_definitions(1)) {
        sql_a.exec(one);
        std::this_thread::sleep_for(200ms);
    }
    to_b.kill_9();
    to_b = first.start();
    sql_a.exec("INSERT INTO bare VALUES (7)");
    load.stop();
    EXPECT_TRUE(arrives(sql_c, "SELECT COUNT(*) FROM dw.bare WHERE v = 7", "1"))
        << to_b.error() << to_c.error();
    stop(to_b);
    stop(to_c);
    expect_equal();
}

class ring : public topology {
protected:
    void SetUp() override {
        sql_a.exec("CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, v INT); "
                   "INSERT INTO shop.orders VALUES (1, 1), (2, 2), (3, 3)");
    }
    // Nothing but the ring is in the way of the last task: its tables are taken as they are.
    static std::string adopted(const std::string& include) {
        return fmt::format("include = [\"{}\"]\n[conflict]\nexisting_tables = \"adopt\"\n",
                           include);
    }
    static void expect_refusal(hop& closing, const std::string& task) {
        const auto refused = closing.run();
        EXPECT_NE(refused.status.code, 0);
        EXPECT_THAT(refused.error + refused.output, HasSubstr(task));
        EXPECT_THAT(refused.error + refused.output, HasSubstr("`shop`.`orders`"));
    }
    // Where each task is, the other one sees: neither answers that at once.
    void expect_silence() {
        const auto logged = [&] {
            const std::string end = "SELECT SUBSTRING_INDEX(@@GLOBAL.gtid_executed, '-', -1) + 0";
            return std::stoul(sql_a.scalar(end)) + std::stoul(sql_b.scalar(end));
        };
        std::this_thread::sleep_for(1s);
        const auto before = logged();
        std::this_thread::sleep_for(6s);
        EXPECT_LE(logged() - before, 3U);
    }
    static bool has_meta_database(sql_client& sql) {
        return sql.scalar("SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = "
                          "'understudy'") != "0";
    }
};

TEST_F(ring, of_two_tasks_is_refused_before_it_starts) {
    hop there("there", a, b, "include = [\"shop.*\"]\n");
    hop back("back", b, a, adopted("shop.*"));
    auto task = there.start();
    EXPECT_TRUE(arrives(sql_b, "SELECT COUNT(*) FROM shop.orders", "3")) << task.error();
    expect_refusal(back, "there");
    EXPECT_FALSE(has_meta_database(sql_a));
    // Of a single table, too, and by a pattern; not of what the first task does not write.
    hop by_name("by-name", b, a, adopted("shop.orders"));
    expect_refusal(by_name, "there");
    hop by_pattern("by-pattern", b, a, adopted("/sh.p/.or*"));
    expect_refusal(by_pattern, "there");
    sql_a.exec("INSERT INTO shop.orders VALUES (4, 4); UPDATE shop.orders SET v = 9");
    EXPECT_TRUE(arrives(sql_b, "SELECT SUM(v) FROM shop.orders", "36")) << task.error();
    stop(task);
    // It is refused as well while the first one rests.
    expect_refusal(back, "there");
    EXPECT_THAT(compare(sql_a, sql_b, {.include = {"shop.*"}}), IsEmpty());
}

TEST_F(ring, of_tasks_with_other_names_on_the_way_back_is_refused) {
    hop there("there", a, b, "include = [\"shop.*\"]\nrename = { \"shop\" = \"copy\" }\n");
    hop back("back", b, a,
             "include = [\"copy.orders\"]\nrename = { \"copy.orders\" = \"shop.orders\" "
             "}\n[conflict]\nexisting_tables = \"adopt\"\n");
    expect_success(there);
    const auto refused = back.run();
    EXPECT_NE(refused.status.code, 0);
    EXPECT_THAT(refused.error + refused.output, HasSubstr("task there"));
    EXPECT_FALSE(has_meta_database(sql_a));
}

TEST_F(ring, is_none_where_both_ways_have_tables_of_their_own) {
    sql_b.exec("CREATE DATABASE crm; CREATE TABLE crm.people (id INT PRIMARY KEY, v INT); INSERT "
               "INTO crm.people VALUES (1, 1)");
    hop there("there", a, b, "include = [\"shop.*\"]\n");
    hop back("back", b, a, "include = [\"crm.*\"]\n");
    auto to_b = there.start();
    EXPECT_TRUE(arrives(sql_b, "SELECT COUNT(*) FROM shop.orders", "3")) << to_b.error();
    auto to_a = back.start();
    EXPECT_TRUE(arrives(sql_a, "SELECT COUNT(*) FROM crm.people", "1")) << to_a.error();
    for (int i = 10; i < 40; ++i) {
        sql_a.exec(
            fmt::format("INSERT INTO shop.orders (id, v) VALUES ({0}, 1); UPDATE shop.orders SET v "
                        "= v + 1; ALTER TABLE shop.orders ADD COLUMN c{0} INT",
                        i));
        sql_b.exec(
            fmt::format("INSERT INTO crm.people (id, v) VALUES ({0}, 1); UPDATE crm.people SET v = "
                        "v + 1; ALTER TABLE crm.people ADD COLUMN c{0} INT",
                        i));
    }
    EXPECT_TRUE(arrives(sql_b, "SELECT COUNT(*) FROM shop.orders WHERE id = 39 AND v = 2", "1"));
    EXPECT_TRUE(arrives(sql_a, "SELECT COUNT(*) FROM crm.people WHERE id = 39 AND v = 2", "1"));
    expect_silence();
    stop(to_b);
    stop(to_a);
    expect_success(there);
    expect_success(back);
    EXPECT_THAT(compare(sql_a, sql_b, {.include = {"shop.*"}}), IsEmpty());
    EXPECT_THAT(compare(sql_b, sql_a, {.include = {"crm.*"}}), IsEmpty());
}

TEST_F(ring, of_three_tasks_is_refused_before_it_closes) {
    hop to_b("to-b", a, b, "include = [\"shop.*\"]\n");
    hop to_c("to-c", b, c, "include = [\"shop.*\"]\n");
    hop to_a("to-a", c, a, adopted("shop.*"));
    auto first = to_b.start();
    EXPECT_TRUE(arrives(sql_b, "SELECT COUNT(*) FROM shop.orders", "3")) << first.error();
    auto second = to_c.start();
    EXPECT_TRUE(arrives(sql_c, "SELECT COUNT(*) FROM shop.orders", "3")) << second.error();
    const auto refused = to_a.run();
    EXPECT_NE(refused.status.code, 0) << refused.error << refused.output;
    EXPECT_THAT(refused.error + refused.output, HasSubstr("`shop`.`orders`"));
    EXPECT_FALSE(has_meta_database(sql_a));
}

} // namespace
} // namespace understudy::test
