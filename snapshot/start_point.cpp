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

// The names of XA transactions that are prepared; nullopt where the account may not ask.
awaitable<result<std::optional<std::set<std::string>>>>
read_prepared(protocol::net::connection& session) {
    using answer = std::optional<std::set<std::string>>;
    auto rows = co_await session.query("XA RECOVER");
    if (!rows && rows.error().code == protocol::errc::server_error) co_return answer{};
    if (!rows) co_return std::unexpected(std::move(rows.error()));
    std::set<std::string> names;
    for (const auto& row : rows->rows) {
        std::string name;
        for (const auto& part : row)
            name += part.value_or("") + ",";
        names.insert(std::move(name));
    }
    co_return answer{std::move(names)};
}

// True once all that are prepared now have ended, false where nobody can tell.
awaitable<result<bool>> wait_for_prepared(const source_link& source,
                                          protocol::net::connection& session) {
    constexpr std::chrono::seconds patience{3};
    const auto until = std::chrono::steady_clock::now() + patience;
    std::optional<std::set<std::string>> at_start;
    for (;;) {
        auto now = co_await read_prepared(session);
        if (!now) co_return std::unexpected(std::move(now.error()));
        if (!*now) co_return false;
        if (!at_start) {
            at_start = std::move(*now);
        } else {
            std::erase_if(*at_start, [&](const auto& name) { return !(*now)->contains(name); });
        }
        if (at_start->empty()) co_return true;
        if (std::chrono::steady_clock::now() >= until) {
            co_return fail(applier::errc::transient,
                           std::to_string(at_start->size()) +
                               " XA transactions that XA RECOVER lists on the source have been "
                               "prepared for a while: what they wrote cannot be copied yet. Commit "
                               "them or roll them back");
        }
        auto waited = co_await pause(source.executor, *source.stop, std::chrono::milliseconds{100});
        if (!waited) co_return std::unexpected(std::move(waited.error()));
    }
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
