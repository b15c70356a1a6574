#pragma once

#include "protocol/gtid/gtid_set.hpp"
#include "protocol/result.hpp"
#include "protocol/session/source_facts.hpp"

namespace understudy::relay {

// Whether a server can take the place of the one the log was received from: it has all that we
// have (`have`), and still has all that was not received. Else errc::wrong_source, which names the
// transactions.
[[nodiscard]] protocol::result<void> check_successor(const protocol::source_facts& server,
                                                     const protocol::gtid_set& have,
                                                     const protocol::gtid_set& received);

} // namespace understudy::relay
