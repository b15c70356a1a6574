#pragma once

#include "protocol/net/connection.hpp"
#include "protocol/result.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/target_worker.hpp"
#include "state/account_name.hpp"

#include <boost/asio/awaitable.hpp>

#include <string>
#include <vector>

namespace understudy::snapshot {

// The accounts and roles that objects.accounts selects, with how they sign in, what they may do and
// which roles they have. Made before views and programs, which may name them as definers; what they
// may do comes bit by bit, when what it is about is there.
//
// One that the target has already is kept as it is, whatever it may do, or refused
// (conflict.existing_tables). Read between the two positions of views and programs: what changes
// accounts in between makes all of these be read again, and what did before is left out of the
// stream.
class account_copy {
public:
    account_copy(copy_context& context, protocol::net::connection& source);

    // Before anything is made: applier::errc::target_refused with all accounts that are in the way.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> look();
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> create();
    // All grants that the target can take by now. With `is_last` those that it cannot are told:
    // they are about something that is not there, as the source keeps the privileges of tables that
    // were dropped.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> grant(bool is_last);

private:
    struct granted {
        state::account_name account;
        std::vector<std::string> open; // statements, as the target takes them
    };
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::vector<state::account_name>>>
    selected();
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>>
    create_one(const state::account_name& account);
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::vector<std::string>>>
    definition_of(const state::account_name& account);
    [[nodiscard]] boost::asio::awaitable<protocol::result<granted>>
    grants_of(const state::account_name& account);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> execute_grants(granted& one,
                                                                                bool is_last);
    [[nodiscard]] protocol::result<std::string> for_target(const std::string& statement) const;
    [[nodiscard]] boost::asio::awaitable<
        protocol::result<std::vector<std::vector<std::optional<std::string>>>>>
    ask_source(std::string sql);
    [[nodiscard]] bool is_made_here(const state::account_name& account) const;

    copy_context* context_;
    protocol::net::connection* source_;
    target_worker worker_;
    std::vector<granted> granted_;
    bool has_read_grants_ = false;
};

// Whose progress it is. Hosts can be longer than a name there.
[[nodiscard]] progress_key account_key(const state::account_name& account);

// Drops one that the copy has made.
[[nodiscard]] protocol::result<void> drop_account(applier::target_session& target,
                                                  const progress_row& row);

} // namespace understudy::snapshot
