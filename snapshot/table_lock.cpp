#include "snapshot/table_lock.hpp"

#include "protocol/net/replica_session.hpp"
#include "snapshot/errc.hpp"

#include <fmt/format.h>

#include <chrono>

namespace understudy::snapshot {

using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

namespace {

constexpr int wait_seconds = 2;
constexpr int attempts_max = 40;
constexpr std::chrono::milliseconds pause_between{1'000};
// Since 5.7 LOCK TABLES … READ waits for the metadata locks of open writers
// (MDL_SHARED_READ_ONLY). Before, only WRITE does.
constexpr std::uint32_t first_version_where_read_waits = 50705;

bool is_lock_timeout(const protocol::error& error) {
    return error.server.number == 1205 || error.server.number == 1213; // timeout, deadlock
}

awaitable<result<void>> run(source_session& session, std::string sql) {
    auto done = co_await session->execute(std::move(sql));
    if (!done) co_return std::unexpected(std::move(done.error()));
    co_return result<void>{};
}

// MariaDB keeps the locks behind a savepoint for sessions that may write to a binary log; without
// it they go at ROLLBACK TO SAVEPOINT, as on MySQL. Whether the account may is the source's word.
awaitable<result<void>> leave_binary_log(source_session& session) {
    if (!session->server().is_mariadb) co_return result<void>{};
    auto left = co_await run(session, "SET SESSION sql_log_bin = 0");
    if (!left && is_source_lost(left.error())) co_return left;
    co_return result<void>{};
}

} // namespace

awaitable<result<void>> lock_tables(const source_link& source, source_session& session,
                                    const std::vector<state::object_name>& tables) {
    const auto& server = session->server();
    const bool write = !server.is_mariadb && server.version_number < first_version_where_read_waits;
    std::string sql;
    for (const auto& table : tables)
        sql += (sql.empty() ? "LOCK TABLES " : ", ") + table.to_string() +
               (write ? " WRITE" : " READ");
    // With autocommit off InnoDB's own table lock is asked for too: servers whose metadata lock
    // does not wait for writers wait for that one.
    for (const std::string& setting :
         {fmt::format("SET SESSION lock_wait_timeout = {0}, innodb_lock_wait_timeout = {0}",
                      wait_seconds),
          std::string("SET SESSION autocommit = 0")}) {
        if (auto set = co_await run(session, setting); !set) co_return set;
    }
    for (int attempt = 1;; ++attempt) {
        auto locked = co_await run(session, sql);
        if (locked) co_return locked;
        const unsigned number = locked.error().server.number;
        if (number == 1044 || number == 1142)
            co_return protocol::wrap(
                std::move(locked.error()),
                "the account at the source needs LOCK TABLES and SELECT on the selected "
                "databases, for a lock of milliseconds");
        if (!is_lock_timeout(locked.error())) co_return locked;
        if (attempt == attempts_max)
            co_return fail(
                errc::lock_not_granted,
                fmt::format("the read lock on {} tables was not granted in {} tries of {} s: some "
                            "transaction on them stays open (see information_schema.INNODB_TRX and "
                            "SHOW PROCESSLIST at the source); end it, or try at a quieter time",
                            tables.size(), attempts_max, wait_seconds),
                locked.error().server);
        if (auto waited = co_await pause(source.executor, *source.stop, pause_between); !waited)
            co_return waited;
    }
}

awaitable<result<void>> unlock_tables(source_session& session) {
    if (auto unlocked = co_await run(session, "UNLOCK TABLES"); !unlocked) co_return unlocked;
    co_return co_await run(session, "SET SESSION autocommit = 1");
}

awaitable<result<state::source_position>> read_position(source_session& session) {
    auto facts = co_await protocol::net::read_source_facts(*session);
    if (!facts) co_return protocol::wrap(std::move(facts.error()), "reading the source's position");
    co_return state::source_position{std::move(facts->written), std::move(facts->gtid_executed)};
}

awaitable<result<consistent_snapshot>> take_snapshot(const source_link& source,
                                                     const std::vector<state::object_name>& tables,
                                                     std::size_t reader_count) {
    consistent_snapshot snapshot;
    for (std::size_t i = 0; i < reader_count; ++i) {
        auto reader = co_await reopen_source(source);
        if (!reader) co_return std::unexpected(std::move(reader.error()));
        auto set = co_await run(*reader, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
        if (set) set = co_await leave_binary_log(*reader);
        if (!set) co_return std::unexpected(std::move(set.error()));
        snapshot.readers.push_back(*std::move(reader));
    }
    auto locker = co_await reopen_source(source);
    if (!locker) co_return std::unexpected(std::move(locker.error()));
    if (auto locked = co_await lock_tables(source, *locker, tables); !locked)
        co_return std::unexpected(std::move(locked.error()));
    const auto begin = std::chrono::steady_clock::now();
    for (source_session& reader : snapshot.readers) {
        auto started = co_await run(reader, "START TRANSACTION WITH CONSISTENT SNAPSHOT");
        if (!started) co_return std::unexpected(std::move(started.error()));
    }
    auto position = co_await read_position(*locker);
    auto unlocked = co_await unlock_tables(*locker);
    snapshot.locked = std::chrono::steady_clock::now() - begin;
    co_await (*locker)->close();
    if (!position) co_return std::unexpected(std::move(position.error()));
    if (!unlocked) co_return std::unexpected(std::move(unlocked.error()));
    snapshot.position = *std::move(position);
    co_return snapshot;
}

} // namespace understudy::snapshot
