#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace understudy::applier {

// A table as a TABLE_MAP of the source describes it, with bytes of its own: it outlives the event.
// Immutable.
struct source_table {
    std::vector<std::byte> event; // what `map` looks into
    protocol::table_map map;
    state::object_name name;
    bool selected = false;
};

// A table under the id that the rows events of its statement name it by.
struct mapped_table {
    std::uint64_t id = 0;
    std::shared_ptr<const source_table> table;
};

// Decodes each distinct TABLE_MAP once. A source writes the same map before every statement, so all
// but the first are found by their bytes. One thread.
class source_table_cache {
public:
    explicit source_table_cache(const state::object_selection& selection)
        : selection_(&selection) {}

    // The table id is not a part of the table: it changes whenever the source opens the table anew.
    [[nodiscard]] protocol::result<std::shared_ptr<const source_table>>
    find(const protocol::event_view& event, const protocol::format_description& format);
    // The id a map or rows event of this format names.
    [[nodiscard]] static std::uint64_t table_id(const protocol::event_view& event,
                                                const protocol::format_description& format);

private:
    struct text_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>{}(text);
        }
    };
    const state::object_selection* selection_;
    std::unordered_map<std::string, std::shared_ptr<const source_table>, text_hash, std::equal_to<>>
        tables_;
};

} // namespace understudy::applier
