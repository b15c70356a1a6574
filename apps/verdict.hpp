#pragma once

#include "protocol/result.hpp"
#include "state/status_board.hpp"

#include <chrono>
#include <string>

namespace understudy::apps {

// How a run ended.
struct verdict {
    state::status last; // the status at the end
    protocol::result<void> ended;
    std::string until;           // it was to end by itself: "caught-up", "gtid:…"
    bool stop_requested = false; // a signal came first
    std::chrono::milliseconds took{0};

    [[nodiscard]] bool is_good() const {
        return ended.has_value() && (until.empty() || !stop_requested);
    }
};

// What a person is told at the end: a line, and for an error what to do. Ends with a newline. Pure.
[[nodiscard]] std::string to_text(const verdict& value);

} // namespace understudy::apps
