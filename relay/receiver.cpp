#include "relay/receiver.hpp"

#include "protocol/errc.hpp"
#include "protocol/net/connection.hpp"
#include "protocol/net/replica_session.hpp"
#include "relay/errc.hpp"
#include "relay/event_intake.hpp"
#include "relay/server_turn.hpp"
#include "relay/successor.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace understudy::relay {

namespace asio = boost::asio;
namespace net = protocol::net;
using namespace asio::experimental::awaitable_operators;
using protocol::fail;
using protocol::result;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds room_poll_period{1};
// So often bytes may come damaged from one position before we believe that they are so on the
// source's disk.
constexpr int damage_max = 3;
constexpr int begun_anew_max = 12; // with the pauses between them a minute or two

enum class remedy { reconnect, reconnect_if_it_does_not_repeat, none };

remedy remedy_for(const protocol::error& reason) {
    using protocol::errc;
    if (reason.code == errc::checksum_mismatch || reason.code == errc::malformed ||
        reason.code == errc::truncated) {
        return remedy::reconnect_if_it_does_not_repeat;
    }
    for (const auto mended :
         {errc::connect_failed, errc::connection_lost, errc::timed_out, errc::tls_failed,
          errc::tls_not_offered, errc::access_denied, errc::server_error, errc::cancelled}) {
        if (reason.code == mended) return remedy::reconnect;
    }
    return remedy::none;
}

// It lacks what we need, or has not what we have; another server may be as it should be.
bool is_refusal(const protocol::error& reason) {
    using protocol::errc;
    return reason.code == errc::binlog_position_lost || reason.code == errc::source_unsuitable;
}

std::string seconds_text(std::chrono::milliseconds delay) {
    const auto tenths = (delay.count() + 50) / 100;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

} // namespace

struct receiver::impl {
    impl(asio::any_io_executor on, log& into, receiver_options given, state::status_board& shown)
        : executor(std::move(on)), relay(into), options(std::move(given)), board(shown),
          timer(executor), stopped(executor, asio::steady_timer::time_point::max()),
          servers{options.source}, random(std::random_device{}()) {
        for (const auto& address : options.hosts) {
            auto server = options.source.at(address);
            if (server.address() != options.source.address()) servers.push_back(std::move(server));
        }
    }

    asio::awaitable<result<void>> run();
    asio::awaitable<result<void>> pull();
    using session_result = result<std::unique_ptr<net::replica_session>>;
    asio::awaitable<session_result> connect();
    asio::awaitable<session_result> connect_to(protocol::connect_options server);
    result<void> admit(const net::replica_session& fresh);
    [[nodiscard]] bool is_copied() const;
    result<void> begin_anew(protocol::error reason);
    result<void> admit_other(const net::replica_session& fresh,
                             const protocol::binlog_position& end,
                             const protocol::gtid_set& have) const;
    asio::awaitable<result<void>> take(event_intake& intake, std::span<const std::byte> event);
    asio::awaitable<result<void>> acknowledge(event_intake& intake,
                                              protocol::binlog_position received);
    asio::awaitable<result<void>> wait_for_room(event_intake& intake, protocol::error reason,
                                                std::function<result<void>()> again);
    asio::awaitable<void> pause(std::chrono::milliseconds delay);
    std::chrono::milliseconds next_delay(bool progress);
    void report(const event_intake& intake);
    void note(bool connected, std::string text);
    void stop();

    asio::any_io_executor executor;
    log& relay;
    receiver_options options;
    state::status_board& board;
    asio::steady_timer timer;   // pauses
    asio::steady_timer stopped; // expires when stop() is called
    std::unique_ptr<net::replica_session> session;
    std::vector<protocol::connect_options> servers; // never empty
    std::size_t current = 0;                        // of servers
    server_turn turn;                               // of the session
    std::optional<protocol::binlog_position> switch_after;
    std::optional<server_turn> left; // its server's files have begun anew
    std::uint32_t version = 0;       // of the server followed last, 90704
    bool stopping = false;
    bool warned_tls = false;
    bool warned_semi_sync = false;
    std::chrono::milliseconds delay{0};
    std::minstd_rand random;
    std::uint64_t events_before = 0; // of earlier connections
    std::uint64_t bytes_before = 0;
    std::uint64_t events_shown = 0;
};

receiver::receiver(asio::any_io_executor executor, log& relay, receiver_options options,
                   state::status_board& board)
    : impl_(std::make_unique<impl>(std::move(executor), relay, std::move(options), board)) {}

receiver::~receiver() = default;

asio::awaitable<result<void>> receiver::run() {
    return impl_->run();
}
void receiver::stop() {
    impl_->stop();
}

void receiver::allow_switch(std::optional<protocol::binlog_position> after) {
    impl_->switch_after = std::move(after);
}

void receiver::impl::stop() {
    stopping = true;
    // Also for waits that begin later: stop() may come between two steps.
    stopped.expires_at(asio::steady_timer::time_point::min());
    timer.cancel();
    if (session) session->cancel();
}

asio::awaitable<result<void>> receiver::impl::run() {
    if (relay.empty()) {
        co_return fail(errc::position_not_held, "the relay log was given no position to begin at");
    }
    int damaged = 0;
    int begun_anew = 0;
    std::size_t refused = 0; // servers one after the other, by what they said to the dump
    while (!stopping) {
        const auto before = relay.end().binlog;
        auto ended = co_await pull();
        if (session) {
            co_await session->close();
            session.reset();
        }
        if (auto done = relay.abandon_open_group(); !done) ended = std::move(done);
        note(false, {});
        if (stopping) break;
        // What was taken of a transaction whose rest cannot be had is no progress.
        const bool progress = relay.end().binlog != before;
        damaged = progress ? 0 : damaged;
        refused = progress ? 0 : refused;
        if (is_refusal(ended.error()) && ++refused < servers.size()) {
            note(false, servers[current].address() + ": " + ended.error().what);
            current = (current + 1) % servers.size();
            continue;
        }
        if (ended.error().code == errc::files_begin_anew) {
            ended = begin_anew(std::move(ended.error()));
            if (ended) continue;
            // Whether the copy is through may not be told yet; of a shared log, by all tasks.
            begun_anew = progress ? 1 : begun_anew + 1;
        }
        const bool may_be_told =
            ended.error().code == errc::files_begin_anew && begun_anew < begun_anew_max;
        const auto what = may_be_told ? remedy::reconnect : remedy_for(ended.error());
        if (what == remedy::reconnect_if_it_does_not_repeat) ++damaged;
        if (what == remedy::none || damaged >= damage_max) {
            note(false, "stopped: " + ended.error().what);
            co_return ended;
        }
        const auto wait = next_delay(progress);
        note(false, "reconnecting in " + seconds_text(wait) + ": " + ended.error().what);
        co_await pause(wait);
    }
    co_return result<void>{};
}

// Doubles while nothing comes of it; a fifth more or less, so that many tasks do not come at once.
std::chrono::milliseconds receiver::impl::next_delay(bool reset) {
    delay = reset || delay.count() == 0 ? options.backoff_min
                                        : std::min(delay * 2, options.backoff_max);
    std::uniform_int_distribution<std::int64_t> jitter(80, 120);
    return delay * jitter(random) / 100;
}

asio::awaitable<void> receiver::impl::pause(std::chrono::milliseconds how_long) {
    if (stopping) co_return;
    timer.expires_after(how_long);
    static_cast<void>(co_await timer.async_wait(quietly));
}

void receiver::impl::note(bool connected, std::string text) {
    board.update([&](state::status& now) {
        now.connected = connected;
        if (connected) now.heard = std::chrono::system_clock::now();
        now.receiver_note = std::move(text);
    });
}

void receiver::impl::report(const event_intake& intake) {
    const auto end = relay.end();
    const auto size = relay.size();
    board.update([&](state::status& now) {
        now.heard = std::chrono::system_clock::now();
        now.received = end.binlog;
        now.received_events = events_before + intake.events();
        now.received_bytes = bytes_before + intake.bytes();
        now.relay_stored_bytes = size.stored_bytes;
        now.relay_raw_bytes = size.raw_bytes;
    });
}

asio::awaitable<receiver::impl::session_result> receiver::impl::connect() {
    std::string refusals;
    for (std::size_t i = 0; i < servers.size(); ++i) {
        const auto index = (current + i) % servers.size();
        auto tried = co_await connect_to(servers[index]);
        if (tried) current = index;
        if (tried || stopping || servers.size() == 1) co_return tried;
        refusals += (i == 0 ? "" : "; ") + servers[index].address() + ": " + tried.error().what;
    }
    co_return fail(protocol::errc::connect_failed,
                   "none of source.hosts can be followed now. " + refusals);
}

asio::awaitable<receiver::impl::session_result>
receiver::impl::connect_to(protocol::connect_options server) {
    const auto stop_requested = [] {
        return fail(protocol::errc::cancelled, "stopped on request");
    };
    // The same words at every reconnect would only be noise.
    net::connection::warning_sink warn = [this](std::string text) {
        if (!std::exchange(warned_tls, true)) board.warn(std::move(text));
    };
    auto opening = net::connection::open(executor, std::move(server), std::move(warn));
    auto opened = co_await (std::move(opening) || stopped.async_wait(quietly));
    if (opened.index() == 1) co_return stop_requested();
    auto& connection = std::get<0>(opened);
    if (!connection) co_return std::unexpected(connection.error());

    net::replica_options asked;
    asked.server_id = options.server_id;
    asked.server_uuid = options.server_uuid;
    asked.heartbeat_period = options.heartbeat_period;
    asked.semi_sync = options.semi_sync;
    auto end = relay.end();
    if (options.by_gtid) {
        asked.start = std::move(end.executed);
    } else {
        asked.start = std::move(end.binlog);
    }
    auto starting = net::replica_session::start(std::move(*connection), std::move(asked));
    auto started = co_await (std::move(starting) || stopped.async_wait(quietly));
    if (started.index() == 1) co_return stop_requested();
    auto& fresh = std::get<0>(started);
    if (!fresh) co_return std::unexpected(fresh.error());
    if (auto admitted = admit(**fresh); !admitted) {
        co_await (*fresh)->close();
        co_return std::unexpected(admitted.error());
    }
    session_result ready = std::move(*fresh);
    co_return ready;
}

// Nothing of its dump has been read yet.
result<void> receiver::impl::admit(const net::replica_session& fresh) {
    const auto end = relay.end();
    const auto last = server_turn::of(end.binlog.file, relay.source());
    const auto& found = fresh.source().server_uuid;
    const bool is_other = found != protocol::uuid{} && found != last.server;
    if (is_other) {
        auto admitted = admit_other(fresh, end.binlog, end.executed);
        if (!admitted) return admitted;
        board.warn("the source is server " + found.to_string() + " (version " +
                   fresh.server().version + ") from now on, after " + last.server.to_string() +
                   "; the log goes on by GTID");
        turn = {last.number + 1, found};
    } else {
        turn = last;
        if (left == last) ++turn.number;
    }
    version = fresh.server().version_number;
    if (options.semi_sync && !fresh.semi_sync() && !std::exchange(warned_semi_sync, true)) {
        board.warn("source.semi_sync is set, but semi-synchronous replication is not on at " +
                   found.to_string() +
                   ": its commits wait for nobody. On the source: INSTALL PLUGIN "
                   "rpl_semi_sync_source SONAME 'semisync_source.so'; SET GLOBAL "
                   "rpl_semi_sync_source_enabled = ON; (before 8.0.26, and on MariaDB: master for "
                   "source)");
    }
    return {};
}

// The initial copy is through, and all of its time is received.
bool receiver::impl::is_copied() const {
    return switch_after && (switch_after->file.empty() || relay.end().binlog >= *switch_after);
}

// The dump is asked for again, and stored behind what is there.
result<void> receiver::impl::begin_anew(protocol::error reason) {
    const auto end = relay.end().binlog;
    const auto last = server_turn::of(end.file, relay.source());
    if (!is_copied() || !server_turn::can_follow(end.file)) {
        reason.what += ": its log files have other names than before (RESET BINARY LOGS AND GTIDS, "
                       "log_bin), which cannot be followed before the initial copy is through and "
                       "all of its time is received. Begin the task that is copying anew";
        return std::unexpected(std::move(reason));
    }
    board.warn(reason.what + ": its log files begin anew; the log goes on by GTID");
    left = last;
    return {};
}

result<void> receiver::impl::admit_other(const net::replica_session& fresh,
                                         const protocol::binlog_position& end,
                                         const protocol::gtid_set& have) const {
    const auto& found = fresh.source();
    if (servers.size() == 1 || !options.by_gtid) {
        return fail(errc::wrong_source,
                    "the server at " + options.source.to_string() + " is " +
                        found.server_uuid.to_string() + ", but this task replicates from " +
                        relay.source().to_string() +
                        "; name all servers that may be followed in source.hosts (by GTID only), "
                        "or make a task of its own for another source");
    }
    if (!is_copied()) {
        return fail(errc::wrong_source,
                    "it is server " + found.server_uuid.to_string() +
                        ", and no other than the one that is copied can be followed before the "
                        "initial copy is through and all of its time is received");
    }
    const auto theirs = fresh.server().version_number;
    if (version != 0 && theirs / 100 != version / 100) {
        return fail(errc::wrong_source, "it is of another release series (" +
                                            fresh.server().version +
                                            "), which takes a restart of the task");
    }
    if (!server_turn::can_follow(end.file)) {
        return fail(errc::wrong_source, "files of other servers cannot be put behind " + end.file);
    }
    return check_successor(found, have, have);
}

asio::awaitable<result<void>> receiver::impl::pull() {
    auto connected = co_await connect();
    if (!connected) co_return std::unexpected(std::move(connected.error()));
    session = std::move(*connected);
    if (stopping) co_return fail(protocol::errc::cancelled, "stopped on request");
    note(true, {});

    auto start = options.by_gtid ? protocol::binlog_position{} : relay.end().binlog;
    event_intake intake(relay, std::move(start), turn, is_copied());
    result<void> ended;
    while (ended && !stopping) {
        const auto batch = co_await session->read();
        if (!batch) {
            ended = std::unexpected(batch.error());
            break;
        }
        const auto ack_wanted = session->ack_wanted();
        std::optional<protocol::binlog_position> awaited;
        for (std::size_t i = 0; i < batch->size() && ended; ++i) {
            ended = co_await take(intake, (*batch)[i]);
            if (i + 1 == ack_wanted) awaited = intake.position();
        }
        if (ended && awaited) ended = co_await acknowledge(intake, *std::move(awaited));
        report(intake);
    }
    events_before += intake.events();
    bytes_before += intake.bytes();
    co_return ended;
}

asio::awaitable<result<void>> receiver::impl::take(event_intake& intake,
                                                   std::span<const std::byte> event) {
    auto done = intake.take(event);
    if (done || done.error().code != errc::disk_full) co_return done;
    auto again = [&intake] { return intake.retry(); };
    co_return co_await wait_for_room(intake, std::move(done.error()), std::move(again));
}

// What arrives during the fsync waits in the socket and shares the next one. A relay that cannot be
// written acknowledges nothing; the source goes on without us after its own time limit.
asio::awaitable<result<void>> receiver::impl::acknowledge(event_intake& intake,
                                                          protocol::binlog_position received) {
    auto synced = relay.flush(true);
    if (!synced && synced.error().code == errc::disk_full) {
        auto again = [this] { return relay.flush(true); };
        synced = co_await wait_for_room(intake, std::move(synced.error()), std::move(again));
    }
    if (!synced) co_return synced;
    co_return co_await session->acknowledge(std::move(received));
}

// The connection is left alone: the source blocks in its own send, and may give up; then the rest
// is asked for again.
asio::awaitable<result<void>> receiver::impl::wait_for_room(event_intake& intake,
                                                            protocol::error reason,
                                                            std::function<result<void>()> again) {
    for (;;) {
        report(intake);
        note(true, "paused: " + reason.what);
        while (!stopping && !relay.has_room())
            co_await pause(room_poll_period);
        if (stopping) co_return fail(protocol::errc::cancelled, "stopped on request");
        auto done = again();
        if (!done && done.error().code == errc::disk_full) {
            reason = std::move(done.error());
            co_await pause(room_poll_period);
            continue;
        }
        note(true, {});
        co_return done;
    }
}

} // namespace understudy::relay
