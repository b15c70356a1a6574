#include "apps/task_run.hpp"

#include "applier/column_fit_store.hpp"
#include "applier/errc.hpp"
#include "applier/followed_store.hpp"
#include "applier/prepared_store.hpp"
#include "applier/program_copies.hpp"
#include "applier/quarantine_store.hpp"
#include "applier/upstream_store.hpp"
#include "apps/data_dir.hpp"
#include "apps/interruption.hpp"
#include "apps/source_watch.hpp"
#include "precheck/precheck.hpp"
#include "protocol/errc.hpp"
#include "protocol/net/connection.hpp"
#include "relay/errc.hpp"
#include "relay/server_turn.hpp"
#include "relay/successor.hpp"
#include "snapshot/errc.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <random>
#include <string>
#include <utility>

namespace understudy::apps {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto tick_interval = 500ms;
constexpr auto watch_interval = 10s;
constexpr auto clock_interval = 60s;
constexpr unsigned pool_threads_beside_copy = 3;

std::string name_of_run() {
    std::random_device random;
    return fmt::format("{:08x}{:08x}", random(), random());
}

constexpr std::string_view behind =
    "is behind the task, and the source no longer has what lies between";

bool has_failed(const precheck::report& report, std::string_view id) {
    return std::ranges::any_of(report.items, [id](const precheck::item& item) {
        return item.id == id && item.state == precheck::outcome::failed && !item.waived;
    });
}

} // namespace

task_run::task_run(const state::task_spec& task, state::task_directory& directory,
                   const state::object_selection& selection, run_options options,
                   run_progress& progress, state::status_board& board)
    : task_(task), directory_(directory), selection_(selection), options_(options),
      progress_(progress), board_(board), work_loop_(1),
      pool_(task.initial.connections + pool_threads_beside_copy),
      checkpoints_(task.apply.meta_database, task.name), takeover_(checkpoints_, name_of_run()),
      receiver_ended_(work_loop_), ticker_(work_loop_), watcher_(work_loop_) {
    task_.target.attributes = takeover_.attributes();
    receiver_ended_.expires_at(asio::steady_timer::time_point::max());
}

task_run::~task_run() = default;

protocol::result<void> task_run::run(std::stop_token stop) {
    std::optional<protocol::result<void>> ended;
    std::exception_ptr thrown;
    asio::co_spawn(work_loop_, drive(),
                   [&](std::exception_ptr exception, protocol::result<void> value) {
                       thrown = exception;
                       ended = std::move(value);
                       finished_ = true;
                       ticker_.cancel();
                       watcher_.cancel();
                   });
    asio::co_spawn(work_loop_, tick(), [&](std::exception_ptr exception) {
        if (exception) thrown = exception;
    });
    asio::co_spawn(work_loop_, watch_source(), [&](std::exception_ptr exception) {
        if (exception) thrown = exception;
    });
    const std::stop_callback on_stop(stop,
                                     [this] { asio::post(work_loop_, [this] { begin_stop(); }); });
    work_loop_.run();

    pool_.join();
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*ended);
}

task_run::step<> task_run::drive() {
    if (auto known = read_identity(); !known) co_return std::unexpected(known.error());
    set_phase(state::phase::prechecking);
    if (auto checked = co_await look_around(); !checked) co_return std::unexpected(checked.error());
    if (stopping_) co_return protocol::result<void>{};
    auto facts = co_await ask_source();
    if (!facts) co_return std::unexpected(facts.error());
    source_end_ = facts->written;
    if (std::holds_alternative<caught_up_goal>(options_.until) && !progress_.goal)
        progress_.goal = *facts;
    auto ended = co_await copy_and_stream(*std::move(facts));
    set_phase(state::phase::stopping);
    co_await join_receiver();
    // Whoever stops first takes the others along; what they say then is not the cause.
    const bool only_cancelled = !ended && (ended.error().code == applier::errc::cancelled ||
                                           ended.error().code == snapshot::errc::cancelled);
    if (only_cancelled) ended = {};
    if (ended && goal_reached_) ended = check_complete();
    if (receiver_error_ && ended && !goal_reached_) ended = std::unexpected(*receiver_error_);
    if (!ended && ended.error().code == protocol::errc::binlog_position_lost && is_stale_share()) {
        give_up_share(std::string(behind));
        ended.error().code = make_error_code(applier::errc::connection_lost);
    }
    if (!supply_) co_return ended;
    if (auto flushed = supply_->log().flush(true); ended && !flushed)
        ended = std::unexpected(flushed.error());
    co_return ended;
}

task_run::step<> task_run::copy_and_stream(protocol::net::source_facts facts) {
    if (!checkpoint_) {
        if (auto prepared = co_await prepare_first_start(facts); !prepared) co_return prepared;
    }
    auto epoch = takeover_.execute(*target_, progress_.epoch);
    if (!epoch) co_return std::unexpected(epoch.error());
    checkpoint_->epoch = *epoch;
    progress_.epoch = *epoch;
    if (upstream_) {
        const applier::upstream_store store(task_.apply.meta_database, task_.name);
        if (auto kept = store.save(*target_, checkpoints_, *epoch, *upstream_); !kept)
            co_return kept;
    }
    if (std::holds_alternative<gtid_goal>(options_.until) && !checkpoint_->by_gtid) {
        co_return protocol::fail(applier::errc::target_refused,
                                 "until names GTIDs, and this task follows its source by file and "
                                 "position");
    }
    board_.update([this](state::status& now) { now.applied = checkpoint_->applied.binlog; });

    if (!supply_) {
        if (auto opened = open_relay(); !opened) co_return opened;
    }
    start_receiver(checkpoint_->by_gtid);
    if (checkpoint_->now == applier::checkpoint::stage::streaming)
        supply_->allow_switch(checkpoint_->copy_end);
    auto copied = co_await initial_copy();
    if (!copied) co_return std::unexpected(std::move(copied.error()));
    if (stopping_ || receiver_error_) co_return protocol::result<void>{};
    co_return co_await stream(*std::move(copied));
}

protocol::result<void> task_run::connect_target() {
    auto session = applier::target_session::connect(
        task_.target, [this](std::string text) { board_.warn(std::move(text)); });
    if (!session) return std::unexpected(session.error());
    target_ = std::move(*session);
    progress_.target_reached = true;
    return {};
}

// The checkpoint decides what is to be checked: a target that comes up only during the check is
// asked for it, and all is looked at anew.
task_run::step<> task_run::look_around() {
    for (;;) {
        if (auto loaded = co_await load_checkpoint(); !loaded)
            co_return std::unexpected(loaded.error());
        if (checkpoint_) {
            if (auto opened = open_relay(); !opened) co_return std::unexpected(opened.error());
        }
        if (!task_.source_hosts.empty()) co_await choose_source();
        const bool asked = target_ != nullptr;
        const auto report = co_await precheck();
        if (is_stale_share() && has_failed(report, "source.start_position")) {
            give_up_share(std::string(behind));
            supply_.reset();
            continue;
        }
        if (asked || stopping_ || !report.target.reached) co_return judge(report);
    }
}

// A target that cannot be reached is precheck's to explain; here it only means that no checkpoint
// is known.
task_run::step<> task_run::load_checkpoint() {
    if (!connect_target()) co_return protocol::result<void>{};
    auto loaded = checkpoints_.load(*target_);
    if (!loaded) co_return std::unexpected(loaded.error());
    checkpoint_ = std::move(*loaded);
    // Tables that an older version did not have.
    if (!checkpoint_) co_return protocol::result<void>{};
    if (auto prepared = checkpoints_.prepare(*target_); !prepared) co_return prepared;
    if (auto loaded_names = load_followed(); !loaded_names) co_return loaded_names;
    if (auto fits = load_fits(); !fits) co_return fits;
    for (const auto& [table, fit] : selection_.fits())
        board_.warn(fit.describe(table.to_string()));
    co_return protocol::result<void>{};
}

// Tables that go into others than the source's, as the copy has found them.
protocol::result<void> task_run::load_fits() {
    auto fits = applier::column_fit_store(task_.apply.meta_database, task_.name).load(*target_);
    if (!fits) return std::unexpected(std::move(fits.error()));
    selection_ = selection_.fitting(*std::move(fits));
    return {};
}

protocol::result<void> task_run::load_followed() {
    auto names = applier::followed_store(task_.apply.meta_database, task_.name).load(*target_);
    if (!names) return std::unexpected(std::move(names.error()));
    selection_ = selection_.following(*std::move(names));
    return {};
}

// The first of the hosts that can be followed from where we are; where there is none the precheck
// says what is wrong with the first.
asio::awaitable<void> task_run::choose_source() {
    for (const auto& address : task_.source_hosts) {
        auto source = task_.source.at(address);
        const auto judged = co_await judge_source(source);
        if (stopping_) co_return;
        if (judged) {
            task_.source = std::move(source);
            co_return;
        }
        board_.warn(address.host + ":" + std::to_string(address.port) +
                    " is not followed: " + judged.error().what);
    }
}

task_run::step<> task_run::judge_source(protocol::connect_options source) {
    auto opened =
        co_await protocol::net::connection::open(work_loop_.get_executor(), std::move(source), {});
    if (!opened) co_return std::unexpected(opened.error());
    const auto facts = co_await protocol::net::read_source_facts(**opened);
    co_await (*opened)->close();
    if (!facts) co_return std::unexpected(facts.error());
    if (!checkpoint_) co_return protocol::result<void>{};
    const auto end = supply_->log().end();
    const bool copied = checkpoint_->now == applier::checkpoint::stage::streaming &&
                        end.binlog >= checkpoint_->copy_end;
    const auto last = relay::server_turn::of(end.binlog.file, checkpoint_->source_uuid);
    if (!copied && facts->server_uuid != last.server) {
        co_return protocol::fail(relay::errc::wrong_source,
                                 "the initial copy of server " + last.server.to_string() +
                                     " is not through, and this is another server");
    }
    if (!supply_is_shared_) co_return relay::check_successor(*facts, end.executed, end.executed);
    auto all = checkpoint_->applied.executed;
    all.add(end.executed);
    co_return relay::check_successor(*facts, checkpoint_->applied.executed, all);
}

asio::awaitable<understudy::precheck::report> task_run::precheck() {
    precheck::context known;
    known.first_start = !checkpoint_;
    known.server_id = identity_.server_id;
    known.server_uuid = identity_.server_uuid;
    known.shares_identity = !task_.relay.share.empty();
    known.free_bytes = free_bytes(directory_.relay_path());
    if (checkpoint_) {
        known.source_uuid = checkpoint_->source_uuid;
        // What the relay holds the source may have purged.
        known.start = supply_->log().end();
        const auto& applied = checkpoint_->applied;
        if (supply_is_shared_) {
            // It can be behind the task, and grows meanwhile: with transactions, too, that the
            // source has in its log and has not committed yet.
            known.received = known.start->executed;
            known.start->executed = applied.executed;
            known.start->binlog = std::max(known.start->binlog, applied.binlog);
        }
        if (!checkpoint_->by_gtid) known.start->executed = {};
    }
    auto report = co_await precheck::check(work_loop_.get_executor(), pool_, task_, selection_,
                                           std::move(known));
    upstream_ = report.upstream;
    progress_.source_reached |= report.source.reached;
    progress_.target_reached |= report.target.reached;
    for (const auto& item : report.items) {
        if (item.state == precheck::outcome::failed && item.level == precheck::severity::warning)
            board_.warn(item.title + ": " + item.seen +
                        (item.fix.empty() ? "" : " (" + item.fix + ")"));
    }
    co_return report;
}

protocol::result<void> task_run::judge(const understudy::precheck::report& report) const {
    if (report.passed()) return {};
    const bool interrupted =
        (report.source.lost && (options_.patient || progress_.source_reached)) ||
        (report.target.lost && (options_.patient || progress_.target_reached));
    const auto code = interrupted ? applier::errc::connection_lost : applier::errc::target_refused;
    return protocol::fail(code, "the precheck did not pass\n" + to_text(report, false));
}

task_run::step<protocol::net::source_facts> task_run::ask_source() {
    auto source = co_await protocol::net::connection::open(
        work_loop_.get_executor(), task_.source,
        [this](std::string text) { board_.warn(std::move(text)); });
    if (!source) co_return std::unexpected(source.error());
    co_await read_clock(**source);
    auto facts = co_await protocol::net::read_source_facts(**source);
    source_version_ = (*source)->server().version_number;
    if (facts) source_explicit_timestamps_ = facts->explicit_defaults_for_timestamp;
    auto names = co_await (*source)->query("SELECT @@GLOBAL.lower_case_table_names");
    if (!names) co_return std::unexpected(std::move(names.error()));
    const std::string mode = names->rows.at(0).at(0).value_or("0");
    co_await (*source)->close();
    if (mode == "2") {
        co_return protocol::fail(
            applier::errc::target_refused,
            "the source has lower_case_table_names = 2 (macOS): its log has the names of tables in "
            "two ways, so it cannot be told which table a statement is about. Follow a server that "
            "has 0 or 1");
    }
    selection_.set_case_insensitive(mode != "0");
    if (auto included = selection_.check_renamed_names(); !included)
        co_return protocol::wrap(std::move(included.error()), "objects.rename");
    co_return facts;
}

task_run::step<> task_run::prepare_first_start(const protocol::net::source_facts& facts) {
    if (auto prepared = checkpoints_.prepare(*target_); !prepared)
        co_return std::unexpected(prepared.error());
    auto start = co_await first_point(facts);
    if (!start) co_return std::unexpected(start.error());
    if (!start->by_gtid && !task_.source_hosts.empty()) {
        co_return protocol::fail(
            applier::errc::target_refused,
            "source.hosts names several servers, and positions of one mean nothing on another: it "
            "needs gtid_mode = ON on the source, or source.host alone");
    }
    applier::checkpoint fresh;
    fresh.source_uuid = supply_ ? supply_->log().source() : start->source_uuid;
    fresh.by_gtid = start->by_gtid;
    fresh.applied = std::move(start->position);
    // Before the checkpoint, or a crash between the two would forget it.
    const applier::prepared_store prepared(task_.apply.meta_database, task_.name);
    if (auto noted = prepared.note_unknown(*target_, !start->prepared_have_ended); !noted)
        co_return std::unexpected(noted.error());
    if (auto created = checkpoints_.create(*target_, fresh); !created)
        co_return std::unexpected(created.error());
    checkpoint_ = std::move(fresh);
    co_return protocol::result<void>{};
}

// What cannot be read now is read later; it only makes the lag less exact.
asio::awaitable<void> task_run::read_clock(protocol::net::connection& source) {
    constexpr int questions = 5;
    using clock = std::chrono::system_clock;
    for (int i = 0; i < questions; ++i) {
        const auto sent = clock::now();
        const auto theirs = co_await protocol::net::read_clock(source);
        if (!theirs) co_return;
        source_clock_.add(sent, clock::now(), *theirs);
    }
    board_.update([this](state::status& now) { now.source_clock = source_clock_.current(); });
}

task_run::step<> task_run::stream(snapshot::copy_outcome copied) {
    supply_->allow_switch(checkpoint_->copy_end);
    if (auto reached = co_await reach_start(); !reached) co_return reached;
    if (stopping_ || receiver_error_) co_return protocol::result<void>{};
    if (auto followed = co_await follow_objects(); !followed) co_return followed;
    applier::applier_options options;
    options.task = task_;
    options.from = *checkpoint_;
    options.source_version = source_version_;
    options.source_explicit_timestamps = source_explicit_timestamps_;
    options.source_end = source_end_;
    options.start_after = std::move(copied.start_after);
    options.copied = std::move(copied.copied);
    if (task_.conflict.policy == state::task_spec::existing_tables::ignore)
        options.kept = std::move(copied.kept);
    options.programs_end = std::move(copied.programs_end);
    options.saves_notes_soon = !std::holds_alternative<no_goal>(options_.until);
    const applier::program_copies later(task_.apply.meta_database, task_.name);
    auto ends = later.keep_only(*target_, checkpoints_, checkpoint_->epoch,
                                checkpoint_->applied.binlog, selection_);
    if (!ends) co_return std::unexpected(std::move(ends.error()));
    options.later_programs = *std::move(ends);
    reload_ = std::make_unique<snapshot::table_reload>(
        snapshot::table_reload::parts{.executor = work_loop_.get_executor(),
                                      .pool = pool_,
                                      .task = task_,
                                      .selection = selection_,
                                      .relay = supply_->log(),
                                      .board = board_,
                                      .may_pass = is_interruption});
    options.reload = reload_.get();
    applier_ = std::make_unique<applier::applier>(work_loop_.get_executor(), pool_, supply_->log(),
                                                  std::move(options), selection_, board_);
    target_.reset();
    applier_->on_commit([this](const state::source_position& applied) { on_applied(applied); });
    on_applied(checkpoint_->applied);
    if (stopping_ || goal_reached_ || receiver_error_) co_return protocol::result<void>{};
    co_return co_await applier_->run();
}

void task_run::on_applied(const state::source_position& applied) {
    const auto& copy_end = checkpoint_->copy_end;
    const bool exact = copy_end.file.empty() || passed(copy_end, applied);
    set_phase(exact ? state::phase::streaming : state::phase::catching_up);
    if (exact) check_goal(applied);
}

void task_run::check_goal(const state::source_position& applied) {
    // What is set aside is known once the stream has been opened.
    const bool known = applier_->needed().has_value();
    if (goal_reached_ || !known || !is_goal_reached(applied) || applier_->is_catching_up()) return;
    goal_reached_ = true;
    applier_->stop();
}

// Not all of it is on the target while a table waits for being mended.
protocol::result<void> task_run::check_complete() const {
    const auto now = board_.read();
    if (now.quarantine.empty()) return {};
    const auto& first = now.quarantine.front();
    return protocol::fail(applier::errc::quarantined,
                          "all that was to be reached is committed on the target but for tables "
                          "that are set aside: " +
                              first.tables.front() + ", from " + first.from.to_string() +
                              " on: " + first.why);
}

bool task_run::is_goal_reached(const state::source_position& applied) const {
    if (const auto* goal = std::get_if<gtid_goal>(&options_.until))
        return applied.executed.contains(goal->transactions);
    if (!progress_.goal) return false;
    return checkpoint_->by_gtid ? applied.executed.contains(progress_.goal->gtid_executed)
                                : passed(progress_.goal->written, applied);
}

// A source that cannot be asked now is asked at the next tick.
asio::awaitable<void> task_run::set_goal_in_time() {
    const auto* goal = std::get_if<time_goal>(&options_.until);
    if (goal == nullptr || progress_.goal || std::chrono::system_clock::now() < goal->at) co_return;
    if (auto facts = co_await ask_source()) progress_.goal = std::move(*facts);
}

bool task_run::passed(const protocol::binlog_position& position,
                      const state::source_position& applied) const {
    if (applied.binlog >= position) return true;
    const auto received = supply_->log().end();
    return received.binlog >= position && applied.binlog >= received.binlog;
}

void task_run::begin_stop() {
    stopping_ = true;
    first_point_stop_.stop();
    if (copier_) copier_->stop();
    if (applier_) applier_->stop();
}

// Relay figures and retention; also notices the goal when the log behind the last group holds
// nothing to commit.
asio::awaitable<void> task_run::tick() {
    boost::system::error_code woken;
    while (!finished_) {
        rates_.add(board_.read(), std::chrono::steady_clock::now());
        board_.update([speed = rates_.current()](state::status& now) {
            now.rows_per_second = speed.applied_rows;
            now.bytes_per_second = speed.applied_bytes;
        });
        if (supply_) {
            const auto size = supply_->log().size();
            board_.update([&](state::status& now) {
                now.relay_stored_bytes = size.stored_bytes;
                now.relay_raw_bytes = size.raw_bytes;
            });
        }
        if (applier_ && !stopping_ && !goal_reached_) {
            co_await set_goal_in_time();
            const auto applied = applier_->applied();
            on_applied(applied);
            const auto needed = applier_->needed();
            if (auto retired = needed ? supply_->log().retire(*needed) : protocol::result<void>{};
                !retired)
                board_.warn(retired.error().what);
        }
        ticker_.expires_after(tick_interval);
        co_await ticker_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

// A source that says nothing is asked whether it is still what it was.
asio::awaitable<void> task_run::watch_source() {
    protocol::connect_options source = task_.source;
    source.connect_timeout = 2s; // the longest that this holds up a stop
    boost::system::error_code woken;
    std::optional<state::source_position> held;
    auto clock_read = std::chrono::steady_clock::now();
    while (!finished_) {
        watcher_.expires_after(watch_interval);
        co_await watcher_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if (finished_ || stopping_ || goal_reached_ || !applier_) continue;
        const auto before = std::exchange(held, applier_->applied());
        const bool idle =
            before && before->binlog == held->binlog && supply_->log().end().binlog == held->binlog;
        const bool clock_is_old = std::chrono::steady_clock::now() - clock_read > clock_interval;
        if (!idle && !clock_is_old) continue;
        auto link = co_await protocol::net::connection::open(work_loop_.get_executor(), source, {});
        if (!link) continue; // the receiver's to tell
        if (clock_is_old) co_await read_clock(**link);
        if (clock_is_old) clock_read = std::chrono::steady_clock::now();
        if (!idle) {
            co_await (*link)->close();
            continue;
        }
        auto facts = co_await protocol::net::read_source_facts(**link);
        co_await (*link)->close();
        if (!facts || finished_ || stopping_ || !receiver_running_) continue;
        auto same = check_still_same(*facts, *before, checkpoint_->by_gtid);
        if (!same) fail_source(std::move(same.error()));
    }
}

void task_run::set_phase(state::phase value) {
    board_.update([value](state::status& now) { now.now = value; });
    if (options_.on_phase) options_.on_phase(value);
}

} // namespace understudy::apps
