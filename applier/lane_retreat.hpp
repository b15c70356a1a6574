#pragma once

#include "protocol/binlog/binlog_position.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace understudy::applier {

// When groups have failed side by side: they are executed one at a time until all of them are
// passed, and then some more, twice as many each time that it comes again soon. A value; no clock.
class lane_retreat {
public:
    [[nodiscard]] bool is_over() const { return alone_ == 0; }

    // A group that ends here was given to a lane.
    void began(protocol::binlog_position end) { given_until_ = std::move(end); }
    void committed() {
        if (++since_ >= forgiven_after) next_ = 1;
    }
    void failed() {
        until_ = given_until_;
        alone_ = next_;
        next_ = std::min(next_ * 2, most);
        since_ = 0;
    }
    // A group was executed alone, and the target stands here.
    void executed_alone(const protocol::binlog_position& now) {
        if (alone_ > 0 && !(now < until_)) --alone_;
    }

private:
    static constexpr std::uint64_t most = 1'024;
    static constexpr std::uint64_t forgiven_after = 64; // groups without trouble

    protocol::binlog_position given_until_;
    protocol::binlog_position until_;
    std::uint64_t alone_ = 0; // groups to go behind until_
    std::uint64_t next_ = 1;
    std::uint64_t since_ = 0;
};

} // namespace understudy::applier
