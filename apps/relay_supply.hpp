#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/result.hpp"
#include "relay/log.hpp"
#include "relay/receiver.hpp"
#include "state/status_board.hpp"

#include <functional>

namespace understudy::apps {

// Where a run's changes come from: a relay log, and the receiver that fills it on a thread of its
// own. Used from the thread of the run; lives as long as it. start() and stop() once each.
class relay_supply {
public:
    using end_sink = std::function<void(protocol::result<void>)>;

    virtual ~relay_supply() = default;

    [[nodiscard]] virtual relay::log& log() = 0;
    // From here on the log grows, and the board shows how. ended: called once, on another thread,
    // after stop() or with what the receiver cannot mend.
    virtual void start(relay::receiver_options options, state::status_board& board,
                       end_sink ended) = 0;
    virtual void stop() = 0;
    // Another server may be followed once everything up to here is received (receiver).
    virtual void allow_switch(protocol::binlog_position after) = 0;
};

} // namespace understudy::apps
