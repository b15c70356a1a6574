#include "protocol/net/resolve.hpp"

#include "protocol/errc.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>

namespace understudy::protocol::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

struct lookup {
    explicit lookup(const asio::any_io_executor& executor) : resolver(executor), done(executor) {}

    tcp::resolver resolver;
    asio::steady_timer done; // runs out with the time limit, or is cancelled by the answer
    bool answered = false;
    error_code failed;
    std::vector<tcp::endpoint> endpoints;
};

} // namespace

asio::awaitable<result<std::vector<tcp::endpoint>>> resolve(asio::any_io_executor executor,
                                                            std::string host, std::uint16_t port,
                                                            std::chrono::milliseconds limit) {
    error_code not_an_address;
    const auto address = asio::ip::make_address(host, not_an_address);
    if (!not_an_address) co_return std::vector{tcp::endpoint(address, port)};

    const auto running = std::make_shared<lookup>(executor);
    running->done.expires_after(limit);
    running->resolver.async_resolve(host, std::to_string(port),
                                    [running](error_code failed, const auto& found) {
                                        running->answered = true;
                                        running->failed = failed;
                                        for (const auto& entry : found)
                                            running->endpoints.push_back(entry.endpoint());
                                        running->done.cancel();
                                    });
    const auto [woken] = co_await running->done.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!running->answered) {
        if (woken) co_return fail(errc::cancelled, "stopped while resolving " + host);
        co_return fail(errc::timed_out, "the name " + host + " was not resolved in time");
    }
    if (running->failed) {
        co_return fail(errc::connect_failed,
                       "the name " + host + " cannot be resolved: " + running->failed.message());
    }
    co_return running->endpoints;
}

} // namespace understudy::protocol::net
