#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace understudy::applier {

// Which keys are written by groups that are on their way and not committed yet, so that a later
// group's changes of the same keys wait for them. Keys are 64-bit hashes: two that collide only
// make one change wait that need not. Groups come in the source's order, with rising numbers.
// Memory is one entry for each key of the groups on their way. One thread.
class in_flight_keys {
public:
    // What follows belongs to group `number` (from 1, below 2^63), of about so many keys; all
    // groups up to `committed` are on the target.
    void begin(std::uint64_t number, std::uint64_t committed, std::size_t keys = 0);
    // must_wait() will be asked about it soon: what it takes is mostly waiting for memory.
    void prefetch(std::uint64_t key) const {
        if (!entries_.empty()) __builtin_prefetch(&entries_[key & (entries_.size() - 1)], 1);
    }

    // Whether a change has to wait for the groups before: one of `looked_at` is written by one of
    // them, or by a change of its own group that waits. `written` is noted with the answer.
    [[nodiscard]] bool must_wait(std::span<const std::uint64_t> looked_at,
                                 std::span<const std::uint64_t> written);

    void clear();

private:
    struct entry {
        std::uint64_t key = 0;
        std::uint64_t group : 63 = 0; // the last that writes it; 0: a free place
        std::uint64_t waits : 1 = 0;  // a change of that group which waits
    };

    [[nodiscard]] bool is_in_the_way(const entry& place) const {
        return place.group == number_ ? place.waits != 0 : place.group > committed_;
    }
    [[nodiscard]] entry& place_of(std::uint64_t key);
    // Forgets committed groups; there is room for so many keys more then.
    void rebuild(std::size_t more);

    std::vector<entry> entries_; // open addressing, at most half full
    std::vector<entry> before_;  // those of the last rebuild()
    std::size_t used_ = 0;
    std::uint64_t number_ = 0;
    std::uint64_t committed_ = 0;
};

} // namespace understudy::applier
