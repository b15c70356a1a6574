#pragma once

#include "protocol/result.hpp"
#include "protocol/session/connect_options.hpp"

namespace understudy::protocol {

// What the server's error means when it comes in the connection phase: errc::access_denied where
// another try with the same account cannot succeed, errc::server_error otherwise (too many
// connections, shutting down).
[[nodiscard]] error sign_in_error(error refused, const connect_options& options);

} // namespace understudy::protocol
