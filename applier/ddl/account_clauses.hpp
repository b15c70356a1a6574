#pragma once

#include "applier/ddl/token_cursor.hpp"

namespace understudy::applier::ddl {

// What may stand behind one account in CREATE USER, ALTER USER and GRANT, of MySQL 8.0 to 9.x and
// of MariaDB: IDENTIFIED …, RETAIN CURRENT PASSWORD, 2 FACTOR …. Steps over all of it; false: what
// stands there begins like one of these clauses and is not understood.
[[nodiscard]] bool take_sign_in(token_cursor& at);

// What may stand behind all of them and is for each: REQUIRE, WITH MAX_…, PASSWORD …, ACCOUNT LOCK,
// COMMENT. In a GRANT also WITH GRANT OPTION. Stops before what it does not know; false: a clause
// that it knows is not whole.
[[nodiscard]] bool take_account_options(token_cursor& at);

} // namespace understudy::applier::ddl
