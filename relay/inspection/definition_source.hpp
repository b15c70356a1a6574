#pragma once

#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"
#include "protocol/value/column_definition.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace understudy::relay::inspection {

// Where the inspection tool learns what the columns of a table are called and how their values are
// to be read. One thread.
class definition_source {
public:
    virtual ~definition_source() = default;
    // The columns of this table as it was at this place of the source's log, one for each column of
    // the map. What is not known is left out of the definitions. Errors: the map is damaged.
    [[nodiscard]] virtual protocol::result<std::vector<protocol::column_definition>>
    columns(const protocol::table_map& map, std::string_view file, std::uint64_t offset) = 0;
};

// Only what the TABLE_MAP says: everything with binlog_row_metadata=FULL, types and signedness
// otherwise.
class table_map_definitions final : public definition_source {
public:
    [[nodiscard]] protocol::result<std::vector<protocol::column_definition>>
    columns(const protocol::table_map& map, std::string_view, std::uint64_t) override {
        return protocol::define_columns(map);
    }
};

} // namespace understudy::relay::inspection
