#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "relay/catalog.hpp"
#include "relay/file.hpp"
#include "relay/frame_buffer.hpp"
#include "relay/key_ring.hpp"
#include "relay/live_frames.hpp"

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace understudy::relay {

// Positions from which on readers need the log. Thread-safe.
class reader_pins {
public:
    void set(const void* who, const protocol::binlog_position& position) {
        const std::scoped_lock lock(mutex_);
        positions_[who] = position;
    }
    void remove(const void* who) {
        const std::scoped_lock lock(mutex_);
        positions_.erase(who);
    }
    [[nodiscard]] std::vector<protocol::binlog_position> all() const {
        const std::scoped_lock lock(mutex_);
        std::vector<protocol::binlog_position> found;
        for (const auto& [who, position] : positions_)
            found.push_back(position);
        return found;
    }

private:
    mutable std::mutex mutex_;
    std::map<const void*, protocol::binlog_position> positions_;
};

// What a log and its readers share. log::reset() begins a new one, and readers of the old one end
// with errc::closed.
struct log_parts {
    log_parts(std::shared_ptr<directory> directory_of_log, key_ring keys_of_log,
              std::shared_ptr<buffer_pool> buffers, live_frames::limits bounds,
              std::uint64_t last_frame, state::source_position end)
        : where(std::move(directory_of_log)), keys(std::move(keys_of_log)),
          pool(std::move(buffers)), frames(bounds, last_frame, std::move(end)) {}

    std::shared_ptr<directory> where;
    key_ring keys;
    std::shared_ptr<buffer_pool> pool;
    catalog segments;
    live_frames frames;
    reader_pins pins;
    std::atomic<bool> closed{false};
};

} // namespace understudy::relay
