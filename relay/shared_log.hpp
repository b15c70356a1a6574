#pragma once

#include "relay/log.hpp"
#include "relay/log_needs.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace understudy::relay {

// A log for several users, who see it through a log of their own: each reads from its own place,
// is called when there is something new, and says what it still needs. Who writes into it holds the
// log itself. Any thread.
class shared_log {
public:
    // rest_bytes_max: of the stored log, beyond which those that rest are no longer waited for; 0:
    // they are waited for however long it takes.
    shared_log(std::unique_ptr<log> of_all, std::unique_ptr<log_needs> needs,
               std::uint64_t rest_bytes_max);
    ~shared_log();

    [[nodiscard]] log& all() { return *log_; }
    [[nodiscard]] log_needs& needs() { return *needs_; }

    // No segment is deleted while it is held: what is looked for and found there stays until it
    // can be said that it is needed.
    [[nodiscard]] std::unique_lock<std::mutex> hold_segments();
    // The log as `user` sees it: for reading, and gone before this is. What writes is a bug of the
    // caller; reset() is refused, for it is not the user's alone.
    [[nodiscard]] protocol::result<std::unique_ptr<log>>
    join(const std::string& user, const protocol::binlog_position& from);

private:
    class view;
    using callback = std::function<void()>;

    void on_data(const view* user, callback call);
    [[nodiscard]] protocol::result<void> retire(const std::string& user,
                                                const protocol::binlog_position& needed);

    std::unique_ptr<log> log_;
    std::unique_ptr<log_needs> needs_;
    const std::uint64_t rest_bytes_max_;
    std::mutex segments_mutex_;
    std::mutex callbacks_mutex_; // held while they are called, so that none is called once removed
    std::map<const view*, callback> callbacks_;
};

} // namespace understudy::relay
