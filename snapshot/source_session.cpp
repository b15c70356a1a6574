#include "snapshot/source_session.hpp"

#include "protocol/errc.hpp"
#include "snapshot/errc.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace understudy::snapshot {

using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

namespace {

constexpr int attempts_max = 40;
constexpr std::chrono::milliseconds pause_min{250};
constexpr std::chrono::milliseconds pause_max{10'000};

// Texts of ours are UTF-8 (paths of JSON functions must be characters); values come unconverted.
constexpr std::string_view names_setup = "SET character_set_client = utf8mb4, collation_connection "
                                         "= utf8mb4_bin, character_set_results = NULL";

// Waits for the target are silence to the source, hence the long net_write_timeout, and no limit on
// transactions that are idle. Limits that a server sets for its clients would end the reading of a
// chunk, or cut it short. Executable comments: a server sets what it has.
constexpr std::string_view session_setup =
    "SET SESSION time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES', sql_quote_show_create = "
    "1, "
    "sql_select_limit = 18446744073709551615, sql_big_selects = 1, "
    "net_write_timeout = 3600, net_read_timeout = 600, wait_timeout = "
    "28800, "
    "lock_wait_timeout = 60, autocommit = 1"
    " /*!50708 , max_execution_time = 0 */"
    " /*!80030 , show_gipk_in_create_table_and_information_schema = ON */"
    " /*M!100300 , max_statement_time = 0, idle_transaction_timeout = 0,"
    " idle_readonly_transaction_timeout = 0, idle_write_transaction_timeout = 0 */";

} // namespace

bool is_source_lost(const protocol::error& error) {
    if (error.code == protocol::errc::connection_lost || error.code == protocol::errc::timed_out ||
        error.code == protocol::errc::connect_failed)
        return true;
    switch (error.server.number) {
    case 1040: // ER_CON_COUNT_ERROR
    case 1053: // ER_SERVER_SHUTDOWN
    case 1077: // ER_NORMAL_SHUTDOWN
    case 1158: // ER_NET_READ_ERROR
    case 1160: // ER_NET_ERROR_ON_WRITE
    case 1161: // ER_NET_WRITE_INTERRUPTED
    case 1317: // ER_QUERY_INTERRUPTED
    case 1927: // ER_CONNECTION_KILLED (MariaDB)
    case 3169: // ER_SESSION_WAS_KILLED
    case 4031: // ER_CLIENT_INTERACTION_TIMEOUT
        return true;
    default: return false;
    }
}

awaitable<result<void>> pause(boost::asio::any_io_executor executor, stop_signal& stop,
                              std::chrono::milliseconds time) {
    boost::asio::steady_timer timer(executor, time);
    const auto hook = stop.on_stop([&timer] { timer.cancel(); });
    if (!stop.stopped())
        co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (stop.stopped()) co_return fail(errc::cancelled, "the copy was stopped");
    co_return result<void>{};
}

awaitable<result<source_session>> open_source(const source_link& source) {
    auto opened =
        co_await protocol::net::connection::open(source.executor, source.options, source.warn);
    if (!opened) co_return std::unexpected(std::move(opened.error()));
    source_session session{*std::move(opened), {}};
    session.stop_hook = source.stop->on_stop([link = session.link.get()] { link->cancel(); });
    if (source.stop->stopped()) co_return fail(errc::cancelled, "the copy was stopped");
    for (const std::string_view statement : {names_setup, session_setup}) {
        auto done = co_await session->execute(std::string(statement));
        if (!done)
            co_return protocol::wrap(std::move(done.error()), "preparing a session at the source");
    }
    co_return session;
}

awaitable<result<source_session>> reopen_source(const source_link& source) {
    auto wait = pause_min;
    for (int attempt = 1;; ++attempt) {
        auto opened = co_await open_source(source);
        if (opened || !is_source_lost(opened.error()) || source.stop->stopped()) co_return opened;
        if (attempt == attempts_max)
            co_return fail(errc::source_read_failed,
                           "the source stays out of reach: " + opened.error().what,
                           opened.error().server);
        if (auto waited = co_await pause(source.executor, *source.stop, wait); !waited)
            co_return std::unexpected(std::move(waited.error()));
        wait = std::min(wait * 2, pause_max);
    }
}

} // namespace understudy::snapshot
