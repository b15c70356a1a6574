#pragma once

#include "tests/support/live_server.hpp"

#include <string>

// Tools that change a table of a server online, for tests of what arrives elsewhere. Blocking; a
// failure is one of the running test.
namespace understudy::test {

struct changed_table {
    std::string database;
    std::string table;
    std::string columns; // all of them, in back-ticks, with commas; the first is the primary key
};

// pt-online-schema-change as it is. Needs the account pt@localhost with the password pt on the
// server, which may do everything.
void pt_online_schema_change(live_server& server, const changed_table& table,
                             const std::string& alter);

// What gh-ost sends, in its order and spelling; others may write to the table meanwhile. In two
// halves: up to the copied rows, and the swap. The columns' values are free of quotes. Servers that
// do not show metadata locks (MySQL 5.6, MariaDB) are not asked for which table the swap waits: a
// writer may get in front of it there.
void begin_gh_ost(live_server& server, const changed_table& table, const std::string& alter);
void end_gh_ost(live_server& server, const changed_table& table);

} // namespace understudy::test
