#pragma once

#include <system_error>

namespace understudy::applier {

// Errors of the applier room. Each says what it means for the operator.
enum class errc {
    connect_failed = 1, // the target cannot be reached; tried again
    connection_lost,    // the target or the network ended the session; the group is tried again
    access_denied,      // sign-in refused
    missing_privilege,  // the account lacks a right; the message has the GRANT
    transient,          // deadlock or lock timeout; the group is tried again
    target_refused,     // the target answered with an error that a retry cannot mend
    read_only_target,
    disk_full,             // on the target; the group is tried again
    row_not_found,         // an UPDATE or DELETE did not find its row
    duplicate_key,         // an INSERT or UPDATE met an existing key
    missing_table,         // a selected table is not on the target
    definition_mismatch,   // the target's table does not have the source's columns
    packet_too_large,      // a row or statement is above the target's max_allowed_packet
    unsupported_statement, // a statement that touches selected objects and is not understood
    unsupported_event,     // an event that cannot be applied yet
    ddl_uncertain,         // after a crash nobody can tell whether a DDL was executed
    fenced,                // another process applies this task
    checkpoint_invalid,    // the checkpoint on the target does not fit this task
    quarantined,           // it cannot be parted from a table that is set aside
    reload_needed,         // a statement after which only a new copy tells what a table holds
    long_statement,        // one that is left to its table's own stream, so that the rest goes on
    selection_changed,     // the statement was executed; what is selected is another since then
    merge_waits,           // a statement that other tables merged with this one have not got yet
    cancelled,
};

[[nodiscard]] const std::error_category& applier_category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc code) noexcept;

} // namespace understudy::applier

template<>
struct std::is_error_code_enum<understudy::applier::errc> : std::true_type {};
