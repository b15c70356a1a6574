#include "applier/in_flight_keys.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace understudy::applier {

namespace {
constexpr std::size_t smallest = 1'024;
}

void in_flight_keys::begin(std::uint64_t number, std::uint64_t committed) {
    UNDERSTUDY_ASSERT(number > number_ && committed < number);
    number_ = number;
    committed_ = committed;
    // Entries of committed groups go when there are many.
    if (used_ * 4 > entries_.size()) rebuild(entries_.size());
}

in_flight_keys::entry& in_flight_keys::place_of(std::uint64_t key) {
    const std::size_t mask = entries_.size() - 1;
    std::size_t at = key & mask;
    while (entries_[at].group != 0 && entries_[at].key != key)
        at = (at + 1) & mask;
    return entries_[at];
}

void in_flight_keys::rebuild(std::size_t capacity) {
    std::vector<entry> before = std::exchange(entries_, {});
    std::erase_if(before, [this](const entry& one) { return one.group <= committed_; });
    used_ = before.size();
    while (capacity > smallest && capacity > used_ * 16)
        capacity /= 2;
    while (capacity < smallest || capacity < used_ * 4)
        capacity = std::max(smallest, capacity * 2);
    entries_.resize(capacity);
    for (const entry& one : before)
        place_of(one.key) = one;
}

bool in_flight_keys::must_wait(std::span<const std::uint64_t> looked_at,
                               std::span<const std::uint64_t> written) {
    if ((used_ + written.size()) * 2 >= entries_.size()) rebuild(entries_.size() * 2);
    const bool waits = std::ranges::any_of(
        looked_at, [this](std::uint64_t key) { return is_in_the_way(place_of(key)); });
    for (const std::uint64_t key : written) {
        entry& place = place_of(key);
        if (place.group == 0) ++used_;
        const bool waited = place.group == number_ && place.waits;
        place = {key, number_, waits || waited};
    }
    return waits;
}

void in_flight_keys::clear() {
    entries_.clear();
    used_ = 0;
    number_ = committed_ = 0;
}

} // namespace understudy::applier
