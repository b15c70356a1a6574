#include "applier/applier_impl.hpp"

#include "protocol/net/on_thread.hpp"

#include <boost/asio/as_tuple.hpp>

namespace understudy::applier {

namespace {

using protocol::net::on_thread;

// A statement that runs longer than this after stop() is interrupted; the journal or the checkpoint
// tells its end later.
constexpr std::chrono::seconds stop_grace{3};

} // namespace

void applier::impl::listen() {
    relay_.on_data([wake = wake_, executor = executor_] {
        if (wake->data.exchange(true)) return;
        asio::post(executor, [wake] { wake->timer.cancel(); });
    });
}

void applier::impl::stop() {
    if (stop_.exchange(true)) return;
    wake_->timer.cancel();
    catch_up_.stop();
    grace_.expires_after(stop_grace);
    grace_.async_wait([this, wake = wake_](const boost::system::error_code& error) {
        if (error || wake->finished) return;
        if (stream_) stream_->interrupt();
        catch_up_.interrupt();
        if (lanes_) lanes_->interrupt();
    });
}

void applier::impl::stop_listening() {
    relay_.on_data({});
    grace_.cancel();
    wake_->finished = true;
}

asio::awaitable<void> applier::impl::wait(std::chrono::milliseconds at_most) {
    if (stop_ || wake_->data || catch_up_.wants_task_held()) co_return;
    wake_->timer.expires_after(at_most);
    co_await wake_->timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<result<void>> applier::impl::run() {
    listen();
    // However this ends: the relay outlives the executor that its callback posts to.
    const std::unique_ptr<impl, void (*)(impl*)> listening(
        this, [](impl* self) { self->stop_listening(); });
    bool catching_up = true;
    std::exception_ptr thrown;
    catch_up_ended_.expires_at(clock::time_point::max());
    asio::co_spawn(executor_, catch_up_.run(), [&, this](std::exception_ptr exception) {
        catching_up = false;
        catch_up_ended_.cancel();
        if (!exception) return;
        thrown = exception;
        stop();
    });
    result<void> ended;
    try {
        ended = co_await follow();
    } catch (...) {
        thrown = std::current_exception();
    }
    stream_.reset();
    session_.reset();
    catch_up_.stop();
    while (catching_up)
        co_await catch_up_ended_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (thrown) std::rethrow_exception(thrown);
    co_return ended;
}

asio::awaitable<result<void>> applier::impl::follow() {
    for (;;) {
        auto ended = co_await try_once();
        // The session is rolled back when it is closed.
        if (stop_) co_return result<void>{};
        if (ended) {
            co_await close_stream();
            if (catch_up_.failure()) co_return std::unexpected(*catch_up_.failure());
            co_await catch_up_.join();
            continue;
        }
        const bool again = co_await try_again(ended.error());
        if (!again) co_return ended;
    }
}

asio::awaitable<void> applier::impl::close_stream() {
    if (!stream_) co_return;
    const auto give_back = [this] { return stream_->release_session(); };
    session_ = co_await on_thread(pool_, give_back);
    stream_.reset();
}

// Ends with an error, or with stop_ set.
asio::awaitable<result<void>> applier::impl::try_once() {
    failed_in_group_ = false;
    failed_in_lanes_ = false;
    std::size_t workers = 1;
    const auto open = [this, &workers] {
        auto opened = apply_stream::open(context_, std::move(session_), how_);
        if (opened) workers = lane_count(options_.task, (*opened)->session());
        return opened;
    };
    auto opened = co_await on_thread(pool_, open);
    if (!opened) co_return std::unexpected(std::move(opened.error()));
    stream_ = std::move(*opened);
    catch_up_.learn(stream_->share().entries());
    publish(false);
    if (!stop_) open_lanes(workers);
    auto ended = co_await follow_stream();
    if (!lanes_) co_return ended;
    // What is on its way when the task is stopped is taken back.
    if (stop_) co_await lanes_->abandon();
    auto drained = co_await lanes_->drain();
    // It comes before whatever else there is to say.
    if (!stop_ && !drained) {
        ended = std::move(drained);
        failed_in_lanes_ = true;
    }
    end_may_come_later_ = lanes_->end_may_come_later();
    lanes_.reset();
    co_return ended;
}

asio::awaitable<void> applier::impl::sleep_until(clock::time_point until) {
    while (!stop_ && clock::now() < until) {
        wake_->timer.expires_at(until);
        co_await wake_->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

applier::applier(asio::any_io_executor executor, asio::thread_pool& pool, relay::log& relay,
                 applier_options options, const state::object_selection& selection,
                 state::status_board& board)
    : impl_(std::make_unique<impl>(std::move(executor), pool, relay, std::move(options), selection,
                                   board)) {}

applier::~applier() = default;

asio::awaitable<result<void>> applier::run() {
    return impl_->run();
}

void applier::stop() {
    impl_->stop();
}

state::source_position applier::applied() const {
    const std::lock_guard lock(impl_->applied_mutex_);
    return impl_->applied_;
}

std::optional<protocol::binlog_position> applier::needed() const {
    const auto waiting = impl_->catch_up_.needed();
    const std::lock_guard lock(impl_->applied_mutex_);
    if (!impl_->opened_) return std::nullopt;
    const auto& applied = impl_->applied_.binlog;
    return waiting && *waiting < applied ? *waiting : applied;
}

bool applier::is_catching_up() const {
    return impl_->catch_up_.is_wanted();
}

void applier::on_commit(std::function<void(const state::source_position&)> callback) {
    impl_->on_commit_ = std::move(callback);
}

} // namespace understudy::applier
