#pragma once

#include "applier/apply_stream.hpp"
#include "applier/quarantine.hpp"
#include "applier/retry_delay.hpp"
#include "applier/throttle.hpp"
#include "protocol/result.hpp"
#include "state/status_board.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

namespace understudy::applier {

// Brings tables that were set aside back, one entry after the other. Where that is asked for they
// are copied anew first (reloader). A second stream, with a session and a reader of the relay of
// its own, applies what waits for them while the task's stream goes on, and stays behind it. When
// it has come close the task's stream is held for a moment at the end of a transaction, and in one
// transaction on the target the entry ends. All that counts is on the target: after any crash both
// streams go on from their checkpoints.
//
// Runs on the applier's executor beside its coordinator, which tells it where the task is; blocking
// calls run on the pool.
class catch_up {
public:
    // `wake` is called when the coordinator has something to do: wants_task_held() has changed.
    catch_up(boost::asio::any_io_executor executor, boost::asio::thread_pool& pool,
             const stream_context& of_task, throttle& throttle, state::status_board& board,
             std::function<void()> wake);
    ~catch_up();

    // Ends after stop(). Never fails: what stops an entry is written to it.
    [[nodiscard]] boost::asio::awaitable<void> run();
    void stop();
    void interrupt(); // a statement that runs for long

    // What is set aside, as the task's stream has read it on opening.
    void learn(std::vector<quarantine_entry> entries);
    // The task's stream has committed this.
    void advance(const protocol::binlog_position& applied);
    // It is to end, because an entry is about to join it or was added.
    [[nodiscard]] bool wants_task_held() const { return near_ || reopen_ || failed_; }
    // What stops the task: trouble of a table that is set aside only to be altered, and whose
    // trouble is to stop it.
    [[nodiscard]] const std::optional<protocol::error>& failure() const { return failed_; }
    // Some entry is to be caught up.
    [[nodiscard]] bool is_wanted() const;
    // The task's stream has ended at the position last told. Returns when it may be opened again:
    // an entry has joined, or cannot.
    [[nodiscard]] boost::asio::awaitable<void> join();

    // The entry that has one of these tables; of several one that comes back.
    [[nodiscard]] std::optional<quarantine_entry>
    find(const std::set<state::object_name>& tables) const;
    // The copy of some entry is ahead of the task, which cannot wait for any of them then: that one
    // joins behind the end of its copy, and they join one after the other.
    [[nodiscard]] bool any_ahead() const;
    // The entry of one of these tables waits for what may come in the task's own stream: that
    // cannot wait for it.
    [[nodiscard]] bool waits_for_merge(const std::set<state::object_name>& tables) const {
        const auto entry = find(tables);
        return entry && waiting_.contains(entry->id);
    }
    // The entry's own stream is to begin behind where the task is.
    [[nodiscard]] bool has_passed(const quarantine_entry& entry) const {
        return entry.from > applied_;
    }
    // From where on the relay is needed; nullopt: nothing is set aside. Any thread.
    [[nodiscard]] std::optional<protocol::binlog_position> needed() const;

private:
    struct entry_stream; // the stream of one entry
    [[nodiscard]] bool is_ahead(const quarantine_entry& one) const;
    enum class outcome : std::uint8_t { joined, given_up, stopped };

    [[nodiscard]] boost::asio::awaitable<void> reload(quarantine_entry entry);
    [[nodiscard]] boost::asio::awaitable<std::unique_ptr<entry_stream>>
    begin_stream(quarantine_entry entry);
    [[nodiscard]] boost::asio::awaitable<void> bring(quarantine_entry entry);
    [[nodiscard]] boost::asio::awaitable<protocol::result<outcome>> follow(entry_stream& stream);
    [[nodiscard]] boost::asio::awaitable<protocol::result<outcome>> at_bound(entry_stream& stream);
    [[nodiscard]] boost::asio::awaitable<bool> recover(entry_stream& stream,
                                                       protocol::error& error);
    [[nodiscard]] std::optional<quarantine_entry> choose_next() const;
    [[nodiscard]] boost::asio::awaitable<void> take_in_linked(quarantine_entry entry,
                                                              std::set<state::object_name> tables);
    [[nodiscard]] boost::asio::awaitable<void> copy_instead(quarantine_entry entry,
                                                            std::string why);
    [[nodiscard]] boost::asio::awaitable<void> stop_task(protocol::error why);
    [[nodiscard]] boost::asio::awaitable<void> give_up(quarantine_entry entry, protocol::error why);
    [[nodiscard]] bool stops_task(const quarantine_entry& entry) const;
    [[nodiscard]] boost::asio::awaitable<void> poll();
    [[nodiscard]] boost::asio::awaitable<void> wait(std::chrono::milliseconds at_most);
    [[nodiscard]] protocol::result<void> open(entry_stream& stream);
    [[nodiscard]] protocol::result<void> join_on_target(entry_stream& stream,
                                                        const protocol::binlog_position& where);
    void note(const quarantine_entry& entry, std::string text);
    void publish();
    void release_task();

    boost::asio::any_io_executor executor_;
    boost::asio::thread_pool& pool_;
    const stream_context& of_task_;
    throttle& throttle_;
    state::status_board& board_;
    std::function<void()> wake_task_;
    boost::asio::steady_timer timer_;      // of run()
    boost::asio::steady_timer held_timer_; // of join()
    std::atomic<bool> stop_{false};
    bool near_ = false;
    bool reopen_ = false;
    bool held_ = false;
    std::optional<protocol::error> failed_;
    protocol::binlog_position applied_;       // of the task
    std::unique_ptr<target_session> session_; // asks for wishes
    entry_stream* current_ = nullptr;
    std::string note_; // of the entry at hand
    // Copies that failed once because of what others bring, by entry: until the task has come here.
    std::map<std::uint64_t, protocol::binlog_position> postponed_;

    struct waiting {
        std::string for_whom;
        std::chrono::steady_clock::time_point until; // then it is looked again
    };
    std::map<std::uint64_t, waiting> waiting_; // entries of tables that are merged

    mutable std::mutex entries_mutex_;
    std::vector<quarantine_entry> entries_;
};

} // namespace understudy::applier
