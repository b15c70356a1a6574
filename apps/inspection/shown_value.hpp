#pragma once

#include "protocol/binlog/rows_event.hpp"
#include "protocol/value/value_writer.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace understudy::apps {

// Appends a value for a person: text in quotes, so that 'NULL' is not NULL, control characters as
// escapes, so that no value steers the terminal. A value of more than text_max bytes is cut and
// says how long it is; 0: never.
// before: the same column before an update, of whose JSON document `value` may hold only changes.
[[nodiscard]] protocol::result<void>
append_shown(std::string& out, protocol::value_writer& text,
             const protocol::column_definition& column, const protocol::row_image::column& value,
             std::size_t text_max, const protocol::row_image::column* before = nullptr);

// Names and statements: the same care without quotes.
void append_harmless(std::string& out, std::string_view text);

} // namespace understudy::apps
