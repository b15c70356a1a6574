#include "apps/http_client.hpp"

#include "protocol/errc.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <algorithm>
#include <exception>

namespace understudy::apps {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using protocol::errc;
using protocol::fail;

constexpr auto awaitable_tuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t answer_bytes_max = 64U << 20U;

std::string where(const http_call& what) {
    return what.to.host + ":" + what.to.port;
}

template<class Stream>
asio::awaitable<protocol::result<http_answer>> exchange(Stream& stream, const http_call& what) {
    http::request<http::string_body> asked(http::string_to_verb(what.method), what.to.path, 11);
    const bool usual = what.to.port == (what.to.tls ? "443" : "80");
    const std::string host =
        what.to.host.find(':') == std::string::npos ? what.to.host : "[" + what.to.host + "]";
    asked.set(http::field::host, usual ? host : host + ":" + what.to.port);
    asked.set(http::field::user_agent, "understudy");
    if (!what.token.empty()) asked.set(http::field::authorization, "Bearer " + what.token);
    if (!what.body.empty()) asked.set(http::field::content_type, "application/json");
    asked.body() = what.body;
    asked.keep_alive(false);
    asked.prepare_payload();
    const auto [not_sent, sent] = co_await http::async_write(stream, asked, awaitable_tuple);
    if (not_sent) co_return fail(errc::connection_lost, where(what) + ": " + not_sent.message());
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(answer_bytes_max);
    const auto [not_read, read] =
        co_await http::async_read(stream, buffer, parser, awaitable_tuple);
    if (not_read) co_return fail(errc::connection_lost, where(what) + ": " + not_read.message());
    co_return http_answer{parser.get().result_int(), std::move(parser.get().body())};
}

asio::awaitable<protocol::result<void>> connect(beast::tcp_stream& stream, const http_call& what) {
    tcp::resolver resolver(stream.get_executor());
    const auto [unknown, found] =
        co_await resolver.async_resolve(what.to.host, what.to.port, awaitable_tuple);
    if (unknown) co_return fail(errc::connect_failed, where(what) + ": " + unknown.message());
    const auto [refused, endpoint] = co_await stream.async_connect(found, awaitable_tuple);
    if (refused) co_return fail(errc::connect_failed, where(what) + ": " + refused.message());
    co_return protocol::result<void>{};
}

protocol::result<void> prepare(asio::ssl::context& context, const http_call& what) {
    boost::system::error_code failure;
    context.set_verify_mode(asio::ssl::verify_peer, failure);
    if (what.certificate.empty()) {
        if (!failure) context.set_default_verify_paths(failure);
        if (!failure)
            context.set_verify_callback(asio::ssl::host_name_verification(what.to.host), failure);
    } else {
        // That very certificate, whoever signed it.
        if (!failure) context.load_verify_file(what.certificate.string(), failure);
        ::X509_STORE_set_flags(::SSL_CTX_get_cert_store(context.native_handle()),
                               X509_V_FLAG_PARTIAL_CHAIN);
    }
    if (failure) return fail(errc::tls_failed, where(what) + ": " + failure.message());
    return {};
}

asio::awaitable<protocol::result<http_answer>> ask_once(asio::io_context& loop, http_call what) {
    if (!what.to.tls) {
        beast::tcp_stream stream(loop);
        stream.expires_after(what.timeout);
        if (auto reached = co_await connect(stream, what); !reached)
            co_return std::unexpected(reached.error());
        co_return co_await exchange(stream, what);
    }
    asio::ssl::context context(asio::ssl::context::tls_client);
    if (auto prepared = prepare(context, what); !prepared)
        co_return std::unexpected(prepared.error());
    beast::ssl_stream<beast::tcp_stream> stream(loop, context);
    auto& lowest = beast::get_lowest_layer(stream);
    lowest.expires_after(what.timeout);
    if (auto reached = co_await connect(lowest, what); !reached)
        co_return std::unexpected(reached.error());
    ::SSL_set_tlsext_host_name(stream.native_handle(), what.to.host.c_str());
    const auto [refused] =
        co_await stream.async_handshake(asio::ssl::stream_base::client, awaitable_tuple);
    if (refused) co_return fail(errc::tls_failed, where(what) + ": " + refused.message());
    co_return co_await exchange(stream, what);
}

} // namespace

std::optional<http_address> parse_http_address(std::string_view text) {
    http_address made;
    if (text.starts_with("https://"))
        made.tls = true;
    else if (!text.starts_with("http://"))
        return std::nullopt;
    text.remove_prefix(made.tls ? 8 : 7);
    const auto end = std::min(text.find('/'), text.size());
    std::string_view host = text.substr(0, end);
    made.path = end == text.size() ? "/" : std::string(text.substr(end));
    made.port = made.tls ? "443" : "80";
    if (host.find('@') != std::string_view::npos) return std::nullopt;
    const auto bracket = host.rfind(']');
    const auto colon = host.rfind(':');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        made.port = host.substr(colon + 1);
        host = host.substr(0, colon);
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    made.host = host;
    const bool digits =
        !made.port.empty() && made.port.find_first_not_of("0123456789") == std::string::npos;
    if (made.host.empty() || !digits || made.port.size() > 5) return std::nullopt;
    const bool clean = std::ranges::none_of(made.path + made.host,
                                            [](unsigned char c) { return c <= 0x20 || c == 0x7F; });
    return clean ? std::optional(made) : std::nullopt;
}

protocol::result<http_answer> ask(const http_call& what) {
    asio::io_context loop(1);
    std::optional<protocol::result<http_answer>> ended;
    std::exception_ptr thrown;
    asio::co_spawn(loop, ask_once(loop, what),
                   [&](std::exception_ptr exception, protocol::result<http_answer> answer) {
                       thrown = exception;
                       ended = std::move(answer);
                   });
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*ended);
}

} // namespace understudy::apps
