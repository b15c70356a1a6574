#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <system_error>
#include <utility>

namespace understudy::protocol {

// What a MySQL or MariaDB server said when it refused something (its ERR packet).
// number 0 means that no server was involved.
struct server_diagnostics {
    std::uint16_t number = 0;
    std::string sqlstate;
    std::string message;
};

// The one error type that crosses function and room borders.
// code: which case of which room's errc (each room has its own category), for programs.
// what: one sentence or more for the operator: what happened, where, and how to mend it. Never
// holds a password.
struct error {
    std::error_code code;
    std::string what;
    server_diagnostics server;
};

template<class T = void>
using result = std::expected<T, error>;

// fail(errc::truncated, "…") makes the unexpected value of any room's errc.
template<class Errc>
[[nodiscard]] std::unexpected<error> fail(Errc code, std::string what) {
    return std::unexpected(error{make_error_code(code), std::move(what), {}});
}

template<class Errc>
[[nodiscard]] std::unexpected<error> fail(Errc code, std::string what, server_diagnostics server) {
    return std::unexpected(error{make_error_code(code), std::move(what), std::move(server)});
}

// Puts "context: " before the sentence of an error that is passed upwards.
[[nodiscard]] inline std::unexpected<error> wrap(error inner, const std::string& context) {
    inner.what = context + ": " + inner.what;
    return std::unexpected(std::move(inner));
}

} // namespace understudy::protocol
