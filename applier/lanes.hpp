#pragma once

#include "applier/lane.hpp"
#include "applier/lane_work.hpp"
#include "protocol/result.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace understudy::applier {

// Groups that execute side by side on sessions of their own and commit in the order given, so that
// a reader of the target never sees a state that the source never had. Sessions are opened when
// they are first needed. Everything runs on the executor, which has one thread, but for the calls
// to the target, which run on threads of their own: one of them may block until another lane
// commits.
//
// When a group fails, those before it still commit; those behind it are rolled back.
class lanes {
public:
    struct hooks {
        std::function<protocol::result<std::unique_ptr<lane>>()> open; // on a thread of ours
        // After each commit.
        std::function<void(const lane_work& work, std::chrono::steady_clock::duration took)>
            on_commit;
        std::function<void()> on_change; // a lane is free, or something has failed
        std::function<void(std::string)> warn;
    };

    lanes(boost::asio::any_io_executor executor, std::size_t count, hooks hooks);
    ~lanes(); // after drain() or abandon()

    // Opens the first session, so that the first group need not wait for it.
    void warm_up();
    // Returns when a lane is free, or with what a group has failed with. Further sessions are
    // opened one at a time, while those that are open go on.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> free_lane();
    // Begins the group; after free_lane().
    void execute(lane_work work);
    // Everything is committed, or something has failed and nothing is on its way any more.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> drain();
    // Takes back what is not committed, and returns when all calls have ended.
    [[nodiscard]] boost::asio::awaitable<void> abandon();

    [[nodiscard]] bool idle() const { return in_order_.empty() && running_ == 0; }
    [[nodiscard]] bool failed() const { return error_.has_value(); }
    // A session was lost behind the end of its group, checkpoint and COMMIT included: the target
    // may still come to execute that, however long it takes, unless the epoch is raised. Before it
    // does the checkpoint's row is not even locked.
    [[nodiscard]] bool end_may_come_later() const { return end_may_come_later_; }
    [[nodiscard]] std::uint64_t committed() const { return committed_; }
    // The first group that is not committed.
    [[nodiscard]] const lane_work* oldest() const {
        return in_order_.empty() ? nullptr : &in_order_.front()->work;
    }
    // Ends running calls soon.
    void interrupt();

private:
    struct slot {
        std::unique_ptr<lane> session; // nullptr: not opened, or given up
        bool busy = false;
    };
    struct flight {
        lane_work work;
        slot* place = nullptr;
        std::chrono::steady_clock::time_point began;
        // What came of sending it, where that was done at once.
        std::optional<protocol::result<void>> sent{};
    };

    // One that nobody uses, with a session or still without.
    [[nodiscard]] slot* find(bool open);
    void begin_to_open(slot* place);
    [[nodiscard]] boost::asio::awaitable<void> open(slot* place);
    void send(flight& one);
    [[nodiscard]] boost::asio::awaitable<void> fly(std::shared_ptr<flight> one);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>>
    execute_in_turn(std::shared_ptr<flight> one);
    [[nodiscard]] boost::asio::awaitable<void> give_up(std::shared_ptr<flight> one,
                                                       protocol::error why);
    // An earlier group, or this one, has failed.
    [[nodiscard]] bool is_lost(const flight& one) const {
        return error_ && one.work.number >= failed_;
    }
    [[nodiscard]] boost::asio::awaitable<void> changed();
    void notify();

    boost::asio::any_io_executor executor_;
    boost::asio::thread_pool pool_;
    hooks hooks_;
    std::vector<slot> slots_;
    std::deque<std::shared_ptr<flight>> in_order_; // not committed
    boost::asio::steady_timer change_;             // never fires: it is what waits are ended by
    std::size_t running_ = 0;                      // coroutines of groups
    bool opening_ = false;                         // a session
    std::optional<protocol::error> open_error_;    // there is none, and none can be had
    std::uint64_t committed_ = 0;
    std::uint64_t failed_ = 0; // the first group that failed
    bool end_may_come_later_ = false;
    std::optional<protocol::error> error_;
    std::exception_ptr thrown_;
};

} // namespace understudy::applier
