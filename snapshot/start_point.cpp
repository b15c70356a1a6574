#include "applier/errc.hpp"
#include "protocol/errc.hpp"
#include "protocol/net/replica_session.hpp"
#include "relay/server_turn.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/snapshot.hpp"
#include "snapshot/source_catalog.hpp"
#include "snapshot/table_lock.hpp"

#include <chrono>
#include <optional>
#include <set>

namespace understudy::snapshot {

using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

namespace {

std::vector<state::object_name> names_of(const source_catalog& catalog) {
    std::vector<state::object_name> names;
    for (const source_table& table : catalog.tables)
        names.push_back(table.name);
    return names;
}

using names = std::optional<std::set<std::string>>;

// The first column, or all of a row as one name; nullopt where the account may not ask.
awaitable<result<names>> read_names(protocol::net::connection& session, std::string sql) {
    auto rows = co_await session.query(std::move(sql));
    if (!rows && rows.error().code == protocol::errc::server_error) co_return names{};
    if (!rows) co_return std::unexpected(std::move(rows.error()));
    std::set<std::string> found;
    for (const auto& row : rows->rows) {
        std::string name;
        for (const auto& part : row)
            name += part.value_or("") + ",";
        found.insert(std::move(name));
    }
    co_return names{std::move(found)};
}

// XA transactions that are prepared. XA RECOVER wants XA_RECOVER_ADMIN; PROCESS is enough to see
// every transaction that has written, and those that are prepared are among them.
constexpr std::string_view list_prepared = "XA RECOVER";
constexpr std::string_view list_writing =
    "SELECT trx_id FROM information_schema.innodb_trx WHERE trx_rows_modified > 0";

// The names that were there in the first answer and in all since, when none is left or patience is
// at its end; nullopt as for read_names.
awaitable<result<names>> wait_for_end(const source_link& source, protocol::net::connection& session,
                                      std::string_view question) {
    constexpr std::chrono::seconds patience{3};
    const auto until = std::chrono::steady_clock::now() + patience;
    names left;
    for (;;) {
        auto now = co_await read_names(session, std::string(question));
        if (!now || !*now) co_return now;
        if (!left) {
            left = std::move(*now);
        } else {
            std::erase_if(*left, [&](const auto& name) { return !(*now)->contains(name); });
        }
        if (left->empty() || std::chrono::steady_clock::now() >= until) co_return left;
        auto waited = co_await pause(source.executor, *source.stop, std::chrono::milliseconds{100});
        if (!waited) co_return std::unexpected(std::move(waited.error()));
    }
}

// True once all that are prepared now have ended, false where nobody can tell.
awaitable<result<bool>> wait_for_prepared(const source_link& source,
                                          protocol::net::connection& session) {
    auto prepared = co_await wait_for_end(source, session, list_prepared);
    if (!prepared) co_return std::unexpected(std::move(prepared.error()));
    if (*prepared && !(*prepared)->empty()) {
        co_return fail(applier::errc::transient,
                       std::to_string((*prepared)->size()) +
                           " XA transactions that XA RECOVER lists on the source have been "
                           "prepared for a while: what they wrote cannot be copied yet. Commit "
                           "them or roll them back");
    }
    if (*prepared) co_return true;
    auto writing = co_await wait_for_end(source, session, list_writing);
    if (!writing) co_return std::unexpected(std::move(writing.error()));
    co_return *writing && (*writing)->empty();
}

awaitable<result<start_point>> read_at(const source_link& source,
                                       const state::object_selection& selection) {
    auto session = co_await reopen_source(source);
    if (!session) co_return std::unexpected(std::move(session.error()));
    auto facts = co_await protocol::net::read_source_facts(**session);
    if (!facts) co_return protocol::wrap(std::move(facts.error()), "reading the source's position");
    if (facts->written.file.empty())
        co_return fail(errc::source_read_failed,
                       "the source writes no binary log (log_bin is OFF)");
    start_point start{.position = {facts->written, facts->gtid_executed},
                      .by_gtid = facts->gtid_mode_on,
                      .source_uuid = facts->server_uuid,
                      .source_version = (*session)->server().version_number};
    // A GTID enters gtid_executed when its transaction can be seen: no lock is needed. MariaDB's
    // position runs ahead of what can be seen, like that of the file.
    if (!start.by_gtid || (*session)->server().is_mariadb) {
        auto catalog = co_await read_catalog(**session, selection);
        if (!catalog) co_return std::unexpected(std::move(catalog.error()));
        if (!catalog->tables.empty()) {
            if (auto locked = co_await lock_tables(source, *session, names_of(*catalog)); !locked)
                co_return std::unexpected(std::move(locked.error()));
            auto position = co_await read_position(*session);
            if (!position) co_return std::unexpected(std::move(position.error()));
            if (auto unlocked = co_await unlock_tables(*session); !unlocked)
                co_return std::unexpected(std::move(unlocked.error()));
            start.position = *std::move(position);
        }
    }
    // Older servers log an XA transaction when it is committed.
    constexpr std::uint32_t first_with_prepared_in_log = 50700;
    if (start.source_version >= first_with_prepared_in_log) {
        auto ended = co_await wait_for_prepared(source, **session);
        if (!ended) co_return std::unexpected(std::move(ended.error()));
        start.prepared_have_ended = *ended;
    }
    co_await (*session)->close();
    co_return start;
}

struct followed_source {
    protocol::net::source_facts facts;
    bool is_mariadb = false;
};

// Until the relay has what the source has in its log now.
awaitable<result<followed_source>> wait_for_relay(const source_link& source, relay::log& relay) {
    auto session = co_await reopen_source(source);
    if (!session) co_return std::unexpected(std::move(session.error()));
    auto facts = co_await protocol::net::read_source_facts(**session);
    const bool is_mariadb = (*session)->server().is_mariadb;
    co_await (*session)->close();
    if (!facts) co_return protocol::wrap(std::move(facts.error()), "reading the source's position");
    if (facts->written.file.empty())
        co_return fail(errc::source_read_failed,
                       "the source writes no binary log (log_bin is OFF)");
    const auto turn = relay::server_turn::of(relay.end().binlog.file, relay.source());
    if (facts->server_uuid != turn.server) co_return other_server(facts->server_uuid, turn);
    const protocol::binlog_position written{turn.name_of(facts->written.file),
                                            facts->written.offset};
    while (relay.end().binlog < written) {
        auto waited = co_await pause(source.executor, *source.stop, std::chrono::milliseconds{20});
        if (!waited) co_return std::unexpected(std::move(waited.error()));
    }
    co_return followed_source{*std::move(facts), is_mariadb};
}

// Until a reader at the source sees all of these transactions. A transaction is in the log, and
// with it in the relay, before the engine has committed it; with semi-synchronous replication a
// replica's answer comes in between.
awaitable<result<void>> wait_until_visible(const source_link& source,
                                           const protocol::gtid_set& transactions) {
    constexpr std::chrono::seconds patience{60};
    const auto until = std::chrono::steady_clock::now() + patience;
    auto session = co_await reopen_source(source);
    if (!session) co_return std::unexpected(std::move(session.error()));
    for (;;) {
        const auto facts = co_await protocol::net::read_source_facts(**session);
        if (!facts) co_return std::unexpected(facts.error());
        if (facts->gtid_executed.contains(transactions)) break;
        if (std::chrono::steady_clock::now() >= until) {
            auto missing = transactions;
            missing.subtract(facts->gtid_executed);
            co_return fail(applier::errc::transient,
                           "the source has had " + missing.to_string() +
                               " in its log for a while, and has not committed them yet: a copy "
                               "would miss them");
        }
        auto waited = co_await pause(source.executor, *source.stop, std::chrono::milliseconds{20});
        if (!waited) co_return waited;
    }
    co_await (*session)->close();
    co_return result<void>{};
}

} // namespace

std::unexpected<protocol::error> other_server(const protocol::uuid& source,
                                              const relay::server_turn& turn) {
    return fail(applier::errc::transient, "the source is server " + source.to_string() +
                                              " now, and the relay log still follows " +
                                              turn.server.to_string());
}

awaitable<result<start_point>> read_start_in(relay::log& relay,
                                             boost::asio::any_io_executor executor,
                                             const state::task_spec& task,
                                             const state::object_selection& selection,
                                             state::status_board& board, stop_signal& stop) {
    source_link source{executor, task.source,
                       [&board](std::string text) { board.warn(std::move(text)); }, &stop};
    source.options.database.clear();
    const auto followed = co_await wait_for_relay(source, relay);
    if (!followed) co_return std::unexpected(followed.error());
    auto position = relay.end();
    const auto turn = relay::server_turn::of(position.binlog.file, relay.source());
    // Before it is asked what is prepared: a transaction that is not through is in no list yet.
    if (followed->facts.gtid_mode_on && !followed->is_mariadb) {
        auto visible = co_await wait_until_visible(source, position.executed);
        if (!visible) co_return std::unexpected(std::move(visible.error()));
    }
    auto start = co_await read_at(source, selection);
    if (!start) co_return start;
    if (start->source_uuid != turn.server) co_return other_server(start->source_uuid, turn);
    start->position = std::move(position);
    co_return start;
}

awaitable<result<start_point>> read_start_point(boost::asio::any_io_executor executor,
                                                const state::task_spec& task,
                                                const state::object_selection& selection,
                                                state::status_board& board) {
    stop_signal never;
    source_link source{executor, task.source,
                       [&board](std::string text) { board.warn(std::move(text)); }, &never};
    source.options.database.clear();
    co_return co_await read_at(source, selection);
}

} // namespace understudy::snapshot
