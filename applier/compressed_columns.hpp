#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace understudy::applier {

// MariaDB's COMPRESSED columns, which no other server has, as the plain VARCHAR and BLOB columns
// that they are on the target: table maps get the other types, and rows the values. One object per
// stream of events, which it sees in order.
class compressed_columns {
public:
    // Whether an event of this type may have to be changed; all others need not be shown.
    [[nodiscard]] bool concerns(protocol::event_type type) const;

    // The changed event without a checksum, good until the next call; nullopt: it stays as it is.
    [[nodiscard]] protocol::result<std::optional<std::span<const std::byte>>>
    uncompress(const protocol::event_view& event, const protocol::format_description& format);

private:
    using done = protocol::result<std::optional<std::span<const std::byte>>>;

    // A table with such columns. The map is a view over the event's bytes.
    struct table {
        std::vector<std::byte> event;
        protocol::table_map map;
    };

    [[nodiscard]] done take_map(const protocol::event_view& event,
                                const protocol::format_description& format);
    [[nodiscard]] done take_rows(const protocol::event_view& event,
                                 const protocol::format_description& format);
    [[nodiscard]] protocol::result<void> append_image(const protocol::table_map& map,
                                                      const protocol::column_bitmap& present,
                                                      const protocol::row_image& image);

    std::map<std::uint64_t, table> tables_; // by table id
    protocol::table_map probe_;
    std::vector<std::byte> out_;
    std::vector<std::byte> value_;
};

} // namespace understudy::applier
