#pragma once

#include "protocol/result.hpp"

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::precheck {

// What one account may do, from the lines of SHOW GRANTS: privileges of the account and of its
// active roles, per server, database and table, with partial revokes taken off. A value.
// Rules: manual, "SHOW GRANTS Statement", "Privilege Restriction Using Partial Revokes", and
// sql/auth/sql_auth_cache.cc for wildcards in database names.
class grants {
public:
    // wildcards: false when the server's partial_revokes is on, as `%` and `_` in database names
    // are plain characters there. An unreadable line is errc::malformed.
    [[nodiscard]] static protocol::result<grants> parse(std::span<const std::string> lines,
                                                        bool wildcards);

    // On *.*, with no database taken out. Names are upper case: "SELECT", "REPLICATION_APPLIER".
    [[nodiscard]] bool on_server(std::string_view privilege) const;
    [[nodiscard]] bool on_database(std::string_view privilege, std::string_view database) const;
    [[nodiscard]] bool on_table(std::string_view privilege, std::string_view database,
                                std::string_view table) const;
    // What it lists, for others to be granted: on *.*, and per database (of tables too) by its name
    // as it is written there. "GRANT OPTION" is one of them.
    [[nodiscard]] const std::set<std::string, std::less<>>& of_server() const { return server_; }
    [[nodiscard]] std::map<std::string, std::set<std::string, std::less<>>> of_databases() const;
    // As SHOW GRANTS prints them: `name`@`host`. An account can have roles that are not active.
    [[nodiscard]] const std::vector<std::string>& roles() const { return roles_; }

private:
    using privileges = std::set<std::string, std::less<>>;

    [[nodiscard]] protocol::result<void> add_line(std::string_view line, bool wildcards);
    [[nodiscard]] bool restricted(std::string_view privilege, std::string_view database) const;

    privileges server_;
    struct database_grant {
        std::string name; // a pattern when `is_pattern`, with \ before literal wildcards
        bool is_pattern = false;
        privileges held;
    };
    std::vector<database_grant> databases_;
    std::map<std::pair<std::string, std::string>, privileges> tables_;
    std::map<std::string, privileges> restrictions_; // REVOKE … ON `db`.*
    std::vector<std::string> roles_;
};

} // namespace understudy::precheck
