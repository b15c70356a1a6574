#pragma once

#include "protocol/binlog/binlog_position.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace understudy::state {

enum class phase : std::uint8_t {
    starting,
    prechecking,
    copying_schema,
    copying_data,
    catching_up,
    streaming,
    stopping,
    finished,
    failed
};

[[nodiscard]] std::string_view to_string(phase value);

// What an operator sees of one task at one moment. A value.
struct status {
    std::string task;
    phase now = phase::starting;
    std::chrono::system_clock::time_point started;

    struct table_progress {
        std::uint64_t rows = 0;
        std::uint64_t rows_estimated = 0;
        std::uint64_t bytes = 0;
        bool finished = false;
    };
    std::map<std::string, table_progress> copy; // "db.table" on the source

    // receiver
    bool connected = false;
    std::string
        receiver_note; // "reconnecting in 4 s: …", "paused: disk full…"; empty when all is well
    protocol::binlog_position received;
    std::uint64_t received_bytes = 0;
    std::uint64_t received_events = 0;
    // relay
    std::uint64_t relay_stored_bytes = 0;
    std::uint64_t relay_raw_bytes = 0;
    // applier
    protocol::binlog_position applied;
    std::string applied_gtids;
    std::uint64_t applied_rows = 0;
    std::uint64_t applied_transactions = 0;
    std::uint64_t applied_groups = 0;
    std::uint64_t applied_ddl = 0;
    std::uint64_t retries = 0;
    std::string applier_note;
    // seconds between the source's timestamp of the last applied group and now; 0 when everything
    // received is applied
    std::chrono::milliseconds lag{0};

    std::string last_error; // what stopped the task, with what to do about it
    std::vector<std::string> warnings;
};

// The one place where the stages of a task write what they do and from where the display, the
// status file and the API read. Thread-safe; update() holds a mutex for the moment of the change.
class status_board {
public:
    explicit status_board(std::string task);

    void update(const std::function<void(status&)>& change);
    void warn(std::string text); // kept (up to 100) and shown once
    [[nodiscard]] status read() const;

private:
    mutable std::mutex mutex_;
    status current_;
};

} // namespace understudy::state
