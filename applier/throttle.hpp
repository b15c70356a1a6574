#pragma once

#include "applier/pace.hpp"
#include "applier/target_load.hpp"
#include "state/status_board.hpp"
#include "state/task_spec.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>

namespace understudy::applier {

// apply.throttle: how fast all streams of a task together may write to the target, and when the
// target is asked to be left alone. The relay holds what comes meanwhile. Runs on the executor;
// questions to servers go to the pool. The arguments outlive it.
class throttle {
public:
    using clock = pace::clock;

    throttle(boost::asio::any_io_executor executor, boost::asio::thread_pool& pool,
             const state::task_spec& task, state::status_board& board,
             const std::atomic<bool>& stop);

    // Returns when so much may be written, or soon after the stop; the status says what is waited
    // for.
    [[nodiscard]] boost::asio::awaitable<void> admit(std::uint64_t rows, std::uint64_t bytes);
    [[nodiscard]] bool holds_back() const { return pace_.free_at() > clock::now(); }

private:
    [[nodiscard]] boost::asio::awaitable<void> wait_for_target();
    [[nodiscard]] boost::asio::awaitable<void> sleep_until(clock::time_point until);
    void tell(std::string reason);

    boost::asio::any_io_executor executor_;
    boost::asio::thread_pool& pool_;
    state::status_board& board_;
    const std::atomic<bool>& stop_;
    pace pace_;
    target_load load_;
    clock::time_point load_asked_{};
    std::string load_reason_; // what it said then
    bool asking_ = false;
};

} // namespace understudy::applier
