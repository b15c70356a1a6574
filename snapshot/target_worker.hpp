#pragma once

#include "applier/errc.hpp"
#include "applier/server_errors.hpp"
#include "applier/target_session.hpp"
#include "protocol/net/on_thread.hpp"
#include "protocol/result.hpp"
#include "snapshot/stop_signal.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <vector>

namespace understudy::snapshot {

// One session at the target, its blocking calls made on the pool and awaited here. A session that
// broke is opened again by the next run(). One call at a time; from the executor.
class target_worker {
public:
    struct options {
        boost::asio::any_io_executor executor;
        boost::asio::thread_pool* pool = nullptr;
        protocol::connect_options target;
        applier::target_session::warning_sink warn; // called on the pool
        stop_signal* stop = nullptr;
        std::vector<std::string> setup; // statements for each new session
    };
    explicit target_worker(options how);

    // call: result<T>(applier::target_session&).
    template<class Call>
    [[nodiscard]] auto run(Call call)
        -> boost::asio::awaitable<std::invoke_result_t<Call&, applier::target_session&>> {
        using answer = std::invoke_result_t<Call&, applier::target_session&>;
        auto work = [this, &call]() -> answer {
            auto session = connected();
            if (!session) return std::unexpected(std::move(session.error()));
            return call(**session);
        };
        co_return co_await protocol::net::on_thread(*how_.pool, work);
    }

    // run(), again with growing pauses after deadlocks, lost connections and a full disk. `call`
    // must be harmless to repeat.
    template<class Call>
    [[nodiscard]] auto run_retrying(Call call)
        -> boost::asio::awaitable<std::invoke_result_t<Call&, applier::target_session&>> {
        for (int attempt = 1;; ++attempt) {
            auto answer = co_await run(call);
            if (answer || attempt == attempts_max || !is_retryable(answer.error()))
                co_return answer;
            if (auto waited = co_await back_off(attempt); !waited)
                co_return std::unexpected(std::move(waited.error()));
        }
    }

    [[nodiscard]] static bool is_retryable(const protocol::error& error);

private:
    static constexpr int attempts_max = 60;

    [[nodiscard]] protocol::result<applier::target_session*> connected();
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> back_off(int attempt);
    void interrupt();

    options how_;
    std::mutex mutex_; // session_ is replaced on the pool and interrupted from the executor
    std::unique_ptr<applier::target_session> session_;
    bool interrupted_ = false;
    stop_signal::registration stop_hook_;
};

} // namespace understudy::snapshot
