#pragma once

#include "applier/pace.hpp"
#include "applier/target_load.hpp"
#include "protocol/result.hpp"
#include "snapshot/source_session.hpp"
#include "snapshot/target_worker.hpp"
#include "state/task_spec.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace understudy::snapshot {

struct copy_context;

// Holds the lanes back: to the rates that the task allows, while one of the two servers runs more
// threads than the task allows (`Threads_running`), and while a replica of the target is too far
// behind. They are asked at most once a second by one of the lanes, on sessions of their own. One
// for all lanes; on the executor.
class copy_pace {
public:
    explicit copy_pace(copy_context& context);

    // Between two batches. Says on the board what it waits for. errc::cancelled when the copy
    // stops.
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> wait(std::uint64_t rows_read,
                                                                      std::uint64_t bytes_read);

private:
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> wait_for_servers();
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> look();
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::string>> too_many_threads();
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::uint64_t>> running_at_source();
    [[nodiscard]] boost::asio::awaitable<protocol::result<std::uint64_t>> running_at_target();
    void say(std::string note);

    copy_context* context_;
    applier::pace rates_;
    std::uint32_t threads_running_max_;
    state::task_spec for_replicas_; // with the copy's limit in the place of apply.throttle's
    applier::target_load replicas_;
    std::optional<source_session> source_;
    std::optional<target_worker> target_;
    std::chrono::steady_clock::time_point looked_{};
    bool looking_ = false;
    std::string note_; // why everybody waits; empty: nobody has to
};

} // namespace understudy::snapshot
