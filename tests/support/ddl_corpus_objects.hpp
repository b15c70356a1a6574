#pragma once

#include "state/object_selection.hpp"
#include "tests/support/sql_client.hpp"

#include <string>

namespace understudy::test {

// SHOW CREATE of everything that has the name (of a database: of itself), as the server shows it to
// a session without a default database, with the names of ddl_corpus_selections() as they are on
// the source, without quotes and databases.
[[nodiscard]] std::string shown_as_on_source(sql_client& server, const state::object_name& name);

} // namespace understudy::test
