#pragma once

#include "protocol/binlog/query_event.hpp"

#include <string>

namespace understudy::apps {

// The text of a logged statement without passwords and their hashes (applier::ddl::redacted), in
// the character set that it was logged in.
[[nodiscard]] std::string shown_statement(const protocol::query_event& query);

} // namespace understudy::apps
