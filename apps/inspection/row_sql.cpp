#include "apps/inspection/row_sql.hpp"

#include "apps/inspection/change_text_writer.hpp"
#include "protocol/binlog/value_size.hpp"
#include "protocol/errc.hpp"
#include "protocol/value/byte_text.hpp"
#include "state/object_selection.hpp"

#include <algorithm>

namespace understudy::apps {

using namespace relay::inspection;
using protocol::column_type;
using protocol::result;
using protocol::row_image;
using protocol::rows_kind;
using state::quote_identifier;

// Zero dates, ENUM's number 0 and AUTO_INCREMENT 0 are let in, as the source had them.
const char* const row_session_settings =
    "SET NAMES utf8mb4;\nSET @@session.time_zone = '+00:00', @@session.sql_mode = "
    "'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';\n";

namespace {

std::unexpected<protocol::error> not_logged(const described_table& table, const std::string& what,
                                            const std::string& remedy) {
    return protocol::fail(protocol::errc::unsupported,
                          table.full_name() + ": " + what + "; " + remedy);
}

std::string name_of(const described_table& table) {
    return quote_identifier(table.database) + "." + quote_identifier(table.name);
}

result<void> need_names(const described_table& table) {
    if (table.names_known) return {};
    return not_logged(table, "the log does not hold the names of its columns",
                      "set binlog_row_metadata=FULL on the source for the time to come");
}

bool is_whole(const row_image& image) {
    return std::ranges::all_of(image.columns, &row_image::column::present);
}

// Bytes are compared as bytes: a collation would find other rows, too.
enum class comparison : std::uint8_t { plain, as_bytes, as_padded_bytes };

comparison comparison_of(const protocol::column_definition& column) {
    switch (column.type) {
    case column_type::string:
        // BINARY(n) is padded with zeros and CHAR is not; without its character set nobody knows.
        if (!column.collation) return comparison::as_padded_bytes;
        return column.collation == protocol::binary_collation ? comparison::plain
                                                              : comparison::as_bytes;
    case column_type::varchar:
    case column_type::var_string:
    case column_type::tiny_blob:
    case column_type::medium_blob:
    case column_type::long_blob:
    case column_type::blob:
    case column_type::geometry:
    case column_type::vector: return comparison::as_bytes;
    default: return comparison::plain;
    }
}

std::span<const std::byte> without_prefix(const protocol::column_definition& column,
                                          std::span<const std::byte> value) {
    const bool is_string = column.type == column_type::string ||
                           column.type == column_type::varchar ||
                           column.type == column_type::var_string;
    const std::size_t prefix =
        is_string ? protocol::string_prefix_size(column.metadata) : column.metadata;
    return value.subspan(std::min(prefix, value.size()));
}

std::string bytes_literal(std::span<const std::byte> bytes) {
    std::string text = "x'";
    protocol::append_hex(text, bytes);
    return text + "'";
}

} // namespace

result<void> row_sql::append_value(std::string& out, const described_table& table,
                                   std::size_t column, const row_image::column& value,
                                   const row_image::column& before) {
    if (value.is_null) {
        out += "NULL";
        return {};
    }
    auto done = values_.append_updated(out, table.columns[column], before, value);
    if (!done) return protocol::wrap(std::move(done.error()), table.full_name());
    return {};
}

result<void> row_sql::append_equal(std::string& out, const described_table& table,
                                   std::size_t column, const row_image::column& value) {
    const auto name = quote_identifier(table.column_names[column]);
    if (value.is_null) {
        out += name + " IS NULL";
        return {};
    }
    const auto& definition = table.columns[column];
    switch (comparison_of(definition)) {
    case comparison::plain: out += name + " = "; return append_value(out, table, column, value);
    case comparison::as_bytes:
        out += "CAST(" + name +
               " AS BINARY) = " + bytes_literal(without_prefix(definition, value.value));
        return {};
    case comparison::as_padded_bytes: {
        auto bytes = without_prefix(definition, value.value);
        while (!bytes.empty() && bytes.back() == std::byte{0})
            bytes = bytes.first(bytes.size() - 1);
        out += "TRIM(TRAILING x'00' FROM CAST(" + name + " AS BINARY)) = " + bytes_literal(bytes);
        return {};
    }
    }
    return {};
}

// By the key where it is known, else by everything that is.
result<void> row_sql::where(std::string& out, const described_table& table, const row_image& image,
                            const row_image* fallback) {
    if (auto good = need_names(table); !good) return good;
    const auto value_of = [&](std::size_t i) -> const row_image::column& {
        const auto& own = image.columns[i];
        return own.present || fallback == nullptr ? own : fallback->columns[i];
    };
    const bool by_key = !table.key.empty() &&
                        std::ranges::all_of(table.key, [&](auto i) { return value_of(i).present; });
    out += " WHERE ";
    bool first = true;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const bool in_key = std::ranges::find(table.key, i) != table.key.end();
        if (!value_of(i).present || (by_key && !in_key)) continue;
        // Follows from the others, and expressions need not give it to the bit.
        if (table.columns[i].is_generated && !in_key) continue;
        const auto& value = value_of(i);
        if (value.is_partial && (fallback == nullptr || !fallback->columns[i].present)) {
            return not_logged(table,
                              "the log holds only changes of the document in " +
                                  table.column_names[i] + ", and no key to find the row by",
                              "set binlog_row_value_options='' on the source for the time to come");
        }
        if (!std::exchange(first, false)) out += " AND ";
        if (value.is_partial) {
            out += quote_identifier(table.column_names[i]) + " = ";
            if (auto done = append_value(out, table, i, value, fallback->columns[i]); !done)
                return done;
            continue;
        }
        if (by_key && table.columns[i].primary_key_prefix == 0) {
            // Plainly, so that the server uses its index.
            out += quote_identifier(table.column_names[i]) + " = ";
            if (auto done = append_value(out, table, i, value); !done) return done;
        } else if (auto done = append_equal(out, table, i, value); !done) {
            return done;
        }
    }
    if (first) return not_logged(table, "the log holds nothing to find a row by", "");
    out += " LIMIT 1;\n";
    return {};
}

result<void> row_sql::insert(std::string& out, const described_table& table,
                             const row_image& image) {
    const bool whole =
        is_whole(image) &&
        std::ranges::none_of(table.columns, &protocol::column_definition::is_generated);
    if (!whole || table.names_known) {
        if (auto good = need_names(table); !good) return good;
    }
    out += "INSERT INTO " + name_of(table);
    std::string values;
    std::string names;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (!image.columns[i].present || table.columns[i].is_generated) continue;
        if (!values.empty()) {
            names += ", ";
            values += ", ";
        }
        names += quote_identifier(table.column_names[i]);
        if (auto done = append_value(values, table, i, image.columns[i]); !done) return done;
    }
    // Without names: every column is there, in its order.
    if (table.names_known) out += " (" + names + ")";
    out += " VALUES (" + values + ");\n";
    return {};
}

result<void> row_sql::remove(std::string& out, const described_table& table,
                             const row_image& image) {
    out += "DELETE FROM " + name_of(table);
    return where(out, table, image, nullptr);
}

result<void> row_sql::update(std::string& out, const described_table& table, const row_image& from,
                             const row_image& to, const row_image* fallback) {
    if (auto good = need_names(table); !good) return good;
    std::string set;
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const auto& value = to.columns[i];
        if (!value.present || table.columns[i].is_generated ||
            is_same_value(value, from.columns[i]))
            continue;
        set += set.empty() ? "" : ", ";
        set += quote_identifier(table.column_names[i]) + " = ";
        if (auto done = append_value(set, table, i, value, from.columns[i]); !done) return done;
    }
    if (set.empty()) return {};
    out += "UPDATE " + name_of(table) + " SET " + set;
    return where(out, table, from, fallback);
}

result<void> row_sql::append_redo(std::string& out, const described_table& table,
                                  const row_change& change) {
    switch (change.kind) {
    case rows_kind::write: return insert(out, table, *change.after);
    case rows_kind::delete_: return remove(out, table, *change.before);
    case rows_kind::update: return update(out, table, *change.before, *change.after, nullptr);
    }
    return {};
}

result<void> row_sql::append_undo(std::string& out, const described_table& table,
                                  const row_change& change) {
    const char* const remedy = "this cannot be taken back from the log; with "
                               "binlog_row_image=FULL on the source it can";
    switch (change.kind) {
    case rows_kind::write:
        if (!is_whole(*change.after) && table.key.empty())
            return not_logged(table, "an INSERT does not have all columns", remedy);
        return remove(out, table, *change.after);
    case rows_kind::delete_:
        if (!is_whole(*change.before))
            return not_logged(table, "a DELETE does not have all columns of the row", remedy);
        return insert(out, table, *change.before);
    case rows_kind::update: break;
    }
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (change.after->columns[i].present && !change.before->columns[i].present) {
            return not_logged(
                table, "an UPDATE does not have the old value of " + table.column_names[i], remedy);
        }
    }
    // Columns that only the before image has did not change.
    auto old = *change.before;
    for (std::size_t i = 0; i < old.columns.size(); ++i) {
        if (!change.after->columns[i].present) old.columns[i].present = false;
    }
    return update(out, table, *change.after, old, change.before);
}

} // namespace understudy::apps
