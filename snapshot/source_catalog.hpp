#pragma once

#include "protocol/net/connection.hpp"
#include "protocol/result.hpp"
#include "snapshot/foreign_keys.hpp"
#include "snapshot/source_table.hpp"
#include "state/object_selection.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::snapshot {

struct source_database {
    std::string name;
    std::string charset;
    std::string collation;
    bool encrypts_tables = false; // DEFAULT ENCRYPTION = 'Y'
};

// The selected objects of the source, as its dictionary shows them. Read at once, before the copy.
struct source_catalog {
    std::uint32_t version = 0;
    bool is_mariadb = false;
    // MySQL 9.6+ without innodb_native_foreign_keys: what a foreign key changes in child tables is
    // in the binary log. Everywhere else only the change of the parent is.
    bool logs_cascades = false;
    std::vector<source_database> databases;
    std::vector<source_table> tables; // base tables
    std::vector<state::object_name> views;
    std::vector<cascading_key> cascading_keys;    // both ends selected
    std::set<state::object_name> in_foreign_keys; // selected tables at either end of one
};

[[nodiscard]] boost::asio::awaitable<protocol::result<source_catalog>>
read_catalog(protocol::net::connection& source, const state::object_selection& selection);

// Only the names of the views, which others may have made or dropped since.
[[nodiscard]] boost::asio::awaitable<protocol::result<std::vector<state::object_name>>>
read_views(protocol::net::connection& source, const state::object_selection& selection);

// Only the columns and keys of one table, for a second look; errc::changed_during_copy if it is
// gone.
[[nodiscard]] boost::asio::awaitable<protocol::result<std::string>>
read_fingerprint(protocol::net::connection& source, const state::object_name& table);

} // namespace understudy::snapshot
