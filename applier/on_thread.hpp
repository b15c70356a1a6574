#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace understudy::applier {

// Runs a blocking call on the pool and resumes the coroutine on its own executor with the result.
// What `call` refers to must live until then: the awaiting coroutine holds it.
template<class Call>
[[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Call&>>
on_thread(boost::asio::thread_pool& pool, Call call) {
    const auto home = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(boost::asio::bind_executor(pool, boost::asio::use_awaitable));
    std::optional<std::invoke_result_t<Call&>> answer;
    std::exception_ptr thrown;
    try {
        answer.emplace(call());
    } catch (...) {
        thrown = std::current_exception();
    }
    co_await boost::asio::post(boost::asio::bind_executor(home, boost::asio::use_awaitable));
    if (thrown) std::rethrow_exception(thrown);
    co_return std::move(*answer);
}

} // namespace understudy::applier
