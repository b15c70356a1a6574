#pragma once

#include "protocol/result.hpp"

namespace understudy::protocol {

// What an ERR packet means when it comes instead of, or inside, a binary log dump:
// binlog_position_lost (the source no longer has what we ask for), source_unsuitable (another try
// cannot succeed), access_denied, or server_error (worth another try).
[[nodiscard]] error dump_error(error refused);

} // namespace understudy::protocol
