#pragma once

#include "protocol/result.hpp"

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace understudy::relay::inspection {

// Pieces of work that several threads do at the same time and whose results are taken in the order
// of the pieces. Each thread takes a number, works, and hands over what is to be done when all
// earlier pieces are through; that is done by whichever thread comes last, never by two at once.
// The first error, in the order of the pieces, ends it all: what comes behind it is not delivered.
// Memory: no piece begins more than `ahead` numbers before the first one that is not through.
class ordered_turns {
public:
    using delivery = std::move_only_function<protocol::result<void>()>;

    explicit ordered_turns(std::size_t ahead) : ahead_(ahead) {}

    // --- any thread
    // Before piece number `number` begins: waits for room. False: it is all over.
    [[nodiscard]] bool wait_for_room(std::size_t number);
    // Whether all earlier pieces are through, so that what the piece gives may go out at once.
    [[nodiscard]] bool is_first(std::size_t number);
    // Waits until it is. False: it is all over.
    [[nodiscard]] bool wait_until_first(std::size_t number);
    // The piece is through; once for each number.
    void finish(std::size_t number, delivery result);
    // An error, or somebody has had enough.
    [[nodiscard]] bool is_over();

    // When all threads have ended.
    [[nodiscard]] protocol::result<void> outcome();

private:
    const std::size_t ahead_;
    std::mutex mutex_;
    std::condition_variable moved_;
    std::size_t first_ = 0; // that is not through
    std::map<std::size_t, delivery> waiting_;
    bool delivering_ = false;
    protocol::result<void> outcome_;
};

// Runs work(thread number) on so many threads and waits for all. Exceptions are not for it.
template<class Work>
void run_on_threads(unsigned count, Work work) {
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < count; ++i)
        others.emplace_back([&work, i] { work(i); });
    work(0U);
}

// The cores of the machine where `asked` is 0.
[[nodiscard]] unsigned thread_count(unsigned asked);

} // namespace understudy::relay::inspection
