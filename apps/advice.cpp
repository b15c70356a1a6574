#include "apps/advice.hpp"

#include "applier/errc.hpp"
#include "protocol/errc.hpp"
#include "relay/errc.hpp"
#include "snapshot/errc.hpp"

namespace understudy::apps {

namespace {

std::string_view advice(protocol::errc code) {
    using enum protocol::errc;
    switch (code) {
    case checksum_mismatch:
        return "An event arrived damaged more than once: look at the source's disk, memory and "
               "binary log "
               "(`mysqlbinlog --verify-binlog-checksum`).";
    case unsupported:
    case unknown_event:
        return "docs/limitations.md lists what is replicated. Change the source so that it no "
               "longer logs this, and start the "
               "task anew behind it.";
    case binlog_position_lost:
        return "The source purged what this task still needs. Remove the task's traces "
               "(docs/operations.md) and copy anew; a "
               "longer binlog_expire_logs_seconds on the source prevents it.";
    case tls_failed:
    case tls_not_offered:
        return "Look at tls.mode and tls.ca in the task file and at the server's certificate.";
    case access_denied:
        return "Look at user and password in the task file, and at the hosts that account may come "
               "from.";
    default: return {};
    }
}

std::string_view advice(relay::errc code) {
    using enum relay::errc;
    switch (code) {
    case disk_full:
        return "Make room on the disk of the data directory, then run the task again; it goes on "
               "where it was.";
    case corrupt:
        return "The relay log is damaged. Move the relay directory of the task away and run it "
               "again: what is missing is "
               "pulled anew from the source. Look at the disk.";
    case unsupported_version: return "A newer understudy wrote the relay log; use that one.";
    case wrong_source:
        return "The task file names another source than the one this task was begun with. Give the "
               "task another name, or "
               "remove its traces (docs/operations.md).";
    case locked: return "Another process uses the relay directory; stop it first.";
    default: return {};
    }
}

std::string_view advice(applier::errc code) {
    using enum applier::errc;
    switch (code) {
    case row_not_found:
    case duplicate_key:
        return "The target's rows differ from what the source's had: something else wrote to the "
               "target. Mend the row there "
               "and run the task again, or remove the task's traces (docs/operations.md) and copy "
               "anew.";
    case missing_table:
    case definition_mismatch:
        return "Give the target's table the definition that the source's has at this point, then "
               "run the task again.";
    case packet_too_large:
        return "Raise max_allowed_packet on the target, then run the task again.";
    case read_only_target:
        return "SET GLOBAL super_read_only = OFF, read_only = OFF on the target, then run the task "
               "again.";
    case unsupported_statement:
        return "Execute what the statement means on the target by hand and leave it out with "
               "`understudy skip`, or exclude the object (docs/operations.md).";
    case fenced: return "Another process has taken this task over; run it in one place only.";
    default: return {};
    }
}

std::string_view advice(snapshot::errc code) {
    using enum snapshot::errc;
    switch (code) {
    case lock_not_granted:
        return "Run the task again when no long transaction is open on that table, or exclude it.";
    case changed_during_copy:
    case taken_back: return "Run the task again when the table's definition stays as it is.";
    default: return {};
    }
}

} // namespace

std::string_view advice_for(const std::error_code& code) {
    if (code.category() == protocol::protocol_category())
        return advice(static_cast<protocol::errc>(code.value()));
    if (code.category() == relay::relay_category())
        return advice(static_cast<relay::errc>(code.value()));
    if (code.category() == applier::applier_category())
        return advice(static_cast<applier::errc>(code.value()));
    if (code.category() == snapshot::snapshot_category())
        return advice(static_cast<snapshot::errc>(code.value()));
    return {};
}

} // namespace understudy::apps
