#pragma once

#include "protocol/binlog/query_event.hpp"

#include <cstddef>
#include <span>

namespace understudy::protocol {

// The status variables of a QUERY event. Called by decode_query_event only.
[[nodiscard]] result<query_status> decode_query_status(std::span<const std::byte> bytes,
                                                       bool is_mariadb);

} // namespace understudy::protocol
