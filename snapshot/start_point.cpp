#include "applier/errc.hpp"
#include "protocol/errc.hpp"
#include "protocol/net/replica_session.hpp"
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

} // namespace

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
