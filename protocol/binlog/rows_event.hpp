#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace understudy::protocol {

enum class rows_kind : std::uint8_t { write, update, delete_ };

namespace rows_flag {
inline constexpr std::uint16_t statement_end = 0x01;
inline constexpr std::uint16_t no_foreign_key_checks = 0x02;
inline constexpr std::uint16_t relaxed_unique_checks = 0x04;
inline constexpr std::uint16_t complete_rows = 0x08;
inline constexpr std::uint16_t sql_foreign_keys = 0x10; // 9.6+: cascades are in the log
inline constexpr std::uint16_t mariadb_no_check_constraint = 0x80;
} // namespace rows_flag

// Bits, least significant first, one per column of the table map. A view.
struct column_bitmap {
    std::span<const std::byte> bytes;
    std::uint32_t count = 0; // columns

    [[nodiscard]] bool test(std::uint32_t column) const {
        return (std::to_integer<unsigned>(bytes[column / 8]) >> (column % 8) & 1U) != 0;
    }
    [[nodiscard]] std::uint32_t set_count() const;
    [[nodiscard]] bool all() const { return set_count() == count; }
};

// WRITE/UPDATE/DELETE_ROWS v1 and v2, PARTIAL_UPDATE_ROWS. All spans are views over the event.
struct rows_event {
    rows_kind kind = rows_kind::write;
    std::uint8_t version = 2;
    std::uint64_t table_id = 0;
    std::uint16_t flags = 0;
    std::span<const std::byte> extra; // v2 extra data without its length
    std::uint32_t column_count = 0;
    column_bitmap present;       // before image (DELETE, UPDATE) or the image (WRITE)
    column_bitmap present_after; // UPDATE only
    // PARTIAL_UPDATE_ROWS: after images can hold changes of JSON documents instead of the
    // documents.
    bool has_partial_json = false;
    std::span<const std::byte> rows;
};

// Who copies images or takes every value for a whole one must refuse partial JSON; who reads them
// looks at row_image::column::is_partial.
enum class partial_json : std::uint8_t { refused, accepted };

[[nodiscard]] result<rows_event> decode_rows_event(const event_view& event,
                                                   const format_description& format,
                                                   partial_json partial = partial_json::refused);

// One row image cut into columns without decoding values. Reused between rows: no allocation after
// the first.
struct row_image {
    struct column {
        std::span<const std::byte>
            value; // with its length prefix; empty for NULL and for absent columns
        bool present = false;
        bool is_null = false;
        bool is_partial = false; // `value` holds changes of a JSON document (value/json_diff.hpp)
    };
    std::span<const std::byte> bytes; // null bitmap and values
    std::vector<column> columns;      // one per column of the table map
};

// Length in bytes of a value of this type at the start of `bytes` (length prefix included). Values
// are not checked further.
[[nodiscard]] result<std::size_t> value_length(const table_map_column& column,
                                               std::span<const std::byte> bytes);

// Walks the rows of one event. In a loop: while (next()) use before() / after(). Of an event with
// partial JSON, columns of after() say whether they are partial.
class row_reader {
public:
    row_reader(const table_map& map, const rows_event& event);

    // true: an image (UPDATE: a pair) is ready; false: no more rows. Errors leave the reader
    // unusable.
    [[nodiscard]] result<bool> next();
    [[nodiscard]] const row_image& before() const { return before_; } // DELETE, UPDATE
    [[nodiscard]] const row_image& after() const { return after_; }   // WRITE, UPDATE

private:
    [[nodiscard]] result<void> slice(const column_bitmap& present, std::uint32_t present_count,
                                     row_image& image);
    [[nodiscard]] result<column_bitmap> read_partial_bits();
    void mark_partial(const column_bitmap& bits);

    const table_map* map_;
    rows_kind kind_;
    column_bitmap present_;
    column_bitmap present_after_;
    std::span<const std::byte> rest_;
    std::uint32_t present_count_;
    std::uint32_t present_after_count_;
    bool widths_agree_;
    bool row_without_columns_;
    bool has_partial_json_;
    std::uint32_t json_count_ = 0; // JSON columns of the table
    row_image before_;
    row_image after_;
};

// A V2 rows event for another server. rows: concatenated images that fit the bitmaps. No checksum,
// log_pos 0. `extra` is dropped on purpose: partition ids of the source mean nothing on the target.
struct rows_event_header {
    std::uint32_t timestamp = 0;
    std::uint32_t server_id = 0;
    rows_kind kind = rows_kind::write;
    std::uint64_t table_id = 0;
    std::uint16_t flags = 0;
    std::uint32_t column_count = 0;
    std::span<const std::byte> present;
    std::span<const std::byte> present_after; // UPDATE only
    bool has_partial_json = false;            // PARTIAL_UPDATE_ROWS
};
// `more` follows `rows` at once: an after image that lies elsewhere than its before image.
void encode_rows_event(std::vector<std::byte>& out, const rows_event_header& header,
                       std::span<const std::byte> rows, std::span<const std::byte> more = {});

} // namespace understudy::protocol
