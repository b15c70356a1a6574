#include "tests/support/accounts.hpp"

#include <algorithm>

namespace understudy::test {

std::vector<std::string> accounts_of(sql_client& server) {
    const bool is_mariadb = server.scalar("SELECT VERSION()").contains("MariaDB");
    if (!is_mariadb) server.exec("SET print_identified_with_as_hex = ON");
    const auto found = server.query(
        "SELECT user, host FROM mysql.user WHERE user NOT IN ('root', 'apply', 'repl', "
        "'mysql.sys', 'mysql.session', 'mysql.infoschema', 'mariadb.sys', 'PUBLIC') ORDER BY 1, 2");
    std::vector<std::string> all;
    for (const auto& row : found) {
        const std::string user = row[0].value_or("");
        const std::string host = row[1].value_or("");
        // A role of MariaDB has no host.
        const std::string name =
            is_mariadb && host.empty() ? "`" + user + "`" : "`" + user + "`@`" + host + "`";
        const bool is_role = is_mariadb && host.empty();
        if (!is_role) {
            for (const auto& line : server.query("SHOW CREATE USER " + name))
                all.push_back(line[0].value_or(""));
        }
        for (const auto& line : server.query("SHOW GRANTS FOR " + name))
            all.push_back(name + ": " + line[0].value_or(""));
    }
    std::ranges::sort(all);
    return all;
}

} // namespace understudy::test
