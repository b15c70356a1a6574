#include "applier/target_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace understudy::applier {

using protocol::column_type;
using protocol::result;

namespace {

std::uint64_t number(const std::optional<std::string>& text) {
    std::uint64_t value = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

std::uint16_t set_bytes(std::size_t elements) {
    const std::size_t bytes = (elements + 7) / 8;
    return static_cast<std::uint16_t>(bytes > 4 ? 8 : bytes);
}

struct layout {
    column_type type;
    std::uint16_t metadata = 0;
};

// Types whose layout does not depend on the column's parameters.
const std::map<std::string_view, layout>& fixed_layouts() {
    static const std::map<std::string_view, layout> layouts{
        {"tinyint", {column_type::tiny}},       {"smallint", {column_type::short_}},
        {"mediumint", {column_type::int24}},    {"int", {column_type::long_}},
        {"bigint", {column_type::longlong}},    {"float", {column_type::float_, 4}},
        {"double", {column_type::double_, 8}},  {"year", {column_type::year}},
        {"date", {column_type::date}},          {"tinyblob", {column_type::blob, 1}},
        {"tinytext", {column_type::blob, 1}},   {"blob", {column_type::blob, 2}},
        {"text", {column_type::blob, 2}},       {"mediumblob", {column_type::blob, 3}},
        {"mediumtext", {column_type::blob, 3}}, {"longblob", {column_type::blob, 4}},
        {"longtext", {column_type::blob, 4}},   {"json", {column_type::json, 4}},
        {"vector", {column_type::vector, 4}},
    };
    return layouts;
}

bool is_geometry(std::string_view data_type) {
    static constexpr std::string_view types[] = {
        "geometry",       "point",           "linestring",   "polygon",           "multipoint",
        "geomcollection", "multilinestring", "multipolygon", "geometrycollection"};
    return std::ranges::find(types, data_type) != std::end(types);
}

} // namespace

target_column describe_column(std::string name, std::string_view data_type, std::string type_text,
                              std::uint64_t octet_length, std::uint64_t precision,
                              std::uint64_t scale, std::uint64_t fractional_digits) {
    target_column column;
    column.name = std::move(name);
    column.is_unsigned = type_text.contains("unsigned");
    const auto set = [&](column_type type, std::uint64_t metadata) {
        column.type = type;
        column.metadata = static_cast<std::uint16_t>(metadata);
    };
    if (const auto fixed = fixed_layouts().find(data_type); fixed != fixed_layouts().end()) {
        set(fixed->second.type, fixed->second.metadata);
    } else if (data_type == "decimal") {
        set(column_type::newdecimal, precision << 8U | scale);
    } else if (data_type == "bit") {
        set(column_type::bit, precision);
    } else if (data_type == "time") {
        set(column_type::time2, fractional_digits);
    } else if (data_type == "datetime") {
        set(column_type::datetime2, fractional_digits);
    } else if (data_type == "timestamp") {
        set(column_type::timestamp2, fractional_digits);
    } else if (data_type == "char" || data_type == "binary") {
        set(column_type::string, octet_length);
    } else if (data_type == "varchar" || data_type == "varbinary") {
        set(column_type::varchar, octet_length);
    } else if (data_type == "enum") {
        set(column_type::enum_, relay::labels_of(type_text).size() < 256 ? 1 : 2);
    } else if (data_type == "set") {
        set(column_type::set, set_bytes(relay::labels_of(type_text).size()));
    } else if (is_geometry(data_type)) {
        set(column_type::geometry, 4);
    } else {
        column.is_known = false;
    }
    column.type_text = std::move(type_text);
    return column;
}

namespace {

result<void> load_keys(target_session& target, const std::string& where, target_table& table) {
    auto answer = target.query(
        "SELECT index_name, column_name, nullable, sub_part FROM information_schema.statistics" +
        where +
        " AND non_unique = 0 ORDER BY index_name = 'PRIMARY' DESC, index_name, seq_in_index");
    if (!answer) return std::unexpected(std::move(answer.error()));
    struct key {
        relay::table_key whole;
        bool usable = true;      // names one row
        bool describable = true; // all of its parts are columns
    };
    std::vector<key> keys;
    for (const auto& row : answer->rows) {
        if (keys.empty() || keys.back().whole.name != row[0])
            keys.push_back({{row[0].value_or(""), {}}, true, true});
        // Parts of functional indexes have no column name; a prefix does not identify a row's whole
        // value.
        const auto column = std::ranges::find_if(
            table.columns, [&](const target_column& c) { return row[1] == c.name; });
        key& one = keys.back();
        const bool is_column = column != table.columns.end();
        one.describable &= is_column;
        one.usable &= is_column && row[2] != "YES" && !row[3];
        if (is_column) {
            one.whole.parts.push_back({static_cast<std::uint32_t>(column - table.columns.begin()),
                                       static_cast<std::uint32_t>(number(row[3]))});
        }
    }
    const auto best = std::ranges::find_if(keys, &key::usable);
    if (best != keys.end()) {
        for (const auto& part : best->whole.parts)
            table.key.push_back(part.column);
    }
    table.has_other_unique_keys = keys.size() > (best != keys.end() ? 1U : 0U);
    table.has_unique_expressions = !std::ranges::all_of(keys, &key::describable);
    for (key& one : keys) {
        if (one.describable) table.unique_keys.push_back(std::move(one.whole));
    }
    return {};
}

result<void> load_foreign_keys(target_session& target, target_table& table) {
    auto count = target.scalar(
        fmt::format("SELECT COUNT(*) FROM information_schema.referential_constraints WHERE "
                    "(constraint_schema = {0} AND table_name = {1}) OR "
                    "(unique_constraint_schema = {0} AND referenced_table_name = {1})",
                    quote_string(table.name.database), quote_string(table.name.object)));
    if (!count) return std::unexpected(std::move(count.error()));
    table.has_foreign_keys = number(*count) != 0;
    return {};
}

} // namespace

bool target_table::is_transactional() const {
    static constexpr std::string_view engines[] = {"InnoDB", "ndbcluster", "ROCKSDB", "TokuDB"};
    return std::ranges::find(engines, engine) != std::end(engines);
}

result<std::optional<target_table>> load_target_table(target_session& target,
                                                      const state::object_name& name) {
    const std::string where = fmt::format(" WHERE table_schema = {} AND table_name = {}",
                                          quote_string(name.database), quote_string(name.object));
    auto engine = target.scalar("SELECT engine FROM information_schema.tables" + where +
                                " AND table_type = 'BASE TABLE'");
    if (!engine) return std::unexpected(std::move(engine.error()));
    if (!*engine) return std::nullopt;
    auto answer = target.query(
        "SELECT column_name, data_type, column_type, character_octet_length, numeric_precision, "
        "numeric_scale, datetime_precision, character_set_name, collation_name, is_nullable, extra "
        "FROM information_schema.columns" +
        where + " ORDER BY ordinal_position");
    if (!answer) return std::unexpected(std::move(answer.error()));
    target_table table;
    table.name = name;
    table.engine = engine->value();
    for (const auto& row : answer->rows) {
        auto column =
            describe_column(row[0].value_or(""), row[1].value_or(""), row[2].value_or(""),
                            number(row[3]), number(row[4]), number(row[5]), number(row[6]));
        column.character_set = row[7].value_or("");
        column.collation = row[8].value_or("");
        column.nullable = row[9] == "YES";
        const std::string extra = row[10].value_or("");
        // "DEFAULT_GENERATED" is an expression default of an ordinary column.
        column.generated = extra.contains("VIRTUAL") || extra.contains("STORED GENERATED") ||
                           extra.contains("PERSISTENT");
        column.invisible = extra.contains("INVISIBLE");
        column.updated_by_itself = extra.contains("on update ");
        column.auto_increment = extra.contains("auto_increment");
        table.columns.push_back(std::move(column));
    }
    if (auto keys = load_keys(target, where, table); !keys)
        return std::unexpected(std::move(keys.error()));
    if (auto keys = load_foreign_keys(target, table); !keys)
        return std::unexpected(std::move(keys.error()));
    return table;
}

} // namespace understudy::applier
