#include "tests/live/applier_rig.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

namespace understudy::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class xa : public testing::TestWithParam<bool> {
protected:
    applier_rig rig{{.source_gtid = GetParam(), .target_gtid = GetParam()}};
    void SetUp() override {
        rig.exec_both("CREATE DATABASE t; CREATE DATABASE other; CREATE TABLE other.a (id INT);"
                      "CREATE TABLE t.a (id INT PRIMARY KEY, v VARCHAR(100), UNIQUE (v));"
                      "CREATE TABLE t.k (n INT); INSERT INTO t.a VALUES (1,'one'),(2,'two')");
        rig.begin();
    }
    [[nodiscard]] std::string waiting() {
        return rig.target().scalar("SELECT COUNT(DISTINCT xa_id) FROM " + rig.meta_database() +
                                   ".prepared_xa");
    }
};

TEST_P(xa, transactions_become_visible_at_their_commit) {
    rig.source().exec("USE t; XA START 'a'; INSERT INTO a VALUES (10,'ten'); UPDATE a SET v = "
                      "'uno' WHERE id = 1; INSERT INTO k VALUES (1),(1); XA END 'a'; "
                      "XA PREPARE 'a'");
    rig.reconnect();
    rig.source().exec("INSERT INTO t.a VALUES (20,'twenty')");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM t.a"), "3");
    EXPECT_EQ(waiting(), "1");
    EXPECT_THAT(rig.differences(), IsEmpty());
    // Another run of the applier, and another format description.
    rig.source_server().restart();
    rig.reconnect();
    rig.source().exec("UPDATE t.a SET v = 'TWENTY' WHERE id = 20; XA COMMIT 'a';"
                      "UPDATE t.a SET v = 'TEN' WHERE id = 10");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(rig.target().scalar("SELECT v FROM t.a WHERE id = 10"), "TEN");
    EXPECT_EQ(rig.target().scalar("SELECT v FROM t.a WHERE id = 1"), "uno");
    EXPECT_EQ(waiting(), "0");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST_P(xa, transactions_may_be_rolled_back_or_commit_in_one_phase) {
    rig.source().exec("USE t; XA START 'r','x',9; UPDATE a SET v = 'gone' WHERE id = 1; "
                      "XA END 'r','x',9");
    rig.reconnect();
    rig.source().exec("USE t; XA START 'one'; DELETE FROM a WHERE id = 1; "
                      "INSERT INTO k VALUES (7); XA END 'one'; XA COMMIT 'one' ONE PHASE;"
                      "XA START 'none'; INSERT INTO other.a VALUES (1); XA END 'none'; "
                      "XA PREPARE 'none'");
    rig.reconnect();
    rig.source().exec("USE t; XA START 'p'; UPDATE a SET v = 'gone' WHERE id = 2; XA END 'p'; "
                      "XA PREPARE 'p'");
    rig.reconnect();
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(waiting(), "2") << "also the one that changed nothing selected";
    rig.source().exec("XA ROLLBACK 'p'; XA COMMIT 'none'; INSERT INTO t.a VALUES (3,'three')");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(waiting(), "0");
    EXPECT_EQ(rig.target().scalar("SELECT GROUP_CONCAT(id ORDER BY id) FROM t.a"), "2,3");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

TEST_P(xa, commit_of_what_was_prepared_before_the_task_stops_it) {
    rig.source().exec("USE t; XA START 'early'; INSERT INTO a VALUES (10,'ten'); XA END 'early'; "
                      "XA PREPARE 'early'");
    rig.reconnect();
    ASSERT_EQ(rig.catch_up(), "");
    rig.target().exec("DELETE FROM " + rig.meta_database() + ".prepared_xa");
    rig.source().exec("INSERT INTO t.k VALUES (5); XA COMMIT 'early'");
    EXPECT_THAT(rig.catch_up(), HasSubstr("prepared before the task began"));
    EXPECT_EQ(rig.target().scalar("SELECT n FROM t.k"), "5") << "all before it is applied";
}

INSTANTIATE_TEST_SUITE_P(by, xa, testing::Bool(),
                         [](const auto& info) { return info.param ? "gtid" : "position"; });

TEST(xa_of_any_size, waits_and_is_applied_in_parts) {
    applier_rig rig({.group_bytes_max = 1U << 20U});
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, v LONGTEXT);"
                  "CREATE TABLE t.b (id INT PRIMARY KEY, v VARCHAR(1000))");
    rig.begin();
    std::string work = "USE t; SET cte_max_recursion_depth = 100000; XA START 'big';"
                       "INSERT INTO a VALUES (1, REPEAT('x', 3000000));";
    for (int i = 0; i < 5; ++i) {
        work += fmt::format("INSERT INTO b WITH RECURSIVE n (i) AS (SELECT {} UNION ALL SELECT i + "
                            "1 FROM n WHERE i < {}) SELECT i, REPEAT('y', 500) FROM n;",
                            i * 2000, i * 2000 + 1999);
    }
    rig.source().exec(work + "UPDATE a, b SET a.v = 'z', b.v = 'w' WHERE b.id % 10 = 0; "
                             "XA END 'big'; XA PREPARE 'big'");
    rig.reconnect();
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM t.b"), "0");
    rig.source().exec("XA COMMIT 'big'");
    EXPECT_EQ(rig.catch_up(), "");
    EXPECT_EQ(rig.target().scalar("SELECT COUNT(*) FROM t.b WHERE v = 'w'"), "1000");
    EXPECT_THAT(rig.differences(), IsEmpty());
}

} // namespace
} // namespace understudy::test
