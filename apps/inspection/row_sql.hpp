#pragma once

#include "protocol/value/value_writer.hpp"
#include "relay/inspection/change.hpp"

#include <string>

namespace understudy::apps {

// Statements that do what a logged row change did, or take it back, on a server where the table has
// the same columns. Every one touches exactly one row. Values mean the same in every session with
// time_zone '+00:00' (row_session_settings). One thread.
class row_sql {
public:
    // Appends a statement with its semicolon; nothing where nothing changes. errc::unsupported of
    // the protocol room: the log does not hold what it takes, and the error says what.
    [[nodiscard]] protocol::result<void>
    append_redo(std::string& out, const relay::inspection::described_table& table,
                const relay::inspection::row_change& change);
    [[nodiscard]] protocol::result<void>
    append_undo(std::string& out, const relay::inspection::described_table& table,
                const relay::inspection::row_change& change);

private:
    using table_type = relay::inspection::described_table;
    [[nodiscard]] protocol::result<void> insert(std::string& out, const table_type& table,
                                                const protocol::row_image& image);
    // fallback: where `image` lacks a column, its value; may be nullptr.
    [[nodiscard]] protocol::result<void> remove(std::string& out, const table_type& table,
                                                const protocol::row_image& image);
    [[nodiscard]] protocol::result<void> update(std::string& out, const table_type& table,
                                                const protocol::row_image& from,
                                                const protocol::row_image& to,
                                                const protocol::row_image* fallback);
    [[nodiscard]] protocol::result<void> where(std::string& out, const table_type& table,
                                               const protocol::row_image& image,
                                               const protocol::row_image* fallback);
    [[nodiscard]] protocol::result<void> append_equal(std::string& out, const table_type& table,
                                                      std::size_t column,
                                                      const protocol::row_image::column& value);
    // before: of the same row, where `value` may be changes of a JSON document.
    [[nodiscard]] protocol::result<void>
    append_value(std::string& out, const table_type& table, std::size_t column,
                 const protocol::row_image::column& value,
                 const protocol::row_image::column& before = {});

    protocol::value_writer values_{protocol::value_form::sql};
};

// What a session must have for these statements to mean what they say.
extern const char* const row_session_settings;

} // namespace understudy::apps
