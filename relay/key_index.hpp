#pragma once

#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"
#include "relay/file.hpp"
#include "relay/key_ring.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::relay {

// Which tables, and which of their rows, a sealed segment may hold changes of: the file
// "000000000042.keys" beside it (docs/relay-format.md). It is made in the background, for segments
// that are applied; where it is not there, everything has to be read. A value.

// "000000000042.keys"
[[nodiscard]] std::string key_index_name(std::uint64_t segment_number);
[[nodiscard]] std::optional<std::uint64_t> parse_key_index_name(std::string_view name);

inline constexpr std::string_view unfinished_key_index_name = "keys.tmp";

// A column of a primary key: enough to tell how a value stands in row images.
struct indexed_column {
    std::uint32_t number = 0; // from 0
    std::string name;         // empty: not known
    protocol::column_type type = protocol::column_type::null;
    std::uint16_t metadata = 0;             // normalised as in protocol::table_map_column
    std::optional<std::uint16_t> collation; // nothing: not known
    bool operator==(const indexed_column&) const = default;
};

// One layout of a table; a table that changes in the segment is there more than once.
struct indexed_table {
    std::string database;
    std::string table;
    std::uint32_t column_count = 0;
    std::vector<indexed_column>
        key; // in its order; empty: not known, its rows are not in the filters
    bool operator==(const indexed_table&) const = default;
};

// Frames that have to be read together: one of whole groups, or all of one large group.
struct indexed_run {
    std::uint64_t first_frame = 0;
    std::uint32_t frame_count = 1;
    bool has_statements = false;       // DDL, or changes logged as statements
    bool is_opaque = false;            // holds something that could not be looked into
    std::vector<std::uint32_t> tables; // indexes into key_index::tables
    std::uint8_t hash_count = 0;       // 0: no filter, any key may be there
    std::vector<std::byte> filter;
    bool operator==(const indexed_run&) const = default;
};

// What a row is looked for by: its primary key as it stands in row images (append_row_key).
struct row_probe {
    std::string_view database;
    std::string_view table;
    std::span<const std::uint32_t> columns; // of the key, in its order
    std::string_view key;
};

struct key_index {
    std::uint64_t segment = 0;
    std::uint64_t segment_size = 0;  // of the file it was made for
    std::uint64_t source_frames = 0; // frames in it
    std::vector<indexed_table> tables;
    std::vector<indexed_run> runs;
    bool operator==(const key_index&) const = default;

    // False only if no event of the run that begins with this frame changes the table; true for
    // frames that are not known here.
    [[nodiscard]] bool may_touch(std::uint64_t frame, std::string_view database,
                                 std::string_view table) const;
    // The same for one row. Statements are not rows: has_statements().
    [[nodiscard]] bool may_hold(std::uint64_t frame, const row_probe& row) const;
    [[nodiscard]] bool has_statements(std::uint64_t frame) const;

private:
    [[nodiscard]] const indexed_run* run_of(std::uint64_t frame) const;
};

// nullopt: there is none, or it was made for another file; then everything has to be read.
// errc::corrupt, errc::bad_key name the file.
[[nodiscard]] protocol::result<std::optional<key_index>>
read_key_index(directory& where, std::uint64_t segment_number, const key_ring& keys);
// Written and synced under another name first.
[[nodiscard]] protocol::result<void> write_key_index(directory& where, const key_index& index,
                                                     const key_ring& keys);

// The hash by which a row is put into a filter.
[[nodiscard]] std::uint64_t row_hash(std::string_view database, std::string_view table,
                                     std::string_view key);
// A filter over these hashes with so many bits for each.
void fill_filter(indexed_run& run, std::span<const std::uint64_t> hashes, double bits_per_key);

[[nodiscard]] std::vector<std::byte> encode_key_index(const key_index& index, const key_ring& keys);
[[nodiscard]] protocol::result<key_index> decode_key_index(std::span<const std::byte> bytes,
                                                           const key_ring& keys);

} // namespace understudy::relay
