#include "snapshot/definition_hold.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace understudy::snapshot {

using boost::asio::awaitable;
using protocol::result;

awaitable<result<std::optional<source_session>>> hold_definitions(const source_link& source) {
    auto session = co_await reopen_source(source);
    if (!session) co_return std::unexpected(std::move(session.error()));
    const auto& server = (*session)->server();
    constexpr int patience = 5; // seconds, for statements that run
    std::vector<std::string> steps{
        fmt::format("SET SESSION wait_timeout = {}, lock_wait_timeout = {}",
                    definitions_held_max.count(), patience)};
    if (server.is_mariadb) {
        steps.insert(steps.end(), {"BACKUP STAGE START", "BACKUP STAGE BLOCK_DDL"});
    } else {
        steps.emplace_back("LOCK INSTANCE FOR BACKUP");
    }
    for (std::string& sql : steps) {
        auto done = co_await (*session)->query(std::move(sql));
        if (!done && is_source_lost(done.error()))
            co_return std::unexpected(std::move(done.error()));
        if (!done) co_return std::nullopt;
    }
    co_return std::optional<source_session>(*std::move(session));
}

} // namespace understudy::snapshot
