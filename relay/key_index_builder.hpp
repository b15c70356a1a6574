#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"
#include "relay/key_index.hpp"
#include "relay/table_definition.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace understudy::relay {

// Makes the index of keys of a segment from its events, in order. Where the key of a table is not
// known (no binlog_row_metadata=FULL, and no definition that fits), its rows are not in the
// filters: putting every column of every row in would make them ten times as large for tables of
// which nothing can be asked by key. A run with something that is not understood is opaque. Never
// fails: what an index says is "not here", and in doubt it does not say so. One thread.
class key_index_builder {
public:
    // The record in force, as definition_store::find.
    using lookup = std::function<protocol::result<std::optional<definition_record>>(
        const std::string& database, const std::string& table,
        const protocol::binlog_position& position)>;
    // filter_bytes_max: of all filters together; later runs have none.
    key_index_builder(lookup definitions, std::uint64_t filter_bytes_max)
        : definitions_(std::move(definitions)), filter_bytes_left_(filter_bytes_max) {}

    // A frame begins; it continues the run unless the last one was ended.
    void begin_frame(std::uint64_t number);
    void take(std::span<const std::byte> event, const protocol::binlog_position& end);
    void end_run();
    [[nodiscard]] key_index finish(std::uint64_t segment, std::uint64_t segment_size);

private:
    struct table {
        std::vector<std::byte> event; // what `map` looks into
        protocol::table_map map;
        std::uint32_t number = 0; // in index_.tables
        std::vector<std::uint32_t> key;
    };
    using table_pointer = std::shared_ptr<const table>;

    // False: the run is opaque.
    [[nodiscard]] bool look_at(std::span<const std::byte> event,
                               const protocol::binlog_position& start, bool has_checksum);
    [[nodiscard]] bool look_at(const protocol::event_view& event,
                               const protocol::binlog_position& start);
    [[nodiscard]] bool take_query(const protocol::event_view& event);
    [[nodiscard]] bool take_payload(const protocol::event_view& event,
                                    const protocol::binlog_position& start);
    [[nodiscard]] bool take_map(const protocol::event_view& event,
                                const protocol::binlog_position& start);
    [[nodiscard]] bool take_rows(const protocol::event_view& event);
    [[nodiscard]] bool take_row(const table& of, const protocol::row_image& image);
    [[nodiscard]] table_pointer describe(const protocol::event_view& event,
                                         const protocol::binlog_position& start);
    [[nodiscard]] std::uint32_t number_of(indexed_table wanted);
    void drop_hashes_if_too_many();

    lookup definitions_;
    std::uint64_t filter_bytes_left_;
    key_index index_;
    std::optional<protocol::format_description> format_;
    std::unordered_map<std::string, table_pointer> layouts_; // by the bytes of the TABLE_MAP
    std::map<std::uint64_t, table_pointer> tables_;          // by id, in this run
    std::optional<indexed_run> run_;
    std::vector<std::uint64_t> hashes_; // of this run
    bool too_many_ = false;
    std::string key_;
};

} // namespace understudy::relay
