#include "applier/throttle.hpp"

#include "protocol/net/on_thread.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace understudy::applier {

namespace asio = boost::asio;
using protocol::net::on_thread;

namespace {

constexpr std::chrono::seconds asked_every{1};
// How long a stop may go unnoticed.
constexpr std::chrono::milliseconds nap{200};

} // namespace

throttle::throttle(asio::any_io_executor executor, asio::thread_pool& pool,
                   const state::task_spec& task, state::status_board& board,
                   const std::atomic<bool>& stop)
    : executor_(std::move(executor)), pool_(pool), board_(board), stop_(stop),
      pace_(task.apply.throttle.rows_per_second, task.apply.throttle.bytes_per_second),
      load_(task) {}

asio::awaitable<void> throttle::admit(std::uint64_t rows, std::uint64_t bytes) {
    if (holds_back()) {
        tell("rows_per_second or bytes_per_second is reached");
        co_await sleep_until(pace_.free_at());
    }
    if (load_.is_wanted()) co_await wait_for_target();
    pace_.take(rows, bytes, clock::now());
}

// Another stream may be asking just now.
asio::awaitable<void> throttle::wait_for_target() {
    while (!stop_) {
        if (asking_) {
            co_await sleep_until(clock::now() + nap);
            continue;
        }
        if (clock::now() - load_asked_ >= asked_every) {
            asking_ = true;
            const auto ask = [this] { return load_.reason_to_wait(); };
            load_reason_ = co_await on_thread(pool_, ask);
            load_asked_ = clock::now();
            asking_ = false;
        }
        if (load_reason_.empty()) co_return;
        tell(load_reason_);
        co_await sleep_until(load_asked_ + asked_every);
    }
}

asio::awaitable<void> throttle::sleep_until(clock::time_point until) {
    asio::steady_timer timer(executor_);
    while (!stop_ && clock::now() < until) {
        timer.expires_at(std::min(until, clock::now() + nap));
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

void throttle::tell(std::string reason) {
    board_.update([&](state::status& status) { status.throttled = std::move(reason); });
}

} // namespace understudy::applier
