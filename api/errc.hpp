#pragma once

#include <system_error>

namespace understudy::api {

// Errors of the api room, at start-up and reload: requests are answered with a status instead.
enum class errc {
    listen_failed = 1, // the address cannot be listened on
    bad_tls,           // the certificate or its key cannot be used
    bad_tokens,        // the file of tokens is not what it should be
    not_safe,          // an address beyond this machine without TLS and tokens
    io_failed,         // a file operation failed
};

[[nodiscard]] const std::error_category& api_category() noexcept;
[[nodiscard]] std::error_code make_error_code(errc code) noexcept;

} // namespace understudy::api

template<>
struct std::is_error_code_enum<understudy::api::errc> : std::true_type {};
