#pragma once

#include "apps/relay_supply.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <thread>

namespace understudy::apps {

// A receiver and its thread, so that a relay that blocks holds up nobody else. It can be started
// anew after it has ended. start() from one thread at a time; the rest from any.
class relay_pump {
public:
    relay_pump();
    // Waits for its end.
    ~relay_pump();

    // ended: called on the pump's thread, which may start it again.
    void start(relay::log& into, relay::receiver_options options, state::status_board& board,
               relay_supply::end_sink ended);
    void stop();
    // nullopt: no other server may be followed.
    void allow_switch(std::optional<protocol::binlog_position> after);
    // Waits for the thread. The receiver must have ended; nothing may be started any more.
    void join();
    [[nodiscard]] boost::asio::any_io_executor executor() { return loop_.get_executor(); }

private:
    boost::asio::io_context loop_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    // On the pump's thread; an older one is not destroyed by its own end.
    std::shared_ptr<relay::receiver> receiver_;
    std::jthread thread_;
};

// The relay log of one task, and nobody else's.
class own_relay final : public relay_supply {
public:
    explicit own_relay(std::unique_ptr<relay::log> of_task) : log_(std::move(of_task)) {}
    ~own_relay() override { pump_.stop(); }

    [[nodiscard]] relay::log& log() override { return *log_; }
    void start(relay::receiver_options options, state::status_board& board,
               end_sink ended) override {
        pump_.start(*log_, std::move(options), board, std::move(ended));
    }
    void stop() override { pump_.stop(); }
    void allow_switch(protocol::binlog_position after) override {
        pump_.allow_switch(std::move(after));
    }

private:
    std::unique_ptr<relay::log> log_;
    relay_pump pump_;
};

} // namespace understudy::apps
