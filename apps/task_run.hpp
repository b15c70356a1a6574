#pragma once

#include "applier/applier.hpp"
#include "applier/checkpoint_store.hpp"
#include "applier/ddl_scan.hpp"
#include "applier/takeover.hpp"
#include "apps/progress_rates.hpp"
#include "apps/relay_supply.hpp"
#include "apps/shared_relays.hpp"
#include "apps/task_runner.hpp"
#include "precheck/report.hpp"
#include "protocol/net/replica_session.hpp"
#include "relay/log.hpp"
#include "relay/server_turn.hpp"
#include "snapshot/snapshot.hpp"
#include "snapshot/stop_signal.hpp"
#include "snapshot/table_reload.hpp"
#include "state/clock_offset.hpp"
#include "state/object_selection.hpp"
#include "state/position.hpp"
#include "state/status_board.hpp"
#include "state/task_directory.hpp"
#include "state/task_spec.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace understudy::apps {

// What an attempt at a run leaves to the next one, made after a server went away.
struct run_progress {
    // Reached at least once, so that being out of reach is an interruption and not a mistake in the
    // task file.
    bool source_reached = false;
    bool target_reached = false;
    // What the source had when the first attempt began, or at the time that is the goal.
    std::optional<protocol::net::source_facts> goal;
    unsigned copies_discarded = 0; // because a DDL ran meanwhile
    // The shared relay log has not what the task needs, nor has the source.
    bool without_share = false;
    // Of the last attempt that took the task over.
    std::optional<std::uint64_t> epoch;
};

// One attempt at a run of a task: owns the loops, the pool and the stages, and the order in which
// they start and stop.
//   calling thread: work_loop   precheck, initial copy, applier's coordinator
//   thread of the relay supply  the receiver alone, so that a blocked relay holds up nobody else
//   pool                        blocking calls to the target
// Made, run once and destroyed by run_task.
class task_run {
public:
    task_run(const state::task_spec& task, state::task_directory& directory,
             const state::object_selection& selection, run_options options, run_progress& progress,
             state::status_board& board);
    ~task_run();

    [[nodiscard]] protocol::result<void> run(std::stop_token stop);

private:
    template<class T = void>
    using step = boost::asio::awaitable<protocol::result<T>>;

    [[nodiscard]] step<> drive();
    [[nodiscard]] protocol::result<void> connect_target();
    [[nodiscard]] step<> load_checkpoint();
    [[nodiscard]] boost::asio::awaitable<void> choose_source();
    [[nodiscard]] step<> judge_source(protocol::connect_options source);
    [[nodiscard]] boost::asio::awaitable<understudy::precheck::report> precheck();
    [[nodiscard]] protocol::result<void> judge(const understudy::precheck::report& report) const;
    [[nodiscard]] step<> look_around();
    [[nodiscard]] step<protocol::net::source_facts> ask_source();
    [[nodiscard]] boost::asio::awaitable<void> read_clock(protocol::net::connection& source);
    [[nodiscard]] step<> copy_and_stream(protocol::net::source_facts facts);
    [[nodiscard]] step<> prepare_first_start(const protocol::net::source_facts& facts);
    [[nodiscard]] step<snapshot::start_point> first_point(const protocol::net::source_facts& facts);
    [[nodiscard]] protocol::result<void> read_identity();
    [[nodiscard]] protocol::result<relay::log_options>
    relay_options(const protocol::uuid& source) const;
    // Leaves a supply; own or shared.
    [[nodiscard]] protocol::result<void> open_relay();
    [[nodiscard]] protocol::result<void> open_own();
    // These leave one if the shared relay log has what the task needs.
    [[nodiscard]] protocol::result<void> join_shared();
    [[nodiscard]] protocol::result<void> join_shared(const shared_relays::request& wanted);
    [[nodiscard]] bool is_stale_share() const;
    void give_up_share(const std::string& why);
    [[nodiscard]] protocol::result<void> warn_of_waiting();
    void start_receiver(bool by_gtid);
    // what: stands at the position, for the operator; empty: nothing is said.
    [[nodiscard]] boost::asio::awaitable<void> wait_for_relay(protocol::binlog_position position,
                                                              std::string what);
    [[nodiscard]] step<> reach_start();
    [[nodiscard]] std::unique_ptr<snapshot::copier> make_copier();
    [[nodiscard]] step<snapshot::copy_outcome> initial_copy();
    [[nodiscard]] step<snapshot::copy_outcome> checked_copy();
    [[nodiscard]] step<applier::definition_changes> changes_during_copy();
    [[nodiscard]] step<applier::definition_changes> changes_until(state::object_selection selection,
                                                                  protocol::binlog_position end,
                                                                  std::string what);
    [[nodiscard]] protocol::result<snapshot::copy_outcome>
    keep_parted(const std::set<state::object_name>& parted,
                protocol::result<snapshot::copy_outcome> copied);
    [[nodiscard]] bool may_part_copy() const;
    [[nodiscard]] protocol::result<std::set<state::object_name>> parted_tables();
    [[nodiscard]] protocol::result<void>
    part_tables(const std::vector<applier::definition_change>& changes,
                const std::set<state::object_name>& parted);
    // Gives the reason for another attempt, or for giving up.
    [[nodiscard]] boost::asio::awaitable<protocol::error> discard_copy(std::string ddl);
    [[nodiscard]] protocol::result<void> load_followed();
    [[nodiscard]] protocol::result<void> load_fits();
    [[nodiscard]] step<> follow_objects();
    [[nodiscard]] step<> copy_differing(state::object_selection before);
    [[nodiscard]] step<> copy_programs(std::set<std::string> databases);
    [[nodiscard]] relay::server_turn followed_turn() const;
    [[nodiscard]] step<std::optional<std::string>>
    change_of_programs(state::object_selection selection, snapshot::copy_outcome copied);
    [[nodiscard]] step<std::optional<std::string>>
    change_behind_failure(state::object_selection selection, protocol::error why);
    [[nodiscard]] boost::asio::awaitable<void> wait_for_turn(protocol::uuid server);
    [[nodiscard]] protocol::result<void> ask_for_copies(std::set<state::object_name> tables);
    [[nodiscard]] protocol::result<void> check_free(const state::object_name& table);
    [[nodiscard]] step<> stream(snapshot::copy_outcome copied);
    [[nodiscard]] boost::asio::awaitable<void> join_receiver();
    [[nodiscard]] boost::asio::awaitable<void> tick();
    [[nodiscard]] boost::asio::awaitable<void> watch_source();

    void begin_stop();
    void on_receiver_end(protocol::result<void> ended);
    void fail_source(protocol::error why);
    void on_applied(const state::source_position& applied);
    void check_goal(const state::source_position& applied);
    [[nodiscard]] protocol::result<void> check_complete() const;
    [[nodiscard]] bool is_goal_reached(const state::source_position& applied) const;
    [[nodiscard]] boost::asio::awaitable<void> set_goal_in_time();
    void set_phase(state::phase value);
    // Everything the source had logged up to `position` is applied (what comes behind our last
    // group holds no group).
    [[nodiscard]] bool passed(const protocol::binlog_position& position,
                              const state::source_position& applied) const;

    state::task_spec task_; // with the source that was chosen of its hosts
    state::task_directory& directory_;
    state::object_selection selection_;             // with renamed tables that are followed
    std::optional<std::set<std::string>> upstream_; // as the precheck has seen it
    const run_options options_;
    run_progress& progress_;
    state::status_board& board_;

    boost::asio::io_context work_loop_;
    boost::asio::thread_pool pool_;

    state::task_directory::identity identity_;
    applier::checkpoint_store checkpoints_;
    applier::takeover takeover_;
    std::unique_ptr<applier::target_session>
        target_; // for the checkpoint before the applier takes over
    std::optional<applier::checkpoint> checkpoint_;
    std::uint32_t source_version_ = 0;
    std::optional<bool> source_explicit_timestamps_;
    protocol::binlog_position source_end_; // of its log, when the task was started

    std::unique_ptr<relay_supply> supply_;
    bool supply_is_shared_ = false;
    snapshot::stop_signal first_point_stop_;
    std::unique_ptr<snapshot::copier> copier_;
    protocol::binlog_position programs_looked_at_; // the last statement that a failure was laid to
    std::unique_ptr<snapshot::table_reload> reload_;
    std::unique_ptr<applier::applier> applier_;

    bool stopping_ = false;
    bool receiver_started_ = false;
    bool receiver_running_ = false;
    bool finished_ = false;
    std::optional<protocol::error> receiver_error_;
    boost::asio::steady_timer receiver_ended_;
    boost::asio::steady_timer ticker_;
    boost::asio::steady_timer watcher_;

    bool goal_reached_ = false;
    state::clock_offset source_clock_;
    progress_rates rates_;
};

} // namespace understudy::apps
