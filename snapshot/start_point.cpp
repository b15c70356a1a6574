#include "protocol/net/replica_session.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/snapshot.hpp"
#include "snapshot/source_catalog.hpp"
#include "snapshot/table_lock.hpp"

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
    // A GTID enters gtid_executed when its transaction can be seen: no lock is needed.
    if (!start.by_gtid) {
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
