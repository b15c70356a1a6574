#pragma once

#include <system_error>

namespace understudy::snapshot {

// Errors of the snapshot room. Each says what it means for the operator.
enum class errc {
    source_read_failed = 1, // a read from the source failed and retries did not help
    object_unreadable,   // a selected object's definition cannot be read (privilege, invalid view)
    lock_not_granted,    // the short read lock for tables without a key was not granted in time
    unsupported_object,  // an object that cannot be copied faithfully
    value_not_exact,     // the target stored a row with a warning: it would not be equal
    changed_during_copy, // a table was altered while it was copied
    merged_key_taken,    // a row's key is there already, in a table with rows of several
    taken_back,          // the copy is no more: what it made is being dropped
    cancelled,
};

[[nodiscard]] const std::error_category& snapshot_category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc code) noexcept;

// A copy that ended so cannot be gone on with: it has to begin anew.
[[nodiscard]] inline bool is_worthless(const std::error_code& code) noexcept {
    return code == make_error_code(errc::changed_during_copy) ||
           code == make_error_code(errc::taken_back);
}

} // namespace understudy::snapshot

template<>
struct std::is_error_code_enum<understudy::snapshot::errc> : std::true_type {};
