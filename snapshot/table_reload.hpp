#pragma once

#include "applier/ddl_scan.hpp"
#include "applier/reloader.hpp"
#include "protocol/result.hpp"
#include "relay/log.hpp"
#include "relay/server_turn.hpp"
#include "snapshot/snapshot.hpp"
#include "snapshot/source_session.hpp"
#include "snapshot/stop_signal.hpp"
#include "state/object_selection.hpp"
#include "state/status_board.hpp"
#include "state/task_spec.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace understudy::snapshot {

// Copies tables anew that are set aside: an initial copy of its own under the name of the entry,
// with a start point, progress and an end like a task's, so that it goes on after any crash. The
// tables of the target are dropped first, unless the entry keeps their rows; what the relay holds
// of them from before the new start point is left out. A DDL on one of them meanwhile makes their
// copy, and nobody else's, begin anew, or ends it where rows are kept.
class table_reload final : public applier::reloader {
public:
    // Outlived by all of these. `may_pass`: an error of a server or the network that another try
    // may not meet.
    struct parts {
        boost::asio::any_io_executor executor;
        boost::asio::thread_pool& pool;
        const state::task_spec& task;
        const state::object_selection& selection;
        relay::log& relay;
        state::status_board& board;
        std::function<bool(const protocol::error&)> may_pass;
    };
    explicit table_reload(parts of);
    ~table_reload() override;

    [[nodiscard]] boost::asio::awaitable<protocol::result<void>>
    reload(applier::quarantine_entry entry, std::uint64_t epoch,
           std::function<void(std::string)> note) override;
    [[nodiscard]] boost::asio::awaitable<protocol::result<applier::reloaded_tables>>
    load(applier::quarantine_entry entry) override;
    void stop() override;

private:
    struct attempt;
    [[nodiscard]] state::task_spec spec_of(const applier::quarantine_entry& entry) const;
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> run(attempt& now);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> take_over(attempt& now);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> begin(attempt& now);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> check_uncopied(attempt& now);
    [[nodiscard]] boost::asio::awaitable<protocol::result<copy_outcome>> copy(attempt& now);
    [[nodiscard]] boost::asio::awaitable<
        protocol::result<std::optional<applier::definition_change>>>
    ddl_during_copy(attempt& now);
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> finish(attempt& now,
                                                                        const copy_outcome& copied);
    [[nodiscard]] boost::asio::awaitable<void> tell(attempt& now);
    [[nodiscard]] source_link source_of(attempt& now);
    [[nodiscard]] relay::server_turn followed(const attempt& now) const;

    parts parts_;
    stop_signal stop_;
    copier* copier_ = nullptr; // that is running
};

} // namespace understudy::snapshot
