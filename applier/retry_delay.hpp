#pragma once

#include "applier/errc.hpp"

#include <algorithm>
#include <chrono>

namespace understudy::applier {

// How long to wait before the next try: doubling from a quarter of a second to half a minute while
// nothing succeeds. Deadlocks and lock timeouts go faster, a full disk slower.
class retry_delay {
public:
    [[nodiscard]] std::chrono::milliseconds next(errc why) {
        using std::chrono::milliseconds;
        const milliseconds first = why == errc::transient   ? milliseconds{20}
                                   : why == errc::disk_full ? milliseconds{5'000}
                                                            : milliseconds{250};
        const milliseconds delay = std::min(std::max(first, last_ * 2), milliseconds{30'000});
        last_ = delay;
        return delay;
    }
    void succeeded() { last_ = {}; }

private:
    std::chrono::milliseconds last_{0};
};

} // namespace understudy::applier
