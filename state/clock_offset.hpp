#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>

namespace understudy::state {

// How far another machine's clock is ahead of ours, from questions for its time. It read its clock
// at some moment between our sending and the arrival of the answer, so the middle of the two is
// right to within half of the round trip: of the last questions the one with the shortest trip
// counts. Older ones are forgotten, because clocks drift. Pure: all times are arguments.
class clock_offset {
public:
    using time_point = std::chrono::system_clock::time_point;
    using microseconds = std::chrono::microseconds;

    struct estimate {
        microseconds ahead{0}; // negative: their clock is behind ours
        microseconds uncertainty{0};
    };

    void add(time_point sent, time_point received, time_point theirs);
    [[nodiscard]] std::optional<estimate> current() const;

private:
    std::deque<estimate> samples_;
};

} // namespace understudy::state
