#include "snapshot/lanes.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>

namespace understudy::snapshot {

boost::asio::awaitable<protocol::result<void>>
run_lanes(boost::asio::any_io_executor executor,
          std::vector<boost::asio::awaitable<protocol::result<void>>> lanes) {
    boost::asio::steady_timer all_done(executor, boost::asio::steady_timer::time_point::max());
    std::size_t running = lanes.size();
    std::optional<protocol::error> failure;
    std::exception_ptr thrown;
    for (auto& lane : lanes) {
        boost::asio::co_spawn(executor, std::move(lane),
                              [&](std::exception_ptr exception, protocol::result<void> end) {
                                  if (exception && !thrown) thrown = exception;
                                  if (!exception && !end && !failure)
                                      failure = std::move(end.error());
                                  if (--running == 0) all_done.cancel();
                              });
    }
    while (running > 0)
        co_await all_done.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    if (thrown) std::rethrow_exception(thrown);
    if (failure) co_return std::unexpected(*std::move(failure));
    co_return protocol::result<void>{};
}

} // namespace understudy::snapshot
