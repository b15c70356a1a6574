#pragma once

#include "applier/applier.hpp"
#include "applier/apply_rules.hpp"
#include "applier/apply_stream.hpp"
#include "applier/catch_up.hpp"
#include "applier/lane_retreat.hpp"
#include "applier/lanes.hpp"
#include "applier/retry_delay.hpp"
#include "applier/throttle.hpp"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>

namespace understudy::applier {

// The inside of the applier, seen by its own sources only: applier.cpp has the streams, one after
// the other; applier_groups.cpp what one stream does; applier_trouble.cpp what follows a failure;
// applier_status.cpp what is told of it.

namespace asio = boost::asio;
using protocol::result;
using clock = std::chrono::steady_clock;
using clock_of_source = std::chrono::system_clock;
using read_result = result<std::optional<group>>;

// What wakes the coordinator; shared with the relay's callback, which may still run while the
// applier goes.
struct wake_up {
    explicit wake_up(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    std::atomic<bool> data{false};
    bool finished = false; // run() has ended: the applier may be gone
};

struct applier::impl {
    impl(asio::any_io_executor executor, asio::thread_pool& pool, relay::log& relay,
         applier_options options, const state::object_selection& selection,
         state::status_board& board)
        : executor_(executor), pool_(pool), relay_(relay), options_(std::move(options)),
          board_(board), store_(options_.task.apply.meta_database, options_.task.name),
          rules_(options_.from.copy_end, options_.from.by_gtid, options_.start_after,
                 options_.copied),
          conflicts_(options_.task, options_.kept), context_{options_.task,
                                                             selection,
                                                             store_,
                                                             rules_,
                                                             conflicts_,
                                                             relay_,
                                                             options_.copied,
                                                             options_.from.epoch,
                                                             options_.source_version,
                                                             options_.source_end,
                                                             stop_,
                                                             options_.on_step,
                                                             options_.reload},
          wake_(std::make_shared<wake_up>(executor_)), grace_(executor_),
          throttle_(executor_, pool_, options_.task, board_, stop_),
          catch_up_(executor_, pool_, context_, throttle_, board_,
                    [this] { wake_->timer.cancel(); }),
          catch_up_ended_(executor_), applied_(options_.from.applied) {
        context_.source_explicit_timestamps = options_.source_explicit_timestamps;
        rules_.set_programs_end(options_.programs_end);
        rules_.set_later_programs(options_.later_programs);
    }

    [[nodiscard]] asio::awaitable<result<void>> run();
    void stop();

    asio::any_io_executor executor_;
    asio::thread_pool& pool_;
    relay::log& relay_;
    applier_options options_;
    state::status_board& board_;
    checkpoint_store store_;
    apply_rules rules_;
    conflict_policy conflicts_;
    std::atomic<bool> stop_{false};
    stream_context context_;
    std::shared_ptr<wake_up> wake_;
    asio::steady_timer grace_;
    std::unique_ptr<apply_stream> stream_;
    std::unique_ptr<target_session> session_; // left over from the last try
    caution how_ = caution::none;
    protocol::binlog_position careful_until_;
    bool failed_in_group_ = false;    // the last try ended while rows were written
    bool failed_in_lanes_ = false;    // ... side by side
    bool end_may_come_later_ = false; // lanes::end_may_come_later()
    retry_delay delay_;
    std::unique_ptr<lanes> lanes_; // of the stream
    std::size_t lane_count_ = 0;
    lane_retreat retreat_;
    clock::time_point saved_{};
    throttle throttle_;

    catch_up catch_up_;
    asio::steady_timer catch_up_ended_;

    mutable std::mutex applied_mutex_;
    bool opened_ = false; // once: what is set aside is known
    state::source_position applied_;
    std::function<void(const state::source_position&)> on_commit_;

private:
    void listen();
    void stop_listening();
    // Until the end, with one stream after the other.
    [[nodiscard]] asio::awaitable<result<void>> follow();
    // Success: the stream is to be opened anew.
    [[nodiscard]] asio::awaitable<result<void>> try_once();
    // What nobody but the target keeps from being done is tried again.
    [[nodiscard]] asio::awaitable<void> wait_after(protocol::error error);
    // True when the task goes on without the table that stopped it.
    [[nodiscard]] asio::awaitable<bool> go_on_without_table(const protocol::error& error);
    // Tables that a statement of the source has made unknown are copied anew.
    [[nodiscard]] asio::awaitable<void> reload_tables(protocol::error error);
    // A statement about a large table goes to a stream of that table.
    [[nodiscard]] asio::awaitable<void> part_long_statement(protocol::error error);
    // True when a statement waits no longer for tables whose copy is ahead of it.
    [[nodiscard]] asio::awaitable<bool> take_in_tables(protocol::error error);
    [[nodiscard]] asio::awaitable<result<void>> follow_stream();
    [[nodiscard]] asio::awaitable<result<void>> execute_alone(group work,
                                                              std::optional<read_result>& next);
    [[nodiscard]] asio::awaitable<result<void>> execute_in_lane(lane_work work);
    [[nodiscard]] asio::awaitable<result<void>> nothing_to_do();
    [[nodiscard]] asio::awaitable<result<apply_stream::unit>>
    read(std::optional<read_result>& next);
    [[nodiscard]] result<apply_stream::unit> make_unit(read_result read,
                                                       std::optional<std::uint64_t> committed);
    [[nodiscard]] asio::awaitable<read_result> read_stream();
    [[nodiscard]] bool may_use_lanes() const;
    void open_lanes(std::size_t count);
    void committed_in_lane(const lane_work& work, clock::duration took);
    [[nodiscard]] asio::awaitable<result<void>> drained();
    [[nodiscard]] std::chrono::milliseconds until_saved() const;
    [[nodiscard]] asio::awaitable<result<void>> save_position(bool is_drained);
    [[nodiscard]] asio::awaitable<result<void>> write(const group& work,
                                                      std::optional<read_result>& next);
    [[nodiscard]] asio::awaitable<void> wait(std::chrono::milliseconds at_most);
    [[nodiscard]] asio::awaitable<void> sleep_until(clock::time_point until);
    // True when another try is to be made, after the wait that it takes.
    [[nodiscard]] asio::awaitable<bool> try_again(protocol::error& error);
    [[nodiscard]] asio::awaitable<void> close_stream();
    void go_on_alone(const protocol::error& error);
    void publish(bool is_drained);
    // Of what is not committed on the target; 0: there is nothing.
    void note_oldest(clock_of_source::time_point committed);
    void relax_caution();
};

} // namespace understudy::applier
