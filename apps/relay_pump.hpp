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

} // namespace understudy::apps
