#pragma once

#include "protocol/binlog/rows_event.hpp"
#include "protocol/result.hpp"
#include "protocol/value/column_definition.hpp"
#include "protocol/value/value_writer.hpp"
#include "state/condition/comparable.hpp"

#include <string_view>

namespace understudy::state {

// What values of this column are to conditions, whatever the way they are read by.
[[nodiscard]] comparable::kind comparable_kind_of(const protocol::column_definition& column);

// A value of a row image as conditions see it. `text` writes the form of that name.
[[nodiscard]] protocol::result<void> read_comparable(comparable& into, protocol::value_writer& text,
                                                     const protocol::column_definition& column,
                                                     const protocol::row_image::column& value);
// The same of a column after an update; of changes to a JSON document, the document that they make
// of the one before, and absent if that is not there.
[[nodiscard]] protocol::result<void> read_updated_comparable(
    comparable& into, protocol::value_writer& text, const protocol::column_definition& column,
    const protocol::row_image::column& before, const protocol::row_image::column& after);

// Names of columns: without case of ASCII letters. The columns of a table differ in more than that.
[[nodiscard]] bool same_column(std::string_view left, std::string_view right);

} // namespace understudy::state
