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
    // What follows belongs to group `number` (from 1); all up to `committed` are on the target.
    void begin(std::uint64_t number, std::uint64_t committed);

    // Whether a change has to wait for the groups before: one of `looked_at` is written by one of
    // them, or by a change of its own group that waits. `written` is noted with the answer.
    [[nodiscard]] bool must_wait(std::span<const std::uint64_t> looked_at,
                                 std::span<const std::uint64_t> written);

    void clear();

private:
    struct entry {
        std::uint64_t key = 0;
        std::uint64_t group = 0; // the last that writes it; 0: a free place
        bool waits = false;      // a change of that group which waits
    };

    [[nodiscard]] bool is_in_the_way(const entry& place) const {
        return place.group == number_ ? place.waits : place.group > committed_;
    }
    [[nodiscard]] entry& place_of(std::uint64_t key);
    void rebuild(std::size_t capacity);

    std::vector<entry> entries_; // open addressing
    std::size_t used_ = 0;
    std::uint64_t number_ = 0;
    std::uint64_t committed_ = 0;
};

} // namespace understudy::applier
