#include "relay/inspection/ordered_turns.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace understudy::relay::inspection {

bool ordered_turns::wait_for_room(std::size_t number) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return !outcome_ || number < first_ + ahead_; });
    return outcome_.has_value();
}

bool ordered_turns::is_first(std::size_t number) {
    const std::lock_guard lock(mutex_);
    return first_ == number && outcome_.has_value();
}

bool ordered_turns::wait_until_first(std::size_t number) {
    std::unique_lock lock(mutex_);
    moved_.wait(lock, [&] { return !outcome_ || first_ == number; });
    return outcome_.has_value();
}

void ordered_turns::finish(std::size_t number, delivery result) {
    std::unique_lock lock(mutex_);
    UNDERSTUDY_ASSERT(number >= first_ && !waiting_.contains(number));
    waiting_.emplace(number, std::move(result));
    while (outcome_ && !delivering_ && waiting_.contains(first_)) {
        auto next = std::move(waiting_.extract(first_).mapped());
        delivering_ = true;
        lock.unlock();
        auto done = next();
        lock.lock();
        delivering_ = false;
        if (!done) outcome_ = std::move(done);
        ++first_;
        moved_.notify_all();
    }
}

bool ordered_turns::is_over() {
    const std::lock_guard lock(mutex_);
    return !outcome_;
}

protocol::result<void> ordered_turns::outcome() {
    const std::lock_guard lock(mutex_);
    return std::move(outcome_);
}

unsigned thread_count(unsigned asked) {
    return asked != 0 ? asked : std::max(1U, std::thread::hardware_concurrency());
}

} // namespace understudy::relay::inspection
