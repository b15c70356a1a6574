#include "applier/in_flight_keys.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace understudy::applier {

namespace {
constexpr std::size_t smallest = 1'024;
constexpr std::size_t sparse = 16;
} // namespace

void in_flight_keys::begin(std::uint64_t number, std::uint64_t committed, std::size_t keys) {
    UNDERSTUDY_ASSERT(number > number_ && committed < number);
    number_ = number;
    committed_ = committed;
    if ((used_ + keys) * 2 >= entries_.size()) rebuild(keys);
}

in_flight_keys::entry& in_flight_keys::place_of(std::uint64_t key) {
    const std::size_t mask = entries_.size() - 1;
    std::size_t at = key & mask;
    while (entries_[at].group != 0 && entries_[at].key != key)
        at = (at + 1) & mask;
    return entries_[at];
}

void in_flight_keys::rebuild(std::size_t more) {
    std::swap(entries_, before_);
    std::erase_if(before_, [this](const entry& one) { return one.group <= committed_; });
    used_ = before_.size();
    const std::size_t capacity = std::bit_ceil(std::max(smallest, (used_ + more) * 2 + 1));
    entries_.assign(capacity, {});
    // A group of very many keys must not be remembered for ever.
    if (entries_.capacity() > capacity * sparse) entries_.shrink_to_fit();
    for (const entry& one : before_)
        place_of(one.key) = one;
    before_.clear();
    if (before_.capacity() > capacity * sparse) before_.shrink_to_fit();
}

bool in_flight_keys::must_wait(std::span<const std::uint64_t> looked_at,
                               std::span<const std::uint64_t> written) {
    if ((used_ + written.size()) * 2 >= entries_.size()) rebuild(std::max(used_, written.size()));
    const bool waits = std::ranges::any_of(
        looked_at, [this](std::uint64_t key) { return is_in_the_way(place_of(key)); });
    for (const std::uint64_t key : written) {
        entry& place = place_of(key);
        if (place.group == 0) ++used_;
        const bool waited = place.group == number_ && place.waits != 0;
        place = {key, number_, waits || waited};
    }
    return waits;
}

void in_flight_keys::clear() {
    entries_.clear();
    before_.clear();
    used_ = 0;
    number_ = committed_ = 0;
}

} // namespace understudy::applier
