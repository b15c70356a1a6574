#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "state/clock_offset.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
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
    std::uint64_t applied_inserts = 0; // of those; what was logged as text is none of these
    std::uint64_t applied_updates = 0;
    std::uint64_t applied_deletes = 0;
    std::uint64_t applied_transactions = 0;
    std::uint64_t applied_groups = 0;
    std::uint64_t applied_ddl = 0;
    std::uint64_t retries = 0;
    // Groups that went side by side were taken back and executed one at a time.
    std::uint64_t parallel_fallbacks = 0;
    std::string applier_note;
    std::string throttled; // by what the applier is held back (apply.throttle); empty: by nothing
    // Rows that were not on the target as the source had them; listed in `understudy`.`conflict`.
    std::uint64_t conflicts_overwritten = 0;
    std::uint64_t conflicts_ignored = 0;
    // Tables whose rows are written as SQL, and why ("db.table" on the source); up to 1000.
    std::map<std::string, std::string> sql_tables;
    // Tables whose changes wait in the relay, from `from` on; those in one element are linked.
    struct quarantined {
        std::vector<std::string> tables; // "db.table" on the source
        protocol::binlog_position from;
        bool resuming = false;  // they are being caught up
        bool reloading = false; // they are being copied anew
        std::string why;
    };
    std::vector<quarantined> quarantine;
    std::uint64_t applied_bytes = 0; // of events of the source
    std::uint64_t written_rows = 0;  // row changes that the target executed: fewer where changes of
                                     // one row were merged
    // Averages over the last seconds.
    double rows_per_second = 0;
    double bytes_per_second = 0;

    // Times of the source are by its clock, all others by ours.
    //
    // How long ago the source committed the oldest transaction that the target does not have; 0
    // when it has all that was received and the source is there; while the source is out of reach
    // at least the time since it was last heard of. Made by status_board::read().
    std::chrono::milliseconds lag{0};
    // From the commit of the last transaction on the source to its commit on the target.
    std::chrono::milliseconds delay{0};
    std::chrono::system_clock::time_point oldest_missing; // its commit on the source; 0: none known
    std::chrono::system_clock::time_point heard;          // last event or heartbeat
    std::optional<clock_offset::estimate> source_clock;   // ahead of ours

    std::string last_error; // what stopped the task, with what to do about it
    std::vector<std::string> warnings;
};

// Row changes of the source for one that the target executed; 1 before the first.
[[nodiscard]] double merge_ratio(const status& value);

// status::lag at this moment of our clock. Pure.
[[nodiscard]] std::chrono::milliseconds lag_at(const status& value,
                                               std::chrono::system_clock::time_point now);

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
