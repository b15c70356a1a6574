#pragma once

#include "apps/progress_rates.hpp"
#include "state/status_board.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace understudy::apps {

// Tells whoever started a run how it goes. One thread.
class run_report {
public:
    virtual ~run_report() = default;
    // At every tick, and at once when the terminal's size changed.
    virtual void refresh(const state::status& value, const rates& speed) = 0;
    // Something that is not in the status: "stopping at the next transaction boundary".
    virtual void notice(const std::string& text) = 0;
};

// In place on a terminal that can do it, else lines on standard error: at every change of phase and
// every ten seconds.
[[nodiscard]] std::unique_ptr<run_report> make_run_report();

} // namespace understudy::apps
