#include "applier/model_table.hpp"

#include "applier/object_fingerprint.hpp"

#include <fmt/format.h>

namespace understudy::applier::model_table {

using protocol::result;

namespace {

// Without what a model has otherwise by nature: its name, also where the server makes names of
// constraints of it, and the counter.
std::string comparable_definition(const std::string& shown, const std::string& table) {
    std::string text = without_counter(shown.substr(shown.find("` (") + 1));
    for (const std::string_view kind : {"_chk_", "_ibfk_"}) {
        const std::string made = "CONSTRAINT `" + table + std::string(kind);
        for (auto at = text.find(made); at != std::string::npos; at = text.find(made, at))
            text.replace(at, made.size(), "CONSTRAINT `" + std::string(kind));
    }
    return text;
}

// What the ALTER would make of the rows that are there is not, for certain, what the tool made of
// them: values that go by the session's time zone, numbers and times that are made up, rows that a
// unique key could have cost the copy, triggers that go with the model.
constexpr std::string_view doubt_query =
    "SELECT CONCAT('the type of ', m.COLUMN_NAME) FROM information_schema.COLUMNS AS m JOIN "
    "information_schema.COLUMNS AS t ON t.TABLE_SCHEMA = {0} AND t.TABLE_NAME = {1} AND "
    "t.COLUMN_NAME = m.COLUMN_NAME WHERE m.TABLE_SCHEMA = {2} AND m.TABLE_NAME = {3} AND ("
    "(t.DATA_TYPE <> m.DATA_TYPE AND (t.DATA_TYPE IN ('timestamp', 'datetime', 'date', 'time', "
    "'year') OR m.DATA_TYPE IN ('timestamp', 'datetime', 'date', 'time', 'year'))) OR "
    "(m.DATA_TYPE = 'timestamp' AND m.IS_NULLABLE = 'NO' AND t.IS_NULLABLE = 'YES') OR "
    "(m.EXTRA LIKE '%auto_increment%' AND t.EXTRA NOT LIKE '%auto_increment%') OR "
    "((t.COLUMN_TYPE <> m.COLUMN_TYPE OR NOT (t.COLLATION_NAME <=> m.COLLATION_NAME)) AND NOT "
    "(t.DATA_TYPE IN ('tinyint', 'smallint', 'mediumint', 'int') AND m.DATA_TYPE = 'bigint') AND "
    "EXISTS (SELECT 1 FROM information_schema.STATISTICS AS s WHERE s.TABLE_SCHEMA = {2} AND "
    "s.TABLE_NAME = {3} AND s.NON_UNIQUE = 0 AND s.COLUMN_NAME = m.COLUMN_NAME))) UNION ALL "
    "SELECT CONCAT('the trigger ', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE "
    "EVENT_OBJECT_SCHEMA = {2} AND EVENT_OBJECT_TABLE = {3} LIMIT 1";

} // namespace

result<std::optional<std::string>> definition(target_session& target,
                                              const state::object_name& table) {
    constexpr unsigned no_such_table = 1146;
    auto shown = target.query("SHOW CREATE TABLE " + table.to_string());
    if (!shown && shown.error().server.number == no_such_table) return std::nullopt;
    if (!shown) return std::unexpected(std::move(shown.error()));
    return comparable_definition(shown->rows.front()[1].value_or("` ("), table.object);
}

result<std::optional<std::string>> doubt_about(target_session& target,
                                               const state::object_name& table,
                                               const state::object_name& model) {
    auto doubt = target.scalar(fmt::format(doubt_query, quote_string(table.database),
                                           quote_string(table.object), quote_string(model.database),
                                           quote_string(model.object)));
    return doubt ? doubt : wrap(std::move(doubt.error()), "comparing a table with its model");
}

} // namespace understudy::applier::model_table
