#pragma once

#include "protocol/result.hpp"
#include "relay/inspect.hpp"
#include "relay/inspection/log_piece.hpp"

#include <cstdint>
#include <string>

namespace understudy::relay::inspection {

// What reading a plain binary log file from end to end shows: framing, the checksum of every event,
// positions, and that transactions begin and end where they may.
struct binlog_report {
    segment_summary summary; // path is left to the caller; sealed: the server closed the file
    std::string damage;      // with its place; empty: none
    std::uint64_t unfinished_bytes = 0; // behind the last whole event
    std::string open_transaction;       // where it begins; empty: the log ends between two

    // A file that is in use may end anywhere.
    [[nodiscard]] bool good() const {
        return damage.empty() &&
               (!summary.sealed || (unfinished_bytes == 0 && open_transaction.empty()));
    }
};

// Errors are those of the system; damage is in the report.
[[nodiscard]] protocol::result<binlog_report> check_binlog(log_cutter& cutter, unsigned threads);

} // namespace understudy::relay::inspection
