#pragma once

#include "protocol/binlog/rows_event.hpp"
#include "protocol/result.hpp"
#include "protocol/value/column_definition.hpp"
#include "protocol/value/value_writer.hpp"
#include "state/condition/row_value.hpp"
#include "state/condition/where_expression.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace understudy::applier {

// The condition of a table's rows (objects.tables, where) bound to one layout of it. Decodes only
// the columns that the condition asks for. Outlived by the condition and the columns; one thread.
class row_filter {
public:
    // errc::unsupported_event: a column is not there, or its values compare in no certain way
    // (JSON, GEOMETRY, VECTOR).
    [[nodiscard]] static protocol::result<row_filter>
    make(const state::where_expression& where,
         std::span<const protocol::column_definition> columns);

    // The row is one of the target's. errc::unsupported_event when the image lacks a column that
    // decides it.
    [[nodiscard]] protocol::result<bool> takes(const protocol::row_image& image);

    // Why values of this column are not compared; nullptr: they are. For all who do.
    [[nodiscard]] static const char* why_not_compared(const protocol::column_definition& column);

private:
    struct slot {
        std::uint32_t column = 0; // of the table
        const protocol::column_definition* what = nullptr;
        bool read = false; // of the row at hand
        state::comparable value;
    };

    explicit row_filter(const state::where_expression& where) : where_(&where) {}

    const state::where_expression* where_;
    std::vector<slot> slots_; // one for each of the condition's columns
    protocol::value_writer text_{protocol::value_form::text};
};

} // namespace understudy::applier
