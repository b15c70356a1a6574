#pragma once

#include "applier/errc.hpp"
#include "protocol/result.hpp"

#include <string_view>

namespace understudy::applier {

// Sorts an error number of a MySQL or MariaDB target (or of the client library, 2000…) by what is
// to be done about it. Numbers that nobody listed are target_refused: they stop the task, they are
// never passed over.
[[nodiscard]] errc sort_server_error(unsigned number);

// The group may be tried again as it is: nothing of it was applied, or the checkpoint tells.
[[nodiscard]] bool is_retryable(errc code);

// What a server quotes of a statement that it does not understand may be a password: instead of its
// own words the error says `what`. Of other errors nothing changes.
void hide_quoted(protocol::error& error, std::string_view what);

// The connection cannot be used any more.
[[nodiscard]] bool is_connection_lost(unsigned number);

} // namespace understudy::applier
