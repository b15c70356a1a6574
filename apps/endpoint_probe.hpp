#pragma once

#include "protocol/result.hpp"
#include "protocol/session/connect_options.hpp"

#include <string>

namespace understudy::apps {

// Connects, says which step failed, and closes. Blocks for the endpoint's time limits at most.
// {"reached": bool, "failed_step": "" | "connect" | "tls" | "sign-in" | "query", "message",
//  "version"}
[[nodiscard]] std::string probe_connection(protocol::connect_options endpoint);

// Databases and tables that the account sees, system schemas left out:
// {"databases": [{"name", "tables": [{"name", "kind": "table" | "view", "rows_estimated",
// "bytes"}]}]}
[[nodiscard]] protocol::result<std::string> list_objects(protocol::connect_options endpoint);

} // namespace understudy::apps
