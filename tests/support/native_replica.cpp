#include "tests/support/native_replica.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace understudy::test {
namespace {

bool has_gtids(sql_client& source) {
    return source.scalar("SELECT @@GLOBAL.gtid_mode") == "ON";
}

std::string replication_errors(sql_client& replica) {
    std::string text;
    replica.for_each("SELECT last_error_message FROM"
                     " performance_schema.replication_applier_status_by_worker UNION"
                     " SELECT last_error_message FROM"
                     " performance_schema.replication_connection_status",
                     [&](sql_row_view row) {
                         if (row[0] && !row[0]->empty()) text += fmt::format("\n{}", *row[0]);
                     });
    return text;
}

} // namespace

void make_native_replica(const live_server& replica, const live_server& source,
                         bool start_applier) {
    sql_client from = source.root();
    sql_client to = replica.root();
    from.exec("CREATE USER IF NOT EXISTS replica_oracle@'%' IDENTIFIED BY 'oracle';"
              "GRANT REPLICATION SLAVE ON *.* TO replica_oracle@'%'");
    const std::string position = has_gtids(from)
                                     ? "SOURCE_AUTO_POSITION=1"
                                     : "SOURCE_LOG_FILE='binlog.000001', SOURCE_LOG_POS=4";
    to.exec(fmt::format("CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={},"
                        " SOURCE_USER='replica_oracle', SOURCE_PASSWORD='oracle',"
                        " GET_SOURCE_PUBLIC_KEY=1, {}; START REPLICA{}",
                        source.port(), position, start_applier ? "" : " IO_THREAD"));
}

void wait_until_caught_up(const live_server& replica, const live_server& source,
                          std::chrono::seconds timeout) {
    sql_client from = source.root();
    sql_client to = replica.root();
    std::string wait;
    if (has_gtids(from)) {
        wait = fmt::format("SELECT WAIT_FOR_EXECUTED_GTID_SET('{}', {}) = 0",
                           from.scalar("SELECT @@GLOBAL.gtid_executed"), timeout.count());
    } else {
        const sql_row status = from.query("SHOW BINARY LOG STATUS").at(0);
        wait = fmt::format("SELECT COALESCE(SOURCE_POS_WAIT('{}', {}, {}) >= 0, 0)",
                           status.at(0).value(), status.at(1).value(), timeout.count());
    }
    if (to.scalar(wait) != "1") {
        throw std::runtime_error("the native replica does not catch up" + replication_errors(to));
    }
}

} // namespace understudy::test
