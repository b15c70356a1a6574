#pragma once

#include "protocol/result.hpp"
#include "protocol/value/column_definition.hpp"
#include "protocol/value/value_writer.hpp"
#include "snapshot/source_table.hpp"
#include "state/condition/row_value.hpp"
#include "state/condition/where_expression.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace understudy::snapshot {

// The condition of a table's rows (objects.tables, where) for rows as the copy reads them. It is
// evaluated here and not by the source, so that it means what it means to rows in the log
// (applier::row_filter), to the bit: values are brought into the form of row images and compared by
// the same code. Outlived by the condition; one thread.
class copied_row_filter {
public:
    // errc::unsupported_object: a column is not there, is computed by the server, or has values
    // that compare in no certain way.
    [[nodiscard]] static protocol::result<copied_row_filter>
    make(const state::where_expression& where, const source_table& table);

    // fields: in the order of select_chunk and select_all.
    [[nodiscard]] protocol::result<bool>
    takes(std::span<const std::optional<std::string_view>> fields);

private:
    struct slot {
        std::size_t field = 0;
        value_kind kind = value_kind::number;
        bool zerofill = false;
        protocol::column_definition what;
        bool read = false; // of the row at hand
        state::comparable value;
    };

    explicit copied_row_filter(const state::where_expression& where) : where_(&where) {}
    [[nodiscard]] protocol::result<void> read(slot& into, std::optional<std::string_view> field);

    const state::where_expression* where_;
    std::vector<slot> slots_; // one for each of the condition's columns
    protocol::value_writer text_{protocol::value_form::text};
    std::vector<std::byte> image_;
};

} // namespace understudy::snapshot
