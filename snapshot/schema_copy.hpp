#pragma once

#include "protocol/net/connection.hpp"
#include "protocol/result.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/object_creator.hpp"

#include <boost/asio/awaitable.hpp>

#include <map>
#include <string>

namespace understudy::snapshot {

// Databases and tables of the source, made on the target: names as the task says, foreign keys
// without checks (so in any order), collations written out, AUTO_INCREMENT kept. Every table that
// will be filled is compared column by column with the source's afterwards, kept ones too.
class schema_copy {
public:
    schema_copy(copy_context& context, protocol::net::connection& source, object_creator& creator);

    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> create_databases();
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> create_tables();
    // errc::unsupported_object if a column differs, applier::errc::missing_table if one is missing.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> compare_tables();

private:
    [[nodiscard]] protocol::result<std::string>
    difference_of(const source_table& table, const applier::query_rows& columns) const;
    [[nodiscard]] boost::asio::awaitable<protocol::result<bool>>
    forget_if_gone(const source_table& table);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>>
    look_at_merged(const source_table& table);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>>
    create_table(const source_table& table, const std::map<std::string, std::string>& collations);
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::map<std::string, std::string>>>
    differing_collations();

    copy_context* context_;
    protocol::net::connection* source_;
    object_creator* creator_;
};

} // namespace understudy::snapshot
