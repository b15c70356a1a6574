#pragma once

#include <system_error>

namespace understudy::protocol {

// Errors of the protocol room. Each says what it means for the operator.
enum class errc {
    truncated = 1,        // bytes end before the value does
    malformed,            // bytes cannot be what they claim to be
    checksum_mismatch,    // an event's CRC32 does not match its bytes
    unsupported,          // a feature, event or plugin that is known but not handled
    unknown_event,        // an event type nobody knows and that is not flagged ignorable
    limit_exceeded,       // a size from outside is above the configured limit
    connect_failed,       // name resolution or TCP connect failed
    connection_lost,      // the peer or the network ended the connection
    timed_out,            // a step took longer than its limit
    tls_failed,           // TLS could not be set up or the certificate was refused
    tls_not_offered,      // TLS is required and the server does not offer it
    access_denied,        // sign-in was refused
    plugin_unsupported,   // the account uses an authentication plugin we lack
    password_exposed,     // signing in would show the password to who knows whom
    server_error,         // the server answered with an ERR packet (see diagnostics)
    source_unsuitable,    // the source fails a replica session check
    binlog_position_lost, // the source no longer has what we ask for
    cancelled,            // stopped on request
};

[[nodiscard]] const std::error_category& protocol_category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc code) noexcept;

} // namespace understudy::protocol

template<>
struct std::is_error_code_enum<understudy::protocol::errc> : std::true_type {};
