// pt-online-schema-change as it is, and gh-ost's statements, of single selected tables and of whole
// databases, under their own names and under others.

#include "tests/support/source_and_target.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

// Writes to shop.orders as long as it lives.
class writer {
public:
    explicit writer(const live_server& server)
        : thread_([this, sql = server.root()]() mutable {
              for (int i = 0; !stop_; ++i) {
                  try {
                      sql.exec(fmt::format(
                          "INSERT INTO shop.orders (note) VALUES ('w{0}'); UPDATE shop.orders SET "
                          "note = 'u{0}' WHERE id = 1 + {0} % 500; DELETE FROM shop.orders WHERE "
                          "id "
                          "= 500 + {0}",
                          i));
                  } catch (const sql_error&) {
                      // A lock of the cut-over; the next one gets through.
                  }
                  std::this_thread::sleep_for(5ms);
              }
          }) {}
    ~writer() {
        stop_ = true;
        thread_.join();
    }
    writer(const writer&) = delete;
    writer& operator=(const writer&) = delete;

private:
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

struct how {
    const char* name;
    std::vector<std::string> include;
    std::map<std::string, std::string> rename;
};

class online_schema_change : public testing::TestWithParam<how> {
protected:
    static pair_options options() {
        pair_options made;
        made.objects.include = GetParam().include;
        made.objects.rename = GetParam().rename;
        made.source.extra_args = made.target.extra_args = {"--log-bin-trust-function-creators=1"};
        return made;
    }
    void SetUp() override {
        auto& sql = pair.source_sql();
        sql.exec("CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY "
                 "AUTO_INCREMENT, note VARCHAR(50)); INSERT INTO shop.orders (note) WITH RECURSIVE "
                 "n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT "
                 "CONCAT('r', i) FROM n;"
                 "CREATE USER pt@localhost IDENTIFIED BY 'pt'; GRANT ALL ON *.* TO pt@localhost");
    }
    void pt_online_schema_change(const std::string& change) {
        const auto done =
            run_to_end({.argv = {"pt-online-schema-change", "--alter", change, "--execute",
                                 "--no-version-check", "--no-check-replication-filters",
                                 "--recursion-method=none", "--chunk-size=100",
                                 fmt::format("D=shop,t=orders,u=pt,p=pt,S={}",
                                             pair.source().socket_path().string())},
                        .environment = {}},
                       120s);
        ASSERT_EQ(done.status.code, 0) << done.error << done.output;
    }
    // What gh-ost sends, in its order and spelling.
    void gh_ost(const std::string& change) {
        sql_client sql = pair.source().root();
        sql.exec(
            "drop /* gh-ost */ table if exists `shop`.`_orders_gho`;"
            "drop /* gh-ost */ table if exists `shop`.`_orders_ghc`;"
            "create /* gh-ost */ table `shop`.`_orders_ghc` (id bigint unsigned auto_increment, "
            "last_update timestamp not null DEFAULT CURRENT_TIMESTAMP ON UPDATE "
            "CURRENT_TIMESTAMP, hint varchar(64) charset ascii not null, value varchar(4096) "
            "charset ascii not null, primary key(id), unique key hint_uidx(hint)) "
            "auto_increment=256;"
            "create /* gh-ost */ table `shop`.`_orders_gho` like `shop`.`orders`;"
            "alter /* gh-ost */ table `shop`.`_orders_gho` " +
            change +
            ";insert /* gh-ost */ into `shop`.`_orders_ghc` (id, hint, value) values (NULL, "
            "'state', 'GhostTableMigrated');"
            "insert /* gh-ost `shop`.`orders` */ ignore into `shop`.`_orders_gho` (`id`, "
            "`note`) (select `id`, `note` from `shop`.`orders` force index (`PRIMARY`) lock in "
            "share mode)");
        // The sentry table of the cut-over, and the swap that waits behind its lock.
        sql_client lock = pair.source().root();
        lock.exec("create /* gh-ost */ table `shop`.`_orders_del` (id int auto_increment primary "
                  "key) engine=InnoDB comment='ghost-cut-over-sentry';"
                  "lock /* gh-ost */ tables `shop`.`orders` write, `shop`.`_orders_gho` write, "
                  "`shop`.`_orders_del` write");
        // What came since the rows were copied; gh-ost takes it out of the log.
        lock.exec("replace into `shop`.`_orders_gho` (`id`, `note`) select `id`, `note` from "
                  "`shop`.`orders`");
        std::thread swap([&] {
            sql.exec("rename /* gh-ost */ table `shop`.`orders` to `shop`.`_orders_del`, "
                     "`shop`.`_orders_gho` to `shop`.`orders`");
        });
        std::this_thread::sleep_for(300ms);
        lock.exec("drop /* gh-ost */ table if exists `shop`.`_orders_del`; unlock tables");
        swap.join();
        lock.exec("drop /* gh-ost */ table if exists `shop`.`_orders_ghc`;"
                  "drop /* gh-ost */ table if exists `shop`.`_orders_del`");
    }
    source_and_target pair{server_kind::mysql_97, server_kind::mysql_97, options()};
};

TEST_P(online_schema_change, arrives_while_rows_change) {
    auto task = pair.start_task();
    {
        const writer busy(pair.source());
        std::this_thread::sleep_for(2s);
        pt_online_schema_change("ADD COLUMN a INT DEFAULT 7, ADD KEY (note)");
    }
    gh_ost("modify note varchar(99), add column b int default 8");
    pair.source_sql().exec("INSERT INTO shop.orders (note, a, b) VALUES ('last', 1, 2)");
    task.signal(SIGTERM);
    EXPECT_TRUE(task.wait(60s).has_value());
    const auto done = pair.run_task();
    EXPECT_EQ(done.status.code, 0) << done.error << done.output;
    EXPECT_THAT(pair.compare(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    of, online_schema_change,
    testing::Values(how{"a_database", {"shop.*"}, {}},
                    how{"a_single_renamed_table", {"shop.orders"}, {{"shop.orders", "dw.facts"}}}),
    [](const auto& info) { return info.param.name; });

} // namespace
} // namespace understudy::test
