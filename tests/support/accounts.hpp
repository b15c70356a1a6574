#pragma once

#include "tests/support/sql_client.hpp"

#include <string>
#include <vector>

namespace understudy::test {

// What a server says of each account that a task can take along, sorted: SHOW CREATE USER with its
// hashes, SHOW GRANTS, and who has which role. Accounts of the test itself (root, apply, repl) and
// of the server are left out.
[[nodiscard]] std::vector<std::string> accounts_of(sql_client& server);

} // namespace understudy::test
