#pragma once

#include "protocol/result.hpp"
#include "relay/definition_store.hpp"
#include "relay/file.hpp"
#include "relay/key_index.hpp"
#include "relay/key_ring.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <thread>

namespace understudy::relay {

// Makes the indexes of keys, on a thread of its own that runs when nothing else wants the machine.
// The receiver's way knows nothing of it: it reads sealed segments back from the disk, once they
// are applied, because only then is it certain that the definitions of their tables are known.
class key_indexer {
public:
    key_indexer(std::shared_ptr<directory> where, definition_store& definitions, key_ring keys,
                std::uint64_t filter_bytes_max);
    ~key_indexer(); // gives up what it is at
    key_indexer(const key_indexer&) = delete;
    key_indexer& operator=(const key_indexer&) = delete;

    // --- any thread
    // A sealed segment with an index or without; those it was asked for before cost nothing. The
    // error of an earlier one, told once: that segment stays without an index until the next start.
    [[nodiscard]] protocol::result<void> want(std::uint64_t segment);
    // The segment is about to be removed, its index too.
    [[nodiscard]] protocol::result<void> forget(std::uint64_t segment);
    void wait_until_idle();

private:
    void run(const std::stop_token& stop);
    [[nodiscard]] protocol::result<void> make(std::uint64_t segment, const std::stop_token& stop);

    std::shared_ptr<directory> where_;
    definition_store& definitions_;
    const key_ring keys_;
    const std::uint64_t filter_bytes_max_;

    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::deque<std::uint64_t> queue_;
    std::set<std::uint64_t> wanted_; // ever
    std::set<std::uint64_t> forgotten_;
    std::optional<protocol::error> failure_;
    bool busy_ = false;
    std::jthread thread_;
};

// From all events of a sealed segment. errc::closed when it was stopped.
[[nodiscard]] protocol::result<key_index> index_segment(directory& where, std::uint64_t segment,
                                                        const key_ring& keys,
                                                        definition_store* definitions,
                                                        std::uint64_t filter_bytes_max,
                                                        const std::stop_token& stop);

} // namespace understudy::relay
