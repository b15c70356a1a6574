#include "tests/support/schema_change_tools.hpp"

#include "tests/support/child_process.hpp"
#include "tests/support/wait_until.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>
#include <vector>

namespace understudy::test {

using namespace std::chrono_literals;

namespace {

// {0} is the database, {1} the table, {2} its columns, {3} the key.
std::string of(const changed_table& table, const char* text) {
    return fmt::format(fmt::runtime(text), table.database, table.table, table.columns,
                       table.columns.substr(0, table.columns.find(',')));
}

std::string literals(const std::vector<std::optional<std::string>>& row) {
    std::string all;
    for (const auto& value : row)
        all += (all.empty() ? "" : ", ") + (value ? "'" + *value + "'" : std::string("NULL"));
    return all;
}

} // namespace

void pt_online_schema_change(live_server& server, const changed_table& table,
                             const std::string& alter) {
    const auto done = run_to_end(
        {.argv = {"pt-online-schema-change", "--alter", alter, "--execute", "--no-version-check",
                  "--no-check-replication-filters", "--recursion-method=none", "--chunk-size=100",
                  fmt::format("D={},t={},u=pt,p=pt,S={}", table.database, table.table,
                              server.socket_path().string())},
         .environment = {}},
        120s);
    ASSERT_EQ(done.status.code, 0) << done.error << done.output;
}

void begin_gh_ost(live_server& server, const changed_table& table, const std::string& alter) {
    sql_client sql = server.root();
    sql.exec(of(table,
                "drop /* gh-ost */ table if exists `{0}`.`_{1}_gho`;"
                "drop /* gh-ost */ table if exists `{0}`.`_{1}_ghc`;"
                "create /* gh-ost */ table `{0}`.`_{1}_ghc` (id bigint unsigned auto_increment, "
                "last_update timestamp not null DEFAULT CURRENT_TIMESTAMP ON UPDATE "
                "CURRENT_TIMESTAMP, hint varchar(64) charset ascii not null, value varchar(4096) "
                "charset ascii not null, primary key(id), unique key hint_uidx(hint)) "
                "auto_increment=256;"
                "create /* gh-ost */ table `{0}`.`_{1}_gho` like `{0}`.`{1}`;"
                "alter /* gh-ost */ table `{0}`.`_{1}_gho` ") +
             alter +
             of(table, ";insert /* gh-ost */ into `{0}`.`_{1}_ghc` (id, hint, value) values (NULL, "
                       "'state', 'GhostTableMigrated');"
                       "insert /* gh-ost `{0}`.`{1}` */ ignore into `{0}`.`_{1}_gho` ({2}) (select "
                       "{2} from `{0}`.`{1}` force index (`PRIMARY`) lock in share mode)"));
}

void end_gh_ost(live_server& server, const changed_table& table) {
    // The sentry table of the cut-over, and the swap that waits behind its lock.
    sql_client lock = server.root();
    lock.exec(of(table,
                 "create /* gh-ost */ table `{0}`.`_{1}_del` (id int auto_increment primary key) "
                 "engine=InnoDB comment='ghost-cut-over-sentry';"
                 "lock /* gh-ost */ tables `{0}`.`{1}` write, `{0}`.`_{1}_del` write"));
    // What came since the rows were copied; gh-ost takes it out of the log. The session that holds
    // the locks must not lock this table too: the swap would let writers pass between the two.
    sql_client sql = server.root();
    sql.exec(of(table, "delete from `{0}`.`_{1}_gho`"));
    std::string rows;
    for (const auto& row : lock.query(of(table, "select {2} from `{0}`.`{1}`")))
        rows += (rows.empty() ? "(" : ", (") + literals(row) + ")";
    sql.exec(of(table, "insert into `{0}`.`_{1}_gho` ({2}) values ") + rows);
    std::thread swap([&] {
        sql.exec(of(table, "rename /* gh-ost */ table `{0}`.`{1}` to `{0}`.`_{1}_del`, "
                           "`{0}`.`_{1}_gho` to `{0}`.`{1}`"));
    });
    sql_client watch = server.root();
    const bool shows_locks =
        watch.scalar("SELECT COUNT(*) FROM performance_schema.setup_instruments "
                     "WHERE name = 'wait/lock/metadata/sql/mdl' AND enabled = "
                     "'YES'") != "0";
    const auto stands_in_line_for = [&](const std::string& name) {
        const auto pending =
            shows_locks ? fmt::format("SELECT COUNT(*) FROM performance_schema.metadata_locks "
                                      "WHERE object_schema = '{}' AND object_name = '{}' AND "
                                      "lock_type = 'EXCLUSIVE' AND lock_status = 'PENDING'",
                                      table.database, name)
                        : "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE "
                          "'Waiting for table%' AND info LIKE 'rename%'";
        return wait_until([&] { return watch.scalar(pending) != "0"; }, 30s, 20ms);
    };
    EXPECT_TRUE(stands_in_line_for("_" + table.table + "_del"));
    lock.exec(of(table, "drop /* gh-ost */ table if exists `{0}`.`_{1}_del`"));
    EXPECT_TRUE(stands_in_line_for(table.table));
    lock.exec("unlock tables");
    swap.join();
    lock.exec(of(table, "drop /* gh-ost */ table if exists `{0}`.`_{1}_ghc`;"
                        "drop /* gh-ost */ table if exists `{0}`.`_{1}_del`"));
}

} // namespace understudy::test
