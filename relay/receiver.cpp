#include "relay/receiver.hpp"

#include "protocol/errc.hpp"
#include "protocol/net/connection.hpp"
#include "protocol/net/replica_session.hpp"
#include "relay/errc.hpp"
#include "relay/event_intake.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <variant>

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

std::string seconds_text(std::chrono::milliseconds delay) {
    const auto tenths = (delay.count() + 50) / 100;
    return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

} // namespace

struct receiver::impl {
    impl(asio::any_io_executor on, log& into, receiver_options given, state::status_board& shown)
        : executor(std::move(on)), relay(into), options(std::move(given)), board(shown),
          timer(executor), stopped(executor, asio::steady_timer::time_point::max()),
          random(std::random_device{}()) {}

    asio::awaitable<result<void>> run();
    asio::awaitable<result<void>> pull();
    asio::awaitable<result<std::unique_ptr<net::replica_session>>> connect();
    asio::awaitable<result<void>> wait_for_room(event_intake& intake, protocol::error reason);
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
    bool stopping = false;
    bool progress = false; // the last connection brought something
    bool warned_tls = false;
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
    while (!stopping) {
        progress = false;
        auto ended = co_await pull();
        if (session) {
            co_await session->close();
            session.reset();
        }
        if (auto done = relay.abandon_open_group(); !done) ended = std::move(done);
        note(false, {});
        if (stopping) break;
        const auto what = remedy_for(ended.error());
        damaged = progress ? 0 : damaged;
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
        now.receiver_note = std::move(text);
    });
}

void receiver::impl::report(const event_intake& intake) {
    const auto end = relay.end();
    const auto size = relay.size();
    board.update([&](state::status& now) {
        now.received = end.binlog;
        now.received_events = events_before + intake.events();
        now.received_bytes = bytes_before + intake.bytes();
        now.relay_stored_bytes = size.stored_bytes;
        now.relay_raw_bytes = size.raw_bytes;
    });
}

asio::awaitable<result<std::unique_ptr<net::replica_session>>> receiver::impl::connect() {
    using session_result = result<std::unique_ptr<net::replica_session>>;
    const auto stop_requested = [] {
        return fail(protocol::errc::cancelled, "stopped on request");
    };
    // The same words at every reconnect would only be noise.
    net::connection::warning_sink warn = [this](std::string text) {
        if (!std::exchange(warned_tls, true)) board.warn(std::move(text));
    };
    auto opening = net::connection::open(executor, options.source, std::move(warn));
    auto opened = co_await (std::move(opening) || stopped.async_wait(quietly));
    if (opened.index() == 1) co_return stop_requested();
    auto& connection = std::get<0>(opened);
    if (!connection) co_return std::unexpected(connection.error());

    net::replica_options asked;
    asked.server_id = options.server_id;
    asked.server_uuid = options.server_uuid;
    asked.heartbeat_period = options.heartbeat_period;
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
    const auto& found = (*fresh)->source().server_uuid;
    if (found != protocol::uuid{} && found != relay.source()) {
        co_return fail(errc::wrong_source,
                       "the server at " + options.source.to_string() + " is " + found.to_string() +
                           ", but this task replicates from " + relay.source().to_string() +
                           "; a failover to another source needs a task of its own");
    }
    session_result ready = std::move(*fresh);
    co_return ready;
}

asio::awaitable<result<void>> receiver::impl::pull() {
    auto connected = co_await connect();
    if (!connected) co_return std::unexpected(std::move(connected.error()));
    session = std::move(*connected);
    if (stopping) co_return fail(protocol::errc::cancelled, "stopped on request");
    note(true, {});

    auto start = options.by_gtid ? protocol::binlog_position{} : relay.end().binlog;
    event_intake intake(relay, std::move(start));
    result<void> ended;
    while (ended && !stopping) {
        const auto batch = co_await session->read();
        if (!batch) {
            ended = std::unexpected(batch.error());
            break;
        }
        for (const auto& event : *batch) {
            ended = intake.take(event);
            if (!ended && ended.error().code == errc::disk_full) {
                ended = co_await wait_for_room(intake, std::move(ended.error()));
            }
            if (!ended) break;
        }
        progress = progress || intake.events() > 0;
        report(intake);
    }
    events_before += intake.events();
    bytes_before += intake.bytes();
    co_return ended;
}

// The connection is left alone: the source blocks in its own send, and may give up; then the rest
// is asked for again.
asio::awaitable<result<void>> receiver::impl::wait_for_room(event_intake& intake,
                                                            protocol::error reason) {
    for (;;) {
        report(intake);
        note(true, "paused: " + reason.what);
        while (!stopping && !relay.has_room())
            co_await pause(room_poll_period);
        if (stopping) co_return fail(protocol::errc::cancelled, "stopped on request");
        auto done = intake.retry();
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
