#include "relay/group_id.hpp"

#include "protocol/assert.hpp"
#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/gtid_event.hpp"
#include "protocol/binlog/mariadb_events.hpp"

#include <utility>

namespace understudy::relay {

using protocol::event_type;
using protocol::result;

result<std::optional<protocol::gtid>>
begun_group(std::span<const std::byte> event, std::optional<protocol::format_description>& format) {
    const auto header = protocol::decode_event_header(event);
    if (!header) return std::unexpected(header.error());
    if (header->type == event_type::format_description) {
        auto decoded = protocol::decode_format_description(event);
        if (!decoded) return std::unexpected(std::move(decoded.error()));
        format = std::move(*decoded);
        return std::nullopt;
    }
    const bool is_mysql =
        header->type == event_type::gtid || header->type == event_type::gtid_tagged;
    if (!is_mysql && header->type != event_type::mariadb_gtid) return std::nullopt;
    UNDERSTUDY_ASSERT(format.has_value());
    const auto view = protocol::decode_event(event, format->has_checksum());
    if (!view) return std::unexpected(view.error());
    if (is_mysql) {
        auto begun = protocol::decode_gtid_event(*view);
        if (!begun) return std::unexpected(std::move(begun.error()));
        return std::move(begun->id);
    }
    const auto begun = protocol::decode_mariadb_gtid_event(*view);
    if (!begun) return std::unexpected(begun.error());
    return begun->id.to_gtid();
}

} // namespace understudy::relay
