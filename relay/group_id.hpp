#pragma once

#include "protocol/binlog/format_description.hpp"
#include "protocol/gtid/gtid.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace understudy::relay {

// The GTID of the group that this event of a log begins; nullopt: it begins none, or one without.
// `format`: the one in force; taken from the event where it is one. Pure.
[[nodiscard]] protocol::result<std::optional<protocol::gtid>>
begun_group(std::span<const std::byte> event, std::optional<protocol::format_description>& format);

} // namespace understudy::relay
