#include "apps/http_client.hpp"

#include "protocol/assert.hpp"
#include "protocol/errc.hpp"
#include "protocol/net/trust_store.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <exception>
#include <tuple>

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
    ::SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
    boost::system::error_code failure;
    context.set_verify_mode(asio::ssl::verify_peer, failure);
    if (what.certificate.empty()) {
        if (failure) return fail(errc::tls_failed, where(what) + ": " + failure.message());
        protocol::net::load_trust_store(context.native_handle());
        return {};
    }
    // That very certificate, whoever signed it.
    if (!failure) context.load_verify_file(what.certificate.string(), failure);
    if (failure)
        return fail(errc::tls_failed, what.certificate.string() + ": " + failure.message());
    ::X509_STORE_set_flags(::SSL_CTX_get_cert_store(context.native_handle()),
                           X509_V_FLAG_PARTIAL_CHAIN);
    return {};
}

// Whom the certificate has to be made out to, and the name that we ask for: an address is not to be
// sent as one (RFC 6066), and some servers refuse it.
void expect_host(SSL* session, const http_call& what) {
    boost::system::error_code failure;
    std::ignore = asio::ip::make_address(what.to.host, failure);
    const bool is_address = !failure;
    if (!is_address) ::SSL_set_tlsext_host_name(session, what.to.host.c_str());
    if (!what.certificate.empty()) return;
    auto* const wanted = ::SSL_get0_param(session);
    ::X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = is_address ? ::X509_VERIFY_PARAM_set1_ip_asc(wanted, what.to.host.c_str())
                               : ::X509_VERIFY_PARAM_set1_host(wanted, what.to.host.data(),
                                                               what.to.host.size());
    UNDERSTUDY_ASSERT(set == 1);
}

std::string why_refused(const SSL* session, const boost::system::error_code& refused) {
    const long verdict = ::SSL_get_verify_result(session);
    if (verdict == X509_V_OK) return refused.message();
    return std::string("its certificate is refused: ") + ::X509_verify_cert_error_string(verdict);
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
    expect_host(stream.native_handle(), what);
    const auto [refused] =
        co_await stream.async_handshake(asio::ssl::stream_base::client, awaitable_tuple);
    if (refused) {
        co_return fail(errc::tls_failed,
                       where(what) + ": " + why_refused(stream.native_handle(), refused));
    }
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

protocol::result<http_answer> ask(const http_call& what, const std::stop_token& stop) {
    asio::io_context loop(1);
    std::optional<protocol::result<http_answer>> ended;
    std::exception_ptr thrown;
    asio::co_spawn(loop, ask_once(loop, what),
                   [&](std::exception_ptr exception, protocol::result<http_answer> answer) {
                       thrown = exception;
                       ended = std::move(answer);
                   });
    const std::stop_callback give_up(stop, [&loop] { loop.stop(); });
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    if (!ended) return fail(errc::connection_lost, where(what) + ": given up");
    return std::move(*ended);
}

} // namespace understudy::apps
