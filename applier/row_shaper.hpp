#pragma once

#include "applier/row_filter.hpp"
#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"
#include "state/table_shape.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace understudy::applier {

// One layout of a table of the source and what the task makes of its rows (objects.tables): the
// TABLE_MAP that the source would log if its table were the target's, and the rows events that it
// would log then.
//
//   INSERT, DELETE   of rows that `where` does not take: left out
//   UPDATE           of a row that it took before and takes after: stays
//                    only before: a DELETE;  only after: an INSERT;  never: left out
//
// The rows stay in their order: an event becomes as many as its rows are of different kinds. Pure;
// one thread; the shape lives longer.
class row_shaper {
public:
    // errc::unsupported_event: the table has not the columns that the shape speaks of, or the
    // source does not log their names.
    [[nodiscard]] static protocol::result<std::unique_ptr<row_shaper>>
    make(const protocol::event_view& map, const protocol::format_description& format,
         const state::table_shape& shape);

    // Under the id of the event at hand, without a checksum; empty: the map stays as it is.
    [[nodiscard]] std::vector<std::byte> map_for(const protocol::event_view& event,
                                                 std::uint64_t table_id) const;

    // What becomes of a rows event. `events` are without checksums, and good until the next call.
    struct shaped_rows {
        bool as_it_was = false;
        std::vector<std::vector<std::byte>> events;
    };
    [[nodiscard]] protocol::result<const shaped_rows*> shape(const protocol::event_view& event,
                                                             const protocol::rows_event& rows);

    // The source's.
    [[nodiscard]] const protocol::table_map& map() const { return map_; }

private:
    explicit row_shaper(const state::table_shape& shape) : shape_(&shape) {}

    struct piece {
        protocol::rows_kind kind = protocol::rows_kind::write;
        std::vector<std::byte> rows;
        std::uint32_t row_count = 0;
    };
    // The bitmaps of an event's images, of the target's columns.
    struct bitmaps {
        std::vector<std::byte> before; // or of the only one
        std::vector<std::byte> after;  // of an UPDATE
    };

    [[nodiscard]] protocol::result<void> plan_columns();
    [[nodiscard]] protocol::result<void> check_columns() const;
    [[nodiscard]] protocol::result<std::optional<protocol::rows_kind>>
    kind_of(const protocol::row_reader& reader, protocol::rows_kind kind);
    [[nodiscard]] bool skips(protocol::rows_kind kind) const;
    [[nodiscard]] bool has_kept_columns(const protocol::column_bitmap& present) const;
    [[nodiscard]] protocol::result<void> take_rows(const protocol::rows_event& rows);
    [[nodiscard]] std::vector<std::byte> projected(const protocol::column_bitmap& present) const;
    void append_image(std::vector<std::byte>& out, const protocol::row_image& image) const;
    [[nodiscard]] std::vector<std::byte> encode(const protocol::event_view& event,
                                                const protocol::rows_event& rows, const piece& one,
                                                bool is_last) const;

    const state::table_shape* shape_;
    std::vector<std::byte> event_; // what map_ looks into
    protocol::table_map map_;
    std::string table_name_;
    std::vector<protocol::column_definition> columns_; // of the source
    std::optional<row_filter> filter_;
    bool changes_columns_ = false;
    std::vector<std::uint32_t> kept_;           // the source's columns on the target, in order
    std::vector<std::vector<std::byte>> added_; // values of the columns in front of them
    std::vector<std::byte> target_columns_;     // table_map::after_names
    std::vector<piece> pieces_;
    std::size_t piece_count_ = 0;
    shaped_rows out_;
};

} // namespace understudy::applier
