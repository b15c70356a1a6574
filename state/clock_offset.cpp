#include "state/clock_offset.hpp"

#include <algorithm>

namespace understudy::state {

namespace {

constexpr std::size_t samples_max = 16;

} // namespace

void clock_offset::add(time_point sent, time_point received, time_point theirs) {
    // Our own clock was set back meanwhile: such a question says nothing.
    if (received < sent) return;
    const auto half = std::chrono::duration_cast<microseconds>(received - sent) / 2;
    const auto ahead = std::chrono::duration_cast<microseconds>(theirs - (sent + half));
    samples_.push_back({ahead, half});
    if (samples_.size() > samples_max) samples_.pop_front();
}

std::optional<clock_offset::estimate> clock_offset::current() const {
    if (samples_.empty()) return std::nullopt;
    return *std::ranges::min_element(samples_, {}, &estimate::uncertainty);
}

} // namespace understudy::state
