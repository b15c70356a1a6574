#include "api/server.hpp"

#include "api/audit_log.hpp"
#include "api/errc.hpp"
#include "api/rate_limiter.hpp"
#include "api/router.hpp"
#include "api/server_tls.hpp"
#include "api/views.hpp"
#include "protocol/assert.hpp"
#include "protocol/net/on_thread.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/json/serialize.hpp>

#include <atomic>
#include <exception>
#include <list>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace understudy::api {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr auto awaitable_tuple = asio::as_tuple(asio::use_awaitable);
constexpr int quick_threads = 2;
constexpr int slow_threads = 6;

using plain_stream = beast::tcp_stream;
using tls_stream = beast::ssl_stream<beast::tcp_stream>;

std::vector<std::string> host_names(const server_options& options) {
    std::vector<std::string> names = options.host_names;
    names.push_back(options.address.find(':') == std::string::npos ? options.address
                                                                   : "[" + options.address + "]");
    // On every address is on this one too: it is where the command line asks.
    error_code failure;
    if (is_loopback(options.address) ||
        asio::ip::make_address(options.address, failure).is_unspecified())
        names.insert(names.end(), {"localhost", "127.0.0.1", "[::1]"});
    return names;
}

std::string lower(std::string_view text) {
    std::string made;
    for (const char c : text)
        made += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return made;
}

std::string media_type(std::string_view content_type) {
    const auto end = std::min(content_type.find(';'), content_type.size());
    std::string type = lower(content_type.substr(0, end));
    while (type.ends_with(' '))
        type.pop_back();
    return type;
}

bool changes_something(std::string_view method) {
    return method != "GET" && method != "HEAD";
}

std::string_view view_of(beast::string_view text) {
    return {text.data(), text.size()};
}

} // namespace

bool is_loopback(const std::string& address) {
    error_code failure;
    const auto parsed = asio::ip::make_address(address, failure);
    return !failure && parsed.is_loopback();
}

struct server::impl {
    impl(task_service& with, server_options given)
        : service(with), options(std::move(given)), hosts(host_names(options)),
          route(service, {.version = options.version,
                          .open_metrics = is_loopback(options.address),
                          .http = [this] { return figures(); }}),
          audit(options.audit_file), requests(options.requests_per_second, options.requests_burst),
          refusals(options.refusals_per_second, options.refusals_burst), loop(1), acceptor(loop),
          quick(quick_threads), slow(slow_threads), tokens(options.tokens) {}

    // One open connection: known to the loop's thread, so that the end can close it.
    struct link {
        tcp::socket* socket = nullptr;
        std::string peer;
        // Since when nothing is asked on it: its next request has not come, or not whole.
        std::optional<steady_clock::time_point> rests{};
        bool makes_room = false; // it is being closed for another
    };
    using links = std::list<link>;

    [[nodiscard]] protocol::result<void> listen();
    [[nodiscard]] asio::awaitable<void> accept();
    void take(tcp::socket socket);
    [[nodiscard]] bool make_room(const std::string& peer);
    [[nodiscard]] static asio::awaitable<void> linger(plain_stream& stream);
    [[nodiscard]] asio::awaitable<void> serve_plain(tcp::socket socket, links::iterator at);
    [[nodiscard]] asio::awaitable<void> serve_tls(tcp::socket socket, links::iterator at,
                                                  std::shared_ptr<asio::ssl::context> context);
    template<class Stream>
    [[nodiscard]] asio::awaitable<void> converse(Stream& stream, links::iterator at);
    template<class Stream>
    [[nodiscard]] asio::awaitable<bool> answer(Stream& stream, response what, unsigned version,
                                               bool keep, bool head);
    template<class Stream>
    [[nodiscard]] asio::awaitable<void> stream_events(Stream& stream, unsigned version,
                                                      std::string token);
    [[nodiscard]] asio::awaitable<response> respond(http::request<http::string_body> asked,
                                                    std::string peer);
    [[nodiscard]] std::optional<response> refuse(const http::request<http::string_body>& asked,
                                                 const std::string& peer, request& into);
    [[nodiscard]] std::optional<caller> who_is(std::string_view token);
    [[nodiscard]] http_figures figures() const {
        return {requests_count, refused_count, connections_count};
    }
    [[nodiscard]] bool has_tls() const { return !options.tls_cert.empty(); }
    void stop();

    task_service& service;
    const server_options options;
    const allowed_hosts hosts;
    const router route;
    audit_log audit;
    rate_limiter requests; // the loop's thread
    rate_limiter refusals;
    asio::io_context loop;
    tcp::acceptor acceptor;
    asio::thread_pool quick;
    asio::thread_pool slow;
    std::thread thread;
    std::uint16_t port = 0;

    links open;              // the loop's thread
    std::size_t streams = 0; // the loop's thread
    bool stopping = false;   // the loop's thread

    std::mutex mutex; // of the two below
    token_table tokens;
    std::shared_ptr<asio::ssl::context> tls;

    std::atomic<std::uint64_t> requests_count = 0;
    std::atomic<std::uint64_t> refused_count = 0;
    std::atomic<std::uint64_t> connections_count = 0;
};

protocol::result<void> server::impl::listen() {
    error_code failure;
    const auto address = asio::ip::make_address(options.address, failure);
    const auto fail = [&](const char* doing) {
        return protocol::fail(errc::listen_failed, options.address + ":" +
                                                       std::to_string(options.port) + ": " + doing +
                                                       ": " + failure.message());
    };
    if (failure) return fail("is no address");
    const tcp::endpoint endpoint(address, options.port);
    acceptor.open(endpoint.protocol(), failure);
    if (!failure) acceptor.set_option(asio::socket_base::reuse_address(true), failure);
    if (!failure) acceptor.bind(endpoint, failure);
    if (!failure) acceptor.listen(asio::socket_base::max_listen_connections, failure);
    if (failure) return fail("cannot listen");
    port = acceptor.local_endpoint().port();
    return {};
}

asio::awaitable<void> server::impl::accept() {
    asio::steady_timer pause(loop);
    while (!stopping) {
        auto [failure, socket] = co_await acceptor.async_accept(awaitable_tuple);
        if (stopping) co_return;
        if (failure) {
            // Out of descriptors, mostly: those that are open will end.
            pause.expires_after(std::chrono::milliseconds(100));
            co_await pause.async_wait(awaitable_tuple);
            continue;
        }
        take(std::move(socket));
    }
}

// True when one more can be had: below the limits, or in the place of one that rests. Otherwise 128
// connections on which nothing is said would keep everybody else on the machine out.
bool server::impl::make_room(const std::string& peer) {
    constexpr auto rest_min = std::chrono::milliseconds(250); // a request is on its way by then
    std::size_t of_all = 0;
    std::size_t of_peer = 0;
    for (const link& one : open) {
        of_all += one.makes_room ? 0 : 1;
        of_peer += one.makes_room || one.peer != peer ? 0 : 1;
    }
    const bool too_many_of_peer = of_peer >= options.connections_max_per_peer;
    if (!too_many_of_peer && of_all < options.connections_max) return true;
    // Those that are closed are gone in a moment; that many at most.
    if (open.size() - of_all >= options.connections_max_per_peer) return false;
    link* oldest = nullptr;
    for (link& one : open) {
        if (one.makes_room || !one.rests || one.socket == nullptr) continue;
        if (too_many_of_peer && one.peer != peer) continue;
        if (oldest == nullptr || *one.rests < *oldest->rests) oldest = &one;
    }
    if (oldest == nullptr || steady_clock::now() - *oldest->rests < rest_min) return false;
    ++refused_count;
    oldest->makes_room = true;
    error_code ignored;
    oldest->socket->close(ignored);
    return true;
}

// A connection too many is closed without a word: an answer would cost what there is too little of.
void server::impl::take(tcp::socket socket) {
    error_code failure;
    const auto remote = socket.remote_endpoint(failure);
    if (failure) return;
    std::string peer = remote.address().to_string();
    if (!make_room(peer)) {
        ++refused_count;
        return;
    }
    const auto at = open.insert(
        open.end(), link{.socket = nullptr, .peer = peer, .rests = steady_clock::now()});
    connections_count = open.size();
    const auto done = [this, at](std::exception_ptr thrown) {
        open.erase(at);
        connections_count = open.size();
        // Out of memory for one request is that connection's end, not ours.
        std::ignore = thrown;
    };
    std::shared_ptr<asio::ssl::context> context;
    {
        const std::scoped_lock lock(mutex);
        context = tls;
    }
    if (context)
        asio::co_spawn(loop, serve_tls(std::move(socket), at, std::move(context)), done);
    else
        asio::co_spawn(loop, serve_plain(std::move(socket), at), done);
}

asio::awaitable<void> server::impl::serve_plain(tcp::socket socket, links::iterator at) {
    plain_stream stream(std::move(socket));
    at->socket = &stream.socket();
    co_await converse(stream, at);
    co_await linger(stream);
    at->socket = nullptr;
}

// A socket that is closed with bytes unread takes our last answer back from the client.
asio::awaitable<void> server::impl::linger(plain_stream& stream) {
    constexpr std::size_t dropped_max = 4U << 20U;
    error_code ignored;
    stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
    std::vector<char> buffer(64U << 10U);
    stream.expires_after(std::chrono::seconds(1));
    for (std::size_t dropped = 0; dropped < dropped_max;) {
        const auto [failure, size] =
            co_await stream.async_read_some(asio::buffer(buffer), awaitable_tuple);
        if (failure) co_return;
        dropped += size;
    }
}

asio::awaitable<void> server::impl::serve_tls(tcp::socket socket, links::iterator at,
                                              std::shared_ptr<asio::ssl::context> context) {
    tls_stream stream(std::move(socket), *context);
    auto& lowest = beast::get_lowest_layer(stream);
    at->socket = &lowest.socket();
    lowest.expires_after(options.header_timeout);
    const auto [failure] =
        co_await stream.async_handshake(asio::ssl::stream_base::server, awaitable_tuple);
    if (!failure) {
        co_await converse(stream, at);
        lowest.expires_after(std::chrono::seconds(2));
        co_await stream.async_shutdown(awaitable_tuple);
        co_await linger(lowest);
    } else if (failure == beast::error::timeout) {
        ++refused_count;
    }
    at->socket = nullptr;
}

template<class Stream>
asio::awaitable<void> server::impl::converse(Stream& stream, links::iterator at) {
    beast::flat_buffer buffer;
    auto& lowest = beast::get_lowest_layer(stream);
    for (bool first = true; !stopping; first = false) {
        http::request_parser<http::string_body> parser;
        parser.header_limit(options.header_bytes_max);
        parser.body_limit(options.body_bytes_max);
        // A deadline for the whole header and one for the whole body: a client that sends a byte a
        // second gains nothing. An idle connection may rest before its next request.
        lowest.expires_after(first ? options.header_timeout : options.idle_timeout);
        if (!at->rests) at->rests = steady_clock::now();
        auto [failure, header_size] =
            co_await http::async_read_header(stream, buffer, parser, awaitable_tuple);
        if (at->makes_room) co_return;
        at->rests.reset();
        if (failure == http::error::end_of_stream) co_return;
        if (failure == beast::error::timeout) {
            if (first || buffer.size() > 0) ++refused_count; // else it has only rested
            co_return;
        }
        if (!failure) {
            if (parser.get().count(http::field::expect) != 0) {
                failure = http::error::bad_field;
            } else {
                lowest.expires_after(options.body_timeout);
                auto [body_failure, body_size] =
                    co_await http::async_read(stream, buffer, parser, awaitable_tuple);
                failure = body_failure;
            }
        }
        ++requests_count;
        if (failure) {
            ++refused_count;
            std::optional<response> told;
            if (failure == http::error::body_limit)
                told = error_response(413, "too_large", "the body is too large");
            else if (failure == http::error::header_limit ||
                     failure == http::error::buffer_overflow)
                told = error_response(431, "too_large", "the header is too large");
            else if (failure.category() == make_error_code(http::error::bad_field).category())
                told = error_response(400, "bad_request", "this is no HTTP request");
            if (told) std::ignore = co_await answer(stream, *std::move(told), 11, false, false);
            co_return;
        }
        auto asked = parser.release();
        const unsigned version = asked.version();
        const bool keep = asked.keep_alive();
        const bool head = asked.method() == http::verb::head;
        const std::string token(
            bearer_token(view_of(asked[http::field::authorization])).value_or(""));
        lowest.expires_never();
        response made = co_await respond(std::move(asked), at->peer);
        if (made.event_stream) {
            co_await stream_events(stream, version, token);
            co_return;
        }
        if (!co_await answer(stream, std::move(made), version, keep, head) || !keep) co_return;
    }
}

template<class Stream>
asio::awaitable<bool> server::impl::answer(Stream& stream, response what, unsigned version,
                                           bool keep, bool head) {
    http::response<http::string_body> message(static_cast<http::status>(what.status), version);
    message.set(http::field::server, "understudy");
    message.set(http::field::content_type, what.content_type);
    message.set(http::field::cache_control, "no-store");
    message.set("X-Content-Type-Options", "nosniff");
    message.set("Referrer-Policy", "no-referrer");
    message.set("X-Frame-Options", "DENY");
    message.set("Cross-Origin-Resource-Policy", "same-origin");
    message.set("Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
                "require-trusted-types-for 'script'");
    if (what.status == 401) message.set(http::field::www_authenticate, "Bearer");
    if (what.status == 429) message.set(http::field::retry_after, "1");
    if (!what.allow.empty()) message.set(http::field::allow, what.allow);
    message.keep_alive(keep);
    message.body() = std::move(what.body);
    message.prepare_payload();
    if (head) message.body().clear();
    beast::get_lowest_layer(stream).expires_after(options.write_timeout);
    const auto [failure, size] = co_await http::async_write(stream, message, awaitable_tuple);
    if (failure == beast::error::timeout) ++refused_count;
    co_return !failure;
}

std::optional<caller> server::impl::who_is(std::string_view token) {
    const std::scoped_lock lock(mutex);
    return tokens.find(token);
}

// Who asks, and whether it is to be listened to at all.
std::optional<response> server::impl::refuse(const http::request<http::string_body>& asked,
                                             const std::string& peer, request& into) {
    const auto now = std::chrono::steady_clock::now();
    if (!requests.allow(peer, now))
        return error_response(429, "too_many", "too many requests; wait a second");
    // What decides who asks is read once: two of them would be read differently by others on the
    // way.
    for (const auto field : {http::field::host, http::field::origin, http::field::authorization}) {
        if (asked.count(field) > 1)
            return error_response(400, "bad_request", "a header line is there twice");
    }
    const std::string_view host = view_of(asked[http::field::host]);
    if (!hosts.is_host(host))
        return error_response(421, "wrong_host", "this server is not known by that name");
    if (!allowed_hosts::is_origin_of(view_of(asked[http::field::origin]), host, has_tls()) ||
        view_of(asked["Sec-Fetch-Site"]) == "cross-site")
        return error_response(403, "wrong_origin", "pages of other sites may not use this server");
    auto to = parse_target(view_of(asked.target()));
    if (!to) return error_response(400, "bad_request", "the path or the query is malformed");
    into.method = view_of(asked.method_string());
    if (into.method == "HEAD") into.method = "GET";
    into.to = *std::move(to);
    into.content_type = media_type(view_of(asked[http::field::content_type]));
    const std::string_view authorization = view_of(asked[http::field::authorization]);
    if (authorization.empty()) return std::nullopt;
    const auto token = bearer_token(authorization);
    const auto who = token ? who_is(*token) : std::nullopt;
    if (who) {
        into.who = *who;
        return std::nullopt;
    }
    if (!refusals.allow(peer, now))
        return error_response(429, "too_many", "too many wrong tokens; wait a minute");
    return error_response(401, "wrong_token", "this token is not known here");
}

asio::awaitable<response> server::impl::respond(http::request<http::string_body> asked,
                                                std::string peer) {
    request what;
    auto refused = refuse(asked, peer, what);
    response made;
    if (refused) {
        made = *std::move(refused);
    } else {
        what.body = std::move(asked.body());
        auto& pool = router::is_slow(what) ? slow : quick;
        const auto handle = [this, &what] { return route.handle(what); };
        made = co_await protocol::net::on_thread(pool, handle);
    }
    if (made.status == 401 || made.status == 403 || made.status == 421 || made.status == 429)
        ++refused_count;
    // Those that are too many are not worth a line each.
    if (!changes_something(view_of(asked.method_string())) || made.status == 429) co_return made;
    const std::string_view target = view_of(asked.target());
    const auto noted = audit.write({.peer = peer,
                                    .who = what.who.name,
                                    .role = std::string(to_string(what.who.may)),
                                    .method = std::string(view_of(asked.method_string())),
                                    .target = std::string(target.substr(0, target.find('?'))),
                                    .status = made.status});
    if (!noted)
        made = error_response(500, "internal",
                              "it was done, but cannot be noted: " + noted.error().what);
    co_return made;
}

// Every second, what is different from the last; a comment when nothing is, so that a client that
// is gone is noticed. Ends when the token is no longer good.
template<class Stream>
asio::awaitable<void> server::impl::stream_events(Stream& stream, unsigned version,
                                                  std::string token) {
    if (streams >= options.streams_max) {
        std::ignore =
            co_await answer(stream, error_response(503, "too_many", "too many event streams"),
                            version, false, false);
        co_return;
    }
    ++streams;
    http::response<http::empty_body> head(http::status::ok, version);
    head.set(http::field::content_type, "text/event-stream");
    head.set(http::field::cache_control, "no-store");
    head.set("X-Content-Type-Options", "nosniff");
    head.keep_alive(false);
    http::response_serializer<http::empty_body> serializer(head);
    auto& lowest = beast::get_lowest_layer(stream);
    lowest.expires_after(options.write_timeout);
    auto [failure, head_size] =
        co_await http::async_write_header(stream, serializer, awaitable_tuple);
    asio::steady_timer timer(loop);
    std::map<std::string, std::string> sent;
    while (!failure && !stopping && who_is(token)) {
        const auto look = [this] { return service.tasks(); };
        const auto tasks = co_await protocol::net::on_thread(quick, look);
        std::string text;
        std::map<std::string, std::string> current;
        for (const task_view& task : tasks) {
            auto object = to_object(task);
            // The moment of looking is no news.
            object["status"].as_object().erase("written");
            std::string data = boost::json::serialize(object);
            if (const auto before = sent.find(task.name);
                before == sent.end() || before->second != data)
                text += "event: task\ndata: " + data + "\n\n";
            current.emplace(task.name, std::move(data));
        }
        for (const auto& [name, data] : sent) {
            if (!current.contains(name))
                text += "event: removed\ndata: " +
                        boost::json::serialize(boost::json::object{{"name", name}}) + "\n\n";
        }
        sent = std::move(current);
        if (text.empty()) text = ": nothing new\n\n";
        lowest.expires_after(options.write_timeout);
        const auto [write_failure, size] =
            co_await asio::async_write(stream, asio::buffer(text), awaitable_tuple);
        failure = write_failure;
        lowest.expires_never();
        timer.expires_after(options.event_interval);
        if (!failure) co_await timer.async_wait(awaitable_tuple);
    }
    --streams;
}

void server::impl::stop() {
    stopping = true;
    error_code ignored;
    acceptor.close(ignored);
    for (const link& one : open) {
        if (one.socket != nullptr) one.socket->close(ignored);
    }
}

server::server(std::unique_ptr<impl> state) : impl_(std::move(state)) {}

protocol::result<std::unique_ptr<server>> server::start(task_service& service,
                                                        server_options options) {
    const bool beyond = !is_loopback(options.address);
    if (options.tls_cert.empty() != options.tls_key.empty())
        return protocol::fail(errc::bad_tls, "a certificate and its key are given together");
    if (beyond && (options.tls_cert.empty() || options.tokens.empty())) {
        return protocol::fail(errc::not_safe, options.address +
                                                  " can be reached from other machines: that needs "
                                                  "--tls-cert, --tls-key and --tokens");
    }
    auto made = std::make_unique<impl>(service, std::move(options));
    if (made->has_tls()) {
        auto context = make_tls(made->options.tls_cert, made->options.tls_key);
        if (!context) return std::unexpected(context.error());
        made->tls = *std::move(context);
    }
    if (auto listening = made->listen(); !listening) return std::unexpected(listening.error());
    asio::co_spawn(made->loop, made->accept(), [](std::exception_ptr thrown) {
        if (thrown) std::rethrow_exception(thrown);
    });
    made->thread = std::thread([state = made.get()] { state->loop.run(); });
    return std::unique_ptr<server>(new server(std::move(made)));
}

// Out of memory at the end of the process is its end in any case.
// NOLINTNEXTLINE(bugprone-exception-escape)
server::~server() {
    asio::post(impl_->loop, [state = impl_.get()] { state->stop(); });
    impl_->thread.join(); // when the last connection has ended
    impl_->quick.join();
    impl_->slow.join();
}

std::uint16_t server::port() const {
    return impl_->port;
}

http_figures server::figures() const {
    return impl_->figures();
}

std::string server::certificate() const {
    const std::scoped_lock lock(impl_->mutex);
    return impl_->tls ? certificate_in(*impl_->tls) : std::string();
}

protocol::result<void> server::reload(token_table tokens) {
    std::shared_ptr<asio::ssl::context> context;
    if (impl_->has_tls()) {
        auto made = make_tls(impl_->options.tls_cert, impl_->options.tls_key);
        if (!made) return std::unexpected(made.error());
        context = *std::move(made);
    }
    const std::scoped_lock lock(impl_->mutex);
    impl_->tokens = std::move(tokens);
    impl_->tls = std::move(context);
    return {};
}

} // namespace understudy::api
