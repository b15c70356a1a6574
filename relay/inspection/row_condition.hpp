#pragma once

#include "protocol/value/value_writer.hpp"
#include "relay/inspection/change.hpp"
#include "relay/inspection/key_search.hpp"
#include "state/condition/row_value.hpp"
#include "state/condition/where_expression.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace understudy::relay::inspection {

using state::comparable;
using state::read_comparable;
using state::read_updated_comparable;
using state::where_expression;

// A condition bound to tables as they come by. It holds for an INSERT by its after image, for a
// DELETE by its before image, and for an UPDATE if it holds for either; columns that say before. or
// after. are of that image always. Decodes only the columns it asks for. One thread.
class row_condition {
public:
    explicit row_condition(where_expression condition);

    [[nodiscard]] protocol::result<bool> holds(const described_table& table,
                                               const row_change& change);
    // The values that the condition asks of the whole primary key in one image; empty: it does not.
    [[nodiscard]] key_values pinned_key(const described_table& table);
    // Whether any table was seen as a whole: only then columns can be missing.
    [[nodiscard]] bool has_seen_tables() const { return has_seen_tables_; }
    // Columns that no table had so far: probably a typing error.
    [[nodiscard]] std::vector<std::string> columns_never_seen() const;

private:
    struct slot {
        std::uint64_t read_in = 0; // round_ in which value was read
        comparable value;
    };
    void bind(const described_table& table);
    [[nodiscard]] const comparable& get(const described_table& table, const row_change& change,
                                        std::size_t index, bool default_is_before);
    [[nodiscard]] std::optional<bool> holds_for(const described_table& table,
                                                const row_change& change, bool default_is_before);

    where_expression condition_;
    protocol::value_writer text_{protocol::value_form::text};
    std::uint64_t layout_ = 0;
    std::vector<std::optional<std::uint32_t>> places_; // of condition_.columns() in the table
    std::vector<bool> seen_;
    bool has_seen_tables_ = false;
    std::vector<slot> slots_;
    std::uint64_t round_ = 0;
    protocol::result<void> failure_;
};

} // namespace understudy::relay::inspection
