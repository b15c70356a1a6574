// Which relay log a run reads, and the receiver behind it.

#include "applier/errc.hpp"
#include "applier/quarantine_store.hpp"
#include "apps/own_relay.hpp"
#include "apps/shared_relays.hpp"
#include "apps/task_run.hpp"
#include "protocol/assert.hpp"
#include "relay/errc.hpp"
#include "state/durable_file.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

namespace understudy::apps {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using state::file_error;

namespace {

// As the definition has it, whichever of its hosts was chosen.
std::string source_address(const state::task_spec& task) {
    if (task.source_hosts.empty()) return task.source.address();
    std::string all;
    for (const auto& host : task.source_hosts)
        all += (all.empty() ? "" : ",") + host.host + ":" + std::to_string(host.port);
    return all;
}

bool is_own(const std::filesystem::path& relay) {
    std::error_code failure;
    return std::filesystem::is_directory(std::filesystem::symlink_status(relay, failure));
}

// What looks for the relay log of a task finds it where it always is. A crash leaves the log, or
// nothing, or the link: never a part of the log.
protocol::result<void> link_to(const std::filesystem::path& relay,
                               const std::filesystem::path& shared) {
    std::error_code failure;
    const std::filesystem::path fresh = relay.string() + ".new";
    const std::filesystem::path old = relay.string() + ".old";
    std::filesystem::remove(fresh, failure);
    std::filesystem::remove_all(old, failure);
    if (is_own(relay)) std::filesystem::rename(relay, old, failure);
    if (!failure) {
        std::filesystem::create_directory_symlink(
            std::filesystem::relative(shared, relay.parent_path()), fresh, failure);
    }
    if (!failure) std::filesystem::rename(fresh, relay, failure);
    if (!failure) std::filesystem::remove_all(old, failure);
    if (failure) return file_error(relay, failure);
    return {};
}

// What a crash in link_to left of the task's own.
protocol::result<void> put_back(const std::filesystem::path& relay) {
    std::error_code failure;
    const std::filesystem::path old = relay.string() + ".old";
    const bool is_there = std::filesystem::exists(std::filesystem::symlink_status(relay, failure));
    if (!is_there && std::filesystem::exists(old)) std::filesystem::rename(old, relay, failure);
    if (failure && failure != std::errc::no_such_file_or_directory)
        return file_error(relay, failure);
    return {};
}

protocol::result<void> unlink_shared(const std::filesystem::path& relay) {
    std::error_code failure;
    if (std::filesystem::is_symlink(std::filesystem::symlink_status(relay, failure)))
        std::filesystem::remove(relay, failure);
    if (failure && failure != std::errc::no_such_file_or_directory)
        return file_error(relay, failure);
    return {};
}

} // namespace

// As a replica of the source; the tasks of one shared relay log are one replica.
protocol::result<void> task_run::read_identity() {
    const auto identity = task_.relay.share.empty() ? directory_.our_identity()
                                                    : options_.shares->identity(task_.relay.share);
    if (!identity) return std::unexpected(identity.error());
    identity_ = *identity;
    if (task_.replica.server_id != 0) identity_.server_id = task_.replica.server_id;
    return {};
}

protocol::result<relay::log_options> task_run::relay_options(const protocol::uuid& source) const {
    relay::log_options options;
    options.directory = directory_.relay_path();
    options.source_uuid = source;
    options.segment_bytes_max = task_.relay.segment_bytes;
    options.frame_bytes_max = task_.relay.frame_bytes;
    options.memory_bytes_max = task_.relay.memory_bytes;
    options.zstd_level = task_.relay.zstd_level;
    options.sync_interval = task_.relay.sync_interval;
    options.disk_reserve_bytes = task_.relay.disk_reserve_bytes;
    options.retention_bytes_max = task_.relay.bytes_max;
    options.retention_age_max = task_.relay.age_max;
    options.key_index_bytes_max = task_.relay.key_index_bytes;
    auto keys =
        relay::key_ring::open({task_.relay.encryption.key_file, task_.relay.encryption.key_env});
    if (!keys) return std::unexpected(keys.error());
    options.keys = std::move(*keys);
    return options;
}

protocol::result<void> task_run::open_relay() {
    UNDERSTUDY_ASSERT(options_.shares != nullptr);
    supply_is_shared_ = false;
    if (auto there = put_back(directory_.relay_path()); !there) return there;
    if (!task_.relay.share.empty()) {
        if (auto joined = join_shared(); !joined || supply_) return joined;
        const auto own = directory_.our_identity();
        if (!own) return std::unexpected(own.error());
        identity_ = *own;
    }
    if (auto left = options_.shares->forget(task_.name); !left) return left;
    return open_own();
}

protocol::result<void> task_run::join_shared() {
    if (progress_.without_share) return {};
    auto options = relay_options(checkpoint_->source_uuid);
    if (!options) return std::unexpected(std::move(options.error()));
    const auto aside = applier::quarantine_store(checkpoints_).load(*target_);
    if (!aside) return std::unexpected(aside.error());
    const auto relay = directory_.relay_path();
    shared_relays::request wanted{.share = task_.relay.share,
                                  .task = task_.name,
                                  .options = *std::move(options),
                                  .address = source_address(task_),
                                  .may_be_other = !task_.source_hosts.empty(),
                                  .by_gtid = checkpoint_->by_gtid,
                                  .from = checkpoint_->applied,
                                  .needed = checkpoint_->applied.binlog,
                                  .copies =
                                      checkpoint_->now != applier::checkpoint::stage::streaming,
                                  .own = is_own(relay) ? relay : std::filesystem::path()};
    for (const auto& entry : *aside) {
        if (!entry.is_asked()) wanted.needed = std::min(wanted.needed, entry.from);
    }
    return join_shared(wanted);
}

protocol::result<void> task_run::join_shared(const shared_relays::request& wanted) {
    auto joined = options_.shares->join(wanted);
    if (!joined) return std::unexpected(std::move(joined.error()));
    if (!joined->warning.empty()) board_.warn(std::move(joined->warning));
    if (joined->supply == nullptr) {
        give_up_share(joined->why_not);
        return {};
    }
    if (auto left = options_.shares->forget(task_.name, wanted.share); !left) return left;
    if (auto linked = link_to(directory_.relay_path(), options_.shares->relay_path(wanted.share));
        !linked)
        return linked;
    supply_ = std::move(joined->supply);
    supply_is_shared_ = true;
    return {};
}

// The shared relay log is behind the task, and the source no longer has what is between.
bool task_run::is_stale_share() const {
    return supply_is_shared_ &&
           (!checkpoint_ || supply_->log().end().binlog < checkpoint_->applied.binlog);
}

void task_run::give_up_share(const std::string& why) {
    progress_.without_share = true;
    board_.warn("the relay log \"" + task_.relay.share + "\" " + why +
                ": the task has a connection and a relay log of its own until it is started again");
}

protocol::result<void> task_run::open_own() {
    if (auto done = unlink_shared(directory_.relay_path()); !done) return done;
    const auto options = relay_options(checkpoint_->source_uuid);
    if (!options) return std::unexpected(options.error());
    auto opened = relay::log::open(*options);
    if (!opened) return std::unexpected(opened.error());
    supply_ = std::make_unique<own_relay>(std::move(*opened));
    relay::log& log = supply_->log();
    if (log.empty()) {
        if (auto warned = warn_of_waiting(); !warned) return warned;
        return log.reset(checkpoint_->applied);
    }

    // The target can be ahead of the relay: what was not yet synced when the machine went down is
    // applied all the same.
    const auto readable = log.open_reader(checkpoint_->applied);
    if (readable) return {};
    if (readable.error().code != relay::errc::position_not_held)
        return std::unexpected(readable.error());
    // What waits for a table that is set aside is nowhere else, so the rest is pulled behind it.
    const auto aside = applier::quarantine_store(checkpoints_).load(*target_);
    if (!aside) return std::unexpected(aside.error());
    if (!aside->empty() && log.end().binlog < checkpoint_->applied.binlog) return {};
    board_.warn("the relay log does not hold " + checkpoint_->applied.binlog.to_string() +
                ", where the target is; it is pulled anew from there");
    return log.reset(checkpoint_->applied);
}

// What waits for tables that are set aside was in a log that is no longer this task's.
protocol::result<void> task_run::warn_of_waiting() {
    const auto aside = applier::quarantine_store(checkpoints_).load(*target_);
    if (!aside) return std::unexpected(aside.error());
    for (const auto& entry : *aside) {
        if (entry.is_asked() || !(entry.from < checkpoint_->applied.binlog)) continue;
        board_.warn("what waits for " + entry.names() +
                    " is not in the task's new relay log: have it copied anew (understudy reload)");
    }
    return {};
}

// A relay log that tasks share is filled before the task has a place in it. Whoever comes first
// begins it where the source is now, which is before any start that is read later.
task_run::step<snapshot::start_point>
task_run::first_point(const protocol::net::source_facts& facts) {
    const auto executor = work_loop_.get_executor();
    if (task_.adopted) co_return co_await snapshot::find_adopted_point(executor, task_, board_);
    if (!task_.relay.share.empty() && !progress_.without_share) {
        auto options = relay_options(facts.server_uuid);
        if (!options) co_return std::unexpected(std::move(options.error()));
        const shared_relays::request wanted{.share = task_.relay.share,
                                            .task = task_.name,
                                            .options = *std::move(options),
                                            .address = source_address(task_),
                                            .may_be_other = !task_.source_hosts.empty(),
                                            .by_gtid = facts.gtid_mode_on,
                                            .begins = true,
                                            .from = {facts.written, facts.gtid_executed},
                                            .needed = facts.written,
                                            .copies = true};
        if (auto joined = join_shared(wanted); !joined) co_return std::unexpected(joined.error());
    }
    if (!supply_ && !task_.relay.share.empty()) {
        const auto own = directory_.our_identity();
        if (!own) co_return std::unexpected(own.error());
        identity_ = *own;
    }
    if (!supply_)
        co_return co_await snapshot::read_start_point(executor, task_, selection_, board_);
    start_receiver(facts.gtid_mode_on);
    co_return co_await snapshot::read_start_in(supply_->log(), executor, task_, selection_, board_,
                                               first_point_stop_);
}

void task_run::start_receiver(bool by_gtid) {
    if (receiver_started_) return;
    relay::receiver_options options;
    options.source = task_.source;
    options.hosts = task_.source_hosts;
    options.semi_sync = task_.semi_sync;
    options.server_id = identity_.server_id;
    options.server_uuid = identity_.server_uuid;
    options.by_gtid = by_gtid;
    options.heartbeat_period = task_.replica.heartbeat_period;
    receiver_started_ = receiver_running_ = true;
    supply_->start(std::move(options), board_, [this](protocol::result<void> ended) {
        asio::post(work_loop_, [this, ended = std::move(ended)]() mutable {
            on_receiver_end(std::move(ended));
        });
    });
}

// Until the relay has that much, unless the run is to end before.
asio::awaitable<void> task_run::wait_for_relay(protocol::binlog_position position,
                                               std::string what) {
    if (!what.empty()) {
        board_.update([&](state::status& now) {
            now.applier_note =
                "waiting until the relay log has " + position.to_string() + ", " + what;
        });
    }
    asio::steady_timer timer(work_loop_);
    while (supply_->log().end().binlog < position && !stopping_ && !receiver_error_) {
        timer.expires_after(50ms);
        boost::system::error_code woken;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    if (!what.empty()) board_.update([](state::status& now) { now.applier_note.clear(); });
}

// Others may have been slower, or the last that was received was lost with the machine.
task_run::step<> task_run::reach_start() {
    const auto& applied = checkpoint_->applied.binlog;
    if (supply_->log().end().binlog < applied)
        co_await wait_for_relay(applied, "where the target is");
    if (!supply_is_shared_ || stopping_ || receiver_error_) co_return protocol::result<void>{};
    // What was still to come when the task joined.
    const auto readable = supply_->log().open_reader(checkpoint_->applied);
    const auto before = supply_->log().executed_before(checkpoint_->applied.binlog);
    const bool lacks_nothing =
        readable && before &&
        (!checkpoint_->by_gtid || checkpoint_->applied.executed.contains(*before));
    if (lacks_nothing) co_return protocol::result<void>{};
    give_up_share("does not have " + checkpoint_->applied.binlog.to_string() +
                  ", where the target is");
    co_return protocol::fail(applier::errc::selection_changed,
                             "the shared relay log does not go on where the target is");
}

void task_run::on_receiver_end(protocol::result<void> ended) {
    receiver_running_ = false;
    receiver_ended_.cancel();
    if (!ended) fail_source(std::move(ended.error()));
}

void task_run::fail_source(protocol::error why) {
    receiver_error_ = std::move(why);
    first_point_stop_.stop();
    if (copier_) copier_->stop();
    if (applier_) applier_->stop();
}

asio::awaitable<void> task_run::join_receiver() {
    if (receiver_started_) supply_->stop();
    boost::system::error_code woken;
    while (receiver_running_)
        co_await receiver_ended_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

} // namespace understudy::apps
