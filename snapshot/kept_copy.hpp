#pragma once

#include "protocol/net/connection.hpp"
#include "protocol/result.hpp"
#include "snapshot/copy_context.hpp"
#include "state/column_fit.hpp"

#include <boost/asio/awaitable.hpp>

#include <map>
#include <string>

namespace understudy::snapshot {

// Tables that were on the target before, are kept and are defined otherwise, where the task wants
// the columns that both sides have (conflict.differing_tables = "common-columns"). One object for
// one comparison of all tables; used by schema_copy, on the copier's executor.
class kept_copy {
public:
    kept_copy(copy_context& context, protocol::net::connection& source, target_worker& worker)
        : context_(&context), source_(&source), worker_(&worker) {}

    // It is one of these: it differs, or did when its first rows were copied.
    [[nodiscard]] bool takes(const source_table& table, bool differs) const;
    // Finds what both have. Why not, for the operator; empty: it can be copied.
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::string>>
    fit(const source_table& table);
    // All fit: that is noted on the target and told, and the copy's selection has it from here on.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> settle();

private:
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> check_names_are_logged();

    copy_context* context_;
    protocol::net::connection* source_;
    target_worker* worker_;
    std::map<state::object_name, state::column_fit> fits_;
};

} // namespace understudy::snapshot
