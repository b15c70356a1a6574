#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace understudy::protocol::net {

// Runs a blocking call on the pool and resumes the coroutine on its own executor with the result.
// What `call` refers to must live until then: the awaiting coroutine holds it.
//
// The coroutine itself never runs on the pool. Hopping there and back with post(bind_executor(pool,
// use_awaitable)) let two threads step one coroutine: in a release build it once span for ever
// inside Asio, resumed where it must not be.
template<class Call>
[[nodiscard]] boost::asio::awaitable<std::invoke_result_t<Call&>>
on_thread(boost::asio::thread_pool& pool, Call call) {
    using answer = std::optional<std::invoke_result_t<Call&>>;
    const auto start = [&pool](auto handler, Call work) {
        auto home = boost::asio::make_work_guard(boost::asio::get_associated_executor(handler));
        boost::asio::post(pool, [handler = std::move(handler), work = std::move(work),
                                 home = std::move(home)]() mutable {
            answer value;
            std::exception_ptr thrown;
            try {
                value.emplace(work());
            } catch (...) {
                thrown = std::current_exception();
            }
            const auto executor = home.get_executor();
            boost::asio::post(executor, [handler = std::move(handler), home = std::move(home),
                                         thrown, value = std::move(value)]() mutable {
                std::move(handler)(thrown, std::move(value));
            });
        });
    };
    auto value = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>,
                                                      void(std::exception_ptr, answer)>(
        start, boost::asio::use_awaitable, std::move(call));
    co_return std::move(*value);
}

} // namespace understudy::protocol::net
