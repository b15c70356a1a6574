#pragma once

#include <system_error>

namespace understudy::relay {

// Errors of the relay room. Each says what it means for the operator.
enum class errc {
    io_failed = 1, // the operating system refused a file operation
    disk_full,     // no room: the receiver pauses and goes on when there is some
    corrupt,       // bytes on disk are not what was written; never skipped over
    torn,          // the tail was not completely written (a crash); cut off at the next open
    unsupported_version,
    position_not_held, // the relay does not reach back (or forward) to the position asked for
    wrong_source,      // the directory holds the log of another source
    locked,            // another process uses the directory
    closed,            // the log was closed while waiting
    tampered,          // an encrypted part is not what was written with its key
    files_begin_anew,  // the source's log files have names that come before those that are stored
    bad_key,           // the log is encrypted with a key that is not given, or the keys are none
};

[[nodiscard]] const std::error_category& relay_category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc code) noexcept;

} // namespace understudy::relay

template<>
struct std::is_error_code_enum<understudy::relay::errc> : std::true_type {};
