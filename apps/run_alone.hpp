#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace understudy::apps {

// Drives one conversation to its end on a loop of its own. For commands and requests that ask a
// server something; blocks the calling thread.
template<class T>
[[nodiscard]] T run_alone(boost::asio::io_context& loop, boost::asio::awaitable<T> work) {
    std::optional<T> value;
    std::exception_ptr thrown;
    boost::asio::co_spawn(loop, std::move(work), [&](std::exception_ptr exception, T result) {
        thrown = exception;
        value = std::move(result);
    });
    loop.run();
    if (thrown) std::rethrow_exception(thrown);
    return std::move(*value);
}

} // namespace understudy::apps
