#include "applier/lanes.hpp"

#include "applier/errc.hpp"
#include "protocol/assert.hpp"
#include "protocol/net/on_thread.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace understudy::applier {

namespace asio = boost::asio;
using protocol::result;
using protocol::net::on_thread;

lanes::lanes(asio::any_io_executor executor, std::size_t count, hooks hooks)
    : executor_(std::move(executor)), pool_(count), hooks_(std::move(hooks)), slots_(count),
      change_(executor_, asio::steady_timer::time_point::max()) {
    UNDERSTUDY_ASSERT(count > 0);
}

lanes::~lanes() {
    UNDERSTUDY_ASSERT(running_ == 0 && !opening_);
    pool_.join();
}

// Setting its time again would end the waits of others.
asio::awaitable<void> lanes::changed() {
    co_await change_.async_wait(asio::as_tuple(asio::use_awaitable));
}

void lanes::notify() {
    change_.cancel();
    hooks_.on_change();
}

lanes::slot* lanes::find(bool open) {
    const auto found = std::ranges::find_if(
        slots_, [open](const slot& one) { return !one.busy && (one.session != nullptr) == open; });
    return found == slots_.end() ? nullptr : &*found;
}

void lanes::begin_to_open(slot* place) {
    opening_ = true;
    place->busy = true;
    asio::co_spawn(executor_, open(place), [this](std::exception_ptr thrown) {
        if (thrown && !thrown_) thrown_ = thrown;
        opening_ = false;
        notify();
    });
}

asio::awaitable<void> lanes::open(slot* place) {
    auto opened = co_await on_thread(pool_, [this] { return hooks_.open(); });
    if (opened) {
        place->session = std::move(*opened);
        place->busy = false;
        co_return;
    }
    const auto in_use = [](const slot& one) { return one.session != nullptr; };
    if (std::ranges::none_of(slots_, in_use)) {
        place->busy = false;
        open_error_ = std::move(opened.error());
        co_return;
    }
    // The account may have a limit: with fewer sessions it goes on all the same, and the place
    // stays busy for good.
    hooks_.warn("the applier goes on with fewer sessions on the target than apply.workers: " +
                opened.error().what);
}

void lanes::warm_up() {
    begin_to_open(&slots_.front());
}

asio::awaitable<result<void>> lanes::free_lane() {
    for (;;) {
        if (error_) co_return std::unexpected(*error_);
        if (find(true) != nullptr) co_return result<void>{};
        if (thrown_) std::rethrow_exception(std::exchange(thrown_, {}));
        if (open_error_) co_return std::unexpected(*std::exchange(open_error_, std::nullopt));
        slot* const place = find(false);
        if (!opening_ && place != nullptr) begin_to_open(place);
        co_await changed();
    }
}

void lanes::execute(lane_work work) {
    slot* const place = find(true);
    UNDERSTUDY_ASSERT(place != nullptr && place->session != nullptr);
    UNDERSTUDY_ASSERT(in_order_.empty() || in_order_.back()->work.number < work.number);
    place->busy = true;
    auto one =
        std::make_shared<flight>(flight{std::move(work), place, std::chrono::steady_clock::now()});
    in_order_.push_back(one);
    if (in_order_.front() == one && place->session->can_send(one->work)) send(*one);
    ++running_;
    asio::co_spawn(executor_, fly(std::move(one)), [this](std::exception_ptr thrown) {
        if (thrown && !thrown_) thrown_ = thrown;
        --running_;
        notify();
    });
}

void lanes::send(flight& one) {
    try {
        one.sent = one.place->session->send(one.work);
    } catch (...) {
        if (!thrown_) thrown_ = std::current_exception();
        one.sent = protocol::fail(errc::cancelled, "it was not sent");
    }
}

asio::awaitable<void> lanes::fly(std::shared_ptr<flight> one) {
    auto done = co_await execute_in_turn(one);
    if (!done) {
        co_await give_up(one, std::move(done.error()));
        co_return;
    }
    UNDERSTUDY_ASSERT(in_order_.front() == one);
    in_order_.pop_front();
    committed_ = one->work.number;
    one->place->busy = false;
    hooks_.on_commit(one->work, std::chrono::steady_clock::now() - one->began);
}

asio::awaitable<result<void>> lanes::execute_in_turn(std::shared_ptr<flight> one) {
    lane* const session = one->place->session.get();
    const lane_work* const work = &one->work;
    if (one->sent) {
        if (!*one->sent) co_return *one->sent;
        co_return co_await on_thread(pool_, [session] { return session->receive(); });
    }
    if (in_order_.front() == one) {
        co_return co_await on_thread(pool_, [session, work] { return session->execute(*work); });
    }
    auto done = co_await on_thread(pool_, [session, work] { return session->begin(*work); });
    while (done && in_order_.front() != one && !is_lost(*one))
        co_await changed();
    if (!done) co_return done;
    if (is_lost(*one)) co_return protocol::fail(errc::cancelled, "a group before it has failed");
    co_return co_await on_thread(pool_, [session, work] { return session->finish(*work); });
}

asio::awaitable<void> lanes::give_up(std::shared_ptr<flight> one, protocol::error why) {
    if (!is_lost(*one)) {
        failed_ = one->work.number;
        error_ = std::move(why);
        notify();
    }
    lane* const session = one->place->session.get();
    const bool usable = co_await on_thread(pool_, [session] { return session->roll_back(); });
    if (!usable) {
        end_may_come_later_ = end_may_come_later_ || session->sent_its_end();
        one->place->session.reset();
    }
    one->place->busy = false;
    std::erase(in_order_, one);
}

asio::awaitable<result<void>> lanes::drain() {
    while (!idle() || opening_)
        co_await changed();
    if (thrown_) std::rethrow_exception(std::exchange(thrown_, {}));
    if (error_) co_return std::unexpected(*error_);
    co_return result<void>{};
}

asio::awaitable<void> lanes::abandon() {
    if (!error_ && !in_order_.empty()) {
        failed_ = in_order_.front()->work.number;
        error_ = protocol::fail(errc::cancelled, "stopped on request").error();
        notify();
    }
    while (!idle() || opening_)
        co_await changed();
}

void lanes::interrupt() {
    for (const auto& one : in_order_) {
        if (one->place->session) one->place->session->interrupt();
    }
}

} // namespace understudy::applier
