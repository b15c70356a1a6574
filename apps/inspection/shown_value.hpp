#pragma once

#include "protocol/binlog/rows_event.hpp"
#include "protocol/value/value_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace understudy::apps {

// What append_shown asks of a column, found once for all of its values. A value type.
class shown_column {
public:
    explicit shown_column(const protocol::column_definition& column);

    [[nodiscard]] bool is_quoted() const { return quoted_; }
    // Its text may hold anything; of the others it is digits, signs and letters.
    [[nodiscard]] bool may_need_escapes() const { return may_need_escapes_; }
    // append_plain may have something to do.
    [[nodiscard]] bool may_be_plain() const { return plain_ != plain::never; }

    // Appends what is printable ASCII in every character set that the column may have, with its
    // quotes; false: the value is something else or larger, and nothing was appended.
    [[nodiscard]] bool append_plain(std::string& out, const protocol::column_definition& column,
                                    std::span<const std::byte> value, std::size_t text_max) const;

private:
    enum class plain : std::uint8_t { never, text, enum_label, set_labels };

    plain plain_ = plain::never;
    bool quoted_ = false;
    bool may_need_escapes_ = false;
    std::size_t prefix_size_ = 0; // of text
    std::size_t labels_size_ = 0; // of all labels with commas between them
};

// Appends a value for a person: text in quotes, so that 'NULL' is not NULL, control characters as
// escapes, so that no value steers the terminal. A value of more than text_max bytes is cut and
// says how long it is; 0: never.
// how: of the same column. before: the same column before an update, of whose JSON document `value`
// may hold only changes.
[[nodiscard]] protocol::result<void>
append_shown(std::string& out, protocol::value_writer& text,
             const protocol::column_definition& column, const shown_column& how,
             const protocol::row_image::column& value, std::size_t text_max,
             const protocol::row_image::column* before = nullptr);

// Names and statements: the same care without quotes.
void append_harmless(std::string& out, std::string_view text);

} // namespace understudy::apps
