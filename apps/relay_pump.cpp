#include "apps/relay_pump.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <exception>
#include <utility>

namespace understudy::apps {

namespace asio = boost::asio;

relay_pump::relay_pump() : work_(loop_.get_executor()), thread_([this] { loop_.run(); }) {}

relay_pump::~relay_pump() {
    join();
}

void relay_pump::join() {
    work_.reset();
    if (thread_.joinable()) thread_.join();
}

void relay_pump::start(relay::log& into, relay::receiver_options options,
                       state::status_board& board, relay_supply::end_sink ended) {
    auto made =
        std::make_shared<relay::receiver>(loop_.get_executor(), into, std::move(options), board);
    asio::post(loop_, [this, made = std::move(made), ended = std::move(ended)]() mutable {
        receiver_ = made;
        auto pulling = made->run();
        asio::co_spawn(loop_, std::move(pulling),
                       [made = std::move(made), ended = std::move(ended)](
                           std::exception_ptr thrown, protocol::result<void> end) {
                           if (thrown) std::rethrow_exception(thrown);
                           ended(std::move(end));
                       });
    });
}

void relay_pump::stop() {
    asio::post(loop_, [this] {
        if (receiver_) receiver_->stop();
    });
}

void relay_pump::allow_switch(std::optional<protocol::binlog_position> after) {
    asio::post(loop_, [this, after = std::move(after)]() mutable {
        if (receiver_) receiver_->allow_switch(std::move(after));
    });
}

} // namespace understudy::apps
