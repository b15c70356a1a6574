#include "snapshot/column_dictionary.hpp"

#include "snapshot/errc.hpp"

#include <fmt/format.h>

namespace understudy::snapshot {

using protocol::fail;
using protocol::result;

namespace {

result<column> make_column(const state::object_name& table,
                           const std::vector<std::optional<std::string>>& row) {
    column one;
    one.name = row[1].value();
    one.data_type = row[2].value_or("");
    one.column_type = row[3].value_or("");
    one.charset = row[4].value_or("");
    one.collation = row[5].value_or("");
    const std::string extra = row[6].value_or("");
    // "DEFAULT_GENERATED" is an expression default of an ordinary column.
    one.generated = extra.contains("VIRTUAL") || extra.contains("STORED GENERATED") ||
                    extra.contains("PERSISTENT");
    const auto kind = value_kind_of(one.data_type);
    if (!kind)
        return fail(
            errc::unsupported_object,
            fmt::format("column {} of {} has type {}, which cannot be copied; exclude the table",
                        state::quote_identifier(one.name), table.to_string(), one.column_type));
    one.kind = *kind;
    return one;
}

} // namespace

std::string columns_query(const std::string& condition) {
    return "SELECT TABLE_NAME, COLUMN_NAME, LOWER(DATA_TYPE), COLUMN_TYPE, CHARACTER_SET_NAME, "
           "COLLATION_NAME, EXTRA FROM information_schema.COLUMNS WHERE " +
           condition + " ORDER BY TABLE_NAME, ORDINAL_POSITION";
}

result<std::vector<column>> parse_columns(const state::object_name& table,
                                          const dictionary_rows& rows) {
    std::vector<column> columns;
    for (const auto& row : rows) {
        auto one = make_column(table, row);
        if (!one) return std::unexpected(std::move(one.error()));
        columns.push_back(*std::move(one));
    }
    return columns;
}

} // namespace understudy::snapshot
