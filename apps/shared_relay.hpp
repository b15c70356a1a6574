#pragma once

#include "apps/relay_pump.hpp"
#include "apps/relay_supply.hpp"
#include "relay/shared_log.hpp"
#include "state/status_board.hpp"
#include "state/task_directory.hpp"

#include <boost/asio/steady_timer.hpp>

#include <condition_variable>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace understudy::apps {

// One dump connection and one relay log for several tasks of a process (relay.share): the source
// reads and sends its log once, whatever the number of targets. Each task has its own place in the
// log, reads at its own speed, and holds up nobody.
//
// The receiver runs while a task wants it, with the options of the one that wanted it first of
// those that do. Its trouble is the trouble of all; a task's own is not. Thread-safe.
class shared_relay {
public:
    shared_relay(std::unique_ptr<state::task_directory> directory, bool by_gtid,
                 std::unique_ptr<relay::shared_log> log);
    // Its members have gone. Waits for the receiver.
    ~shared_relay();

    [[nodiscard]] relay::shared_log& log() { return *log_; }
    [[nodiscard]] state::task_directory& directory() const { return *directory_; }

    // A task's part.
    class member;

private:
    struct taking_part {
        const member* who = nullptr;
        relay::receiver_options options;
        state::status_board* board = nullptr;
        relay_supply::end_sink ended;
        std::optional<protocol::binlog_position> may_switch{};
        bool leaves = false; // when the receiver has ended
    };
    using parts = std::list<taking_part>;
    enum class receiving : std::uint8_t { no, yes, stopping };

    void arrive();
    void start(taking_part what);
    void stop(const member& who);
    void allow_switch(const member& who, protocol::binlog_position after);
    void leave(const member& who, bool has_started);
    // These want mutex_ held.
    [[nodiscard]] parts::iterator find(const member& who);
    void begin_receiving();
    void stop_receiving();
    void tell_switch();
    void show();

    // On the pump's thread.
    void on_end(const protocol::result<void>& ended);
    void wait_and_show();

    std::unique_ptr<state::task_directory> directory_;
    const bool by_gtid_;
    std::unique_ptr<relay::shared_log> log_;

    std::mutex mutex_;
    std::condition_variable has_ended_;
    parts parts_;              // in the order in which they came
    std::size_t arriving_ = 0; // members that have not started
    receiving now_ = receiving::no;
    const member* chosen_ = nullptr;             // whose options the receiver has
    std::unique_ptr<state::status_board> board_; // of the receiver that runs, or was the last
    std::set<std::string> warned_;               // what that has said already

    relay_pump pump_;
    boost::asio::steady_timer shower_; // on the pump's thread
};

class shared_relay::member final : public relay_supply {
public:
    // gone: the last that is called.
    member(shared_relay& of, std::unique_ptr<relay::log> view, std::function<void()> gone);
    ~member() override;

    [[nodiscard]] relay::log& log() override { return *view_; }
    void start(relay::receiver_options options, state::status_board& board,
               end_sink ended) override;
    void stop() override { of_.stop(*this); }
    void allow_switch(protocol::binlog_position after) override {
        of_.allow_switch(*this, std::move(after));
    }

private:
    shared_relay& of_;
    std::unique_ptr<relay::log> view_;
    std::function<void()> gone_;
    bool has_started_ = false;
};

} // namespace understudy::apps
