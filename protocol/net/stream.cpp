#include "protocol/net/stream.hpp"

#include "protocol/errc.hpp"
#include "protocol/net/resolve.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace understudy::protocol::net {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

namespace {

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

std::string seconds(milliseconds limit) {
    return fmt::format("{:g} s", static_cast<double>(limit.count()) / 1000.0);
}

void set_tcp_options(int descriptor) {
    // Both are improvements only: commands go out at once; a silent death of the network is noticed
    // by a connection that waits for nothing.
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

} // namespace

// The socket and the time limit of the operation that waits on it. A wait only notes when it is
// due; one timer looks at that note and starts anew for the rest, so that a busy connection pays
// for a timer once per time limit and not once per read. The timer's handler may outlive the
// stream, hence the shared ownership.
class stream::watchdog : public std::enable_shared_from_this<watchdog> {
public:
    using clock = std::chrono::steady_clock;

    explicit watchdog(const asio::any_io_executor& executor) : line(executor), timer_(executor) {}

    void begin(milliseconds limit) {
        due_ = clock::now() + limit;
        waiting_ = true;
        expired_ = false;
        if (!armed_ || due_ < timer_.expiry()) arm();
    }
    void end() { waiting_ = false; }
    void stop() {
        waiting_ = false;
        timer_.cancel();
    }
    [[nodiscard]] bool expired() const { return expired_; }

    socket line;
    bool cancelled = false;

private:
    void arm() {
        armed_ = true;
        const auto generation = ++generation_;
        timer_.expires_at(due_);
        timer_.async_wait([weak = weak_from_this(), generation](error_code) {
            const auto self = weak.lock();
            if (self && self->generation_ == generation) self->on_timer();
        });
    }
    void on_timer() {
        armed_ = false;
        if (!waiting_) return;
        if (clock::now() < due_) {
            arm();
            return;
        }
        expired_ = true;
        error_code ignored; // a socket that is closed has nothing to end
        line.cancel(ignored);
    }

    asio::steady_timer timer_;
    clock::time_point due_;
    std::uint64_t generation_ = 0;
    bool armed_ = false;
    bool waiting_ = false;
    bool expired_ = false;
};

stream::stream(asio::any_io_executor executor, std::string address)
    : address_(std::move(address)), watchdog_(std::make_shared<watchdog>(executor)) {}

// A timer that cannot be cancelled has lost its executor: nothing can go on from there.
stream::~stream() { // NOLINT(bugprone-exception-escape)
    close();
}

asio::awaitable<result<std::unique_ptr<stream>>> stream::connect(asio::any_io_executor executor,
                                                                 connect_options options) {
    std::unique_ptr<stream> made(new stream(executor, options.address()));
    result<void> connected;
    if (!options.is_local()) {
        connected = co_await made->connect_tcp(options);
    } else if (options.host.size() >= sizeof(sockaddr_un::sun_path)) {
        connected =
            fail(errc::connect_failed, "the socket's path " + options.host + " is too long");
    } else {
        connected = co_await made->connect_to(asio::local::stream_protocol::endpoint(options.host),
                                              options.connect_timeout);
    }
    if (!connected) {
        co_return wrap(std::move(connected.error()), "cannot connect to " + options.address());
    }
    error_code failed;
    made->watchdog_->line.native_non_blocking(true, failed);
    if (failed) co_return fail(errc::connect_failed, failed.message());
    co_return made;
}

asio::awaitable<result<void>> stream::connect_tcp(connect_options options) {
    auto endpoints = co_await resolve(watchdog_->line.get_executor(), options.host, options.port,
                                      options.connect_timeout);
    if (!endpoints) co_return std::unexpected(std::move(endpoints.error()));
    result<void> connected = fail(errc::connect_failed, options.host + " has no address");
    for (const auto& endpoint : *endpoints) {
        connected = co_await connect_to(endpoint, options.connect_timeout);
        if (connected) {
            set_tcp_options(watchdog_->line.native_handle());
            break;
        }
        if (connected.error().code == make_error_code(errc::cancelled)) break;
    }
    co_return connected;
}

asio::awaitable<result<void>> stream::connect_to(asio::generic::stream_protocol::endpoint endpoint,
                                                 milliseconds limit) {
    error_code ignored; // a fresh socket for each address
    watchdog_->line.close(ignored);
    watchdog_->begin(limit);
    const auto [failed] = co_await watchdog_->line.async_connect(endpoint, as_result);
    watchdog_->end();
    if (!failed) co_return result<void>{};
    if (failed == asio::error::operation_aborted && watchdog_->expired()) {
        co_return fail(errc::timed_out, "no answer within " + seconds(limit));
    }
    if (failed == asio::error::operation_aborted) {
        co_return fail(errc::cancelled, "stopped while connecting");
    }
    co_return fail(errc::connect_failed, failed.message());
}

asio::awaitable<result<void>> stream::start_tls(connect_options options) {
    auto made = tls_session::create(options, watchdog_->line.native_handle());
    if (!made) co_return std::unexpected(std::move(made.error()));
    tls_ = *std::move(made);
    for (;;) {
        const auto attempt = tls_->shake_hands();
        switch (attempt.what) {
        case io_attempt::outcome::moved: co_return result<void>{};
        case io_attempt::outcome::want_read:
        case io_attempt::outcome::want_write: break;
        case io_attempt::outcome::closed:
            // A server that is killed or shuts down does that, too: trying again may help.
            co_return fail(errc::connection_lost,
                           "TLS with " + address_ +
                               ": the server ended the connection during the "
                               "handshake (does it speak TLS 1.2 or newer?)");
        case io_attempt::outcome::failed:
            co_return fail(attempt.of_socket ? errc::connection_lost : errc::tls_failed,
                           "TLS with " + address_ + ": " + attempt.reason);
        }
        auto ready =
            co_await wait(attempt.what, options.connect_timeout, "during the TLS handshake");
        if (!ready) co_return ready;
    }
}

asio::awaitable<result<std::size_t>> stream::read_some(std::span<std::byte> into,
                                                       milliseconds limit) {
    constexpr unsigned reads_at_once_max = 8;
    if (++reads_at_once_ > reads_at_once_max) co_await give_way();
    for (;;) {
        if (watchdog_->cancelled) co_return fail(errc::cancelled, "stopped while reading");
        const auto attempt =
            tls_ ? tls_->read(into)
                 : try_receive(watchdog_->line.native_handle(), into.data(), into.size());
        if (attempt.what == io_attempt::outcome::moved) co_return attempt.count;
        if (attempt.what == io_attempt::outcome::closed ||
            attempt.what == io_attempt::outcome::failed) {
            co_return lost(attempt);
        }
        reads_at_once_ = 0;
        auto ready = co_await wait(attempt.what, limit, "while reading");
        if (!ready) co_return std::unexpected(std::move(ready.error()));
    }
}

asio::awaitable<result<void>> stream::write(std::span<const std::byte> from, milliseconds limit) {
    while (!from.empty()) {
        if (watchdog_->cancelled) co_return fail(errc::cancelled, "stopped while writing");
        const auto attempt =
            tls_ ? tls_->write(from)
                 : try_send(watchdog_->line.native_handle(), from.data(), from.size());
        if (attempt.what == io_attempt::outcome::moved) {
            from = from.subspan(attempt.count);
            continue;
        }
        if (attempt.what == io_attempt::outcome::closed ||
            attempt.what == io_attempt::outcome::failed) {
            co_return lost(attempt);
        }
        auto ready = co_await wait(attempt.what, limit, "while writing");
        if (!ready) co_return ready;
    }
    co_return result<void>{};
}

asio::awaitable<result<void>> stream::wait(io_attempt::outcome wanted, milliseconds limit,
                                           const char* step) {
    watchdog_->begin(limit);
    const auto [failed] = co_await watchdog_->line.async_wait(
        wanted == io_attempt::outcome::want_read ? socket::wait_read : socket::wait_write,
        as_result);
    watchdog_->end();
    if (watchdog_->cancelled) co_return fail(errc::cancelled, std::string("stopped ") + step);
    if (!failed) co_return result<void>{};
    if (failed != asio::error::operation_aborted) {
        co_return lost({io_attempt::outcome::failed, 0, failed.message()});
    }
    if (!watchdog_->expired()) co_return fail(errc::cancelled, std::string("stopped ") + step);
    co_return fail(errc::timed_out, address_ + " was silent for " + seconds(limit) + " " + step);
}

// A server that sends faster than we read would keep every other coroutine of this executor, and
// the one that wants to stop us, waiting for ever.
asio::awaitable<void> stream::give_way() {
    reads_at_once_ = 0;
    co_await asio::post(watchdog_->line.get_executor(), asio::use_awaitable);
}

std::unexpected<error> stream::lost(const io_attempt& attempt) const {
    return fail(errc::connection_lost,
                attempt.what == io_attempt::outcome::closed
                    ? address_ + " ended the connection"
                    : "connection to " + address_ + " lost: " + attempt.reason);
}

std::string stream::tls_version() const {
    return tls_ ? tls_->version() : std::string();
}

void stream::cancel() {
    watchdog_->cancelled = true;
    error_code ignored; // nothing under way
    watchdog_->line.cancel(ignored);
}

void stream::close() {
    if (!watchdog_->line.is_open()) return;
    watchdog_->stop();
    if (tls_ && !watchdog_->cancelled) tls_->say_goodbye();
    tls_.reset();
    error_code ignored; // the descriptor is gone in any case
    watchdog_->line.close(ignored);
}

} // namespace understudy::protocol::net
