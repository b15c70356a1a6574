#pragma once

#include "protocol/net/connection.hpp"
#include "protocol/result.hpp"
#include "snapshot/account_copy.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/object_creator.hpp"

#include <boost/asio/awaitable.hpp>

#include <set>
#include <string>
#include <vector>

namespace understudy::snapshot {

// What runs or is evaluated at the target: routines, views, triggers and events, made after the
// data so that nothing of it changes copied rows. Each with the sql_mode, character set, collations
// and time zone it was made with, and with its DEFINER.
class program_copy {
public:
    program_copy(copy_context& context, protocol::net::connection& source, object_creator& creator,
                 account_copy& accounts);

    // Routines, then views (they may call functions, and build on each other), triggers, events.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> create_all();

private:
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>>
    routines(const std::string& database);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>>
    triggers(const std::string& database);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>>
    events(const std::string& database);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> views();
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::string>>
    why_invalid(const state::object_name& view);
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::set<state::object_name>>>
    names_for_views();
    [[nodiscard]] boost::asio::awaitable<protocol::result<object_definition>>
    read_view(const state::object_name& view, const std::set<state::object_name>& objects);
    // SHOW CREATE … of a stored program; `table` is the trigger's, `made_at` the event's.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>>
    stored_program(const std::string& kind, const state::object_name& name,
                   const std::string& table, const std::string& made_at = "");
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::vector<std::vector<std::string>>>>
    list(std::string sql);

    copy_context* context_;
    protocol::net::connection* source_;
    object_creator* creator_;
    account_copy* accounts_; // their rights are asked for when a view is made
};

} // namespace understudy::snapshot
