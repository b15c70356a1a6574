#include "applier/target_session.hpp"
#include "protocol/errc.hpp"
#include "protocol/net/replica_session.hpp"
#include "snapshot/snapshot.hpp"
#include "snapshot/source_session.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace understudy::snapshot {

using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

namespace {

// What was executed before a file of the log was begun: its second or third event says it.
awaitable<result<std::optional<protocol::gtid_set>>>
read_executed_before(protocol::net::connection& source, std::string file) {
    constexpr std::size_t type_column = 2;
    constexpr std::size_t info_column = 5;
    auto events = co_await source.query(
        fmt::format("SHOW BINLOG EVENTS IN {} LIMIT 4", applier::quote_string(file)));
    if (!events) co_return std::unexpected(std::move(events.error()));
    for (const auto& event : events->rows) {
        if (event.size() <= info_column) break;
        const std::string type = event[type_column].value_or("");
        if (type != "Previous_gtids" && type != "Gtid_list") continue;
        std::string text = event[info_column].value_or("");
        // MariaDB's stands in brackets.
        std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
        auto set = protocol::gtid_set::parse(text);
        if (!set) co_return protocol::wrap(std::move(set.error()), file);
        co_return std::optional{*std::move(set)};
    }
    co_return std::nullopt;
}

// The newest file that begins with nothing but what is in the set: the source begins there, too.
awaitable<result<std::string>> find_file(protocol::net::connection& source,
                                         const protocol::gtid_set& executed) {
    auto files = co_await source.query("SHOW BINARY LOGS");
    if (!files) co_return std::unexpected(std::move(files.error()));
    for (auto file = files->rows.rbegin(); file != files->rows.rend(); ++file) {
        const std::string name = file->front().value_or("");
        auto before = co_await read_executed_before(source, name);
        if (!before) co_return std::unexpected(std::move(before.error()));
        if (*before && executed.contains(**before)) co_return name;
    }
    co_return fail(protocol::errc::binlog_position_lost,
                   "no file of the source's binary log begins with what adopt.gtid_set holds: "
                   "transactions that the target lacks have been purged");
}

} // namespace

awaitable<result<start_point>> find_adopted_point(boost::asio::any_io_executor executor,
                                                  const state::task_spec& task,
                                                  state::status_board& board) {
    stop_signal never;
    const source_link link{executor, task.source,
                           [&board](std::string text) { board.warn(std::move(text)); }, &never};
    auto source = co_await reopen_source(link);
    if (!source) co_return std::unexpected(std::move(source.error()));
    auto facts = co_await protocol::net::read_source_facts(**source);
    if (!facts) co_return std::unexpected(std::move(facts.error()));
    start_point start{.position = *task.adopted,
                      .by_gtid = !task.adopted->executed.empty(),
                      .source_uuid = facts->server_uuid,
                      .source_version = (*source)->server().version_number,
                      .prepared_have_ended = false};
    if (start.by_gtid) {
        auto file = co_await find_file(**source, start.position.executed);
        if (!file) co_return std::unexpected(std::move(file.error()));
        constexpr std::uint64_t first_event = 4;
        start.position.binlog = {*std::move(file), first_event};
    }
    co_await (*source)->close();
    co_return start;
}

} // namespace understudy::snapshot
