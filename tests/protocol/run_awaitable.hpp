#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace understudy::test {

// Runs `work` on `io` until nothing is left to do, and gives what it returned.
template<class T>
T run_awaitable(boost::asio::io_context& io, boost::asio::awaitable<T> work) {
    std::optional<T> outcome;
    boost::asio::co_spawn(io, std::move(work), [&outcome](std::exception_ptr thrown, T value) {
        if (thrown) std::rethrow_exception(thrown);
        outcome.emplace(std::move(value));
    });
    io.restart();
    io.run();
    return std::move(outcome).value();
}

} // namespace understudy::test
