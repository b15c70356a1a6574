#pragma once

#include <string_view>

namespace understudy::protocol {

// The statements that the server itself writes around transactions. Blanks around and letter case
// do not matter. Pure; used by query_event and boundary.

[[nodiscard]] bool is_begin(std::string_view text);
[[nodiscard]] bool is_commit(std::string_view text);
[[nodiscard]] bool is_rollback(std::string_view text);  // not ROLLBACK TO
[[nodiscard]] bool is_savepoint(std::string_view text); // SAVEPOINT, ROLLBACK TO, RELEASE SAVEPOINT
[[nodiscard]] bool is_xa_start(std::string_view text);  // XA START, XA BEGIN
[[nodiscard]] bool is_xa_commit_or_rollback(std::string_view text);

} // namespace understudy::protocol
