#pragma once

#include "protocol/result.hpp"
#include "protocol/session/source_facts.hpp"
#include "state/position.hpp"

namespace understudy::apps {

// What we have from a source must stay a part of what the source has. After RESET BINARY LOGS, or
// when the source was restored from a backup, its dump thread goes on waiting where it was and the
// replica waits with it, while what is written goes into another log: nothing ever says so, to a
// native replica neither. `held` must have been received well before `now` was asked for. Pure.
// relay::errc::wrong_source with what was lost.
[[nodiscard]] protocol::result<void> check_still_same(const protocol::source_facts& now,
                                                      const state::source_position& held,
                                                      bool by_gtid);

} // namespace understudy::apps
