#include "applier/target_table.hpp"

#include <algorithm>
#include <map>

namespace understudy::applier {

using protocol::column_type;

namespace {

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

bool target_table::is_transactional() const {
    static constexpr std::string_view engines[] = {"InnoDB", "ndbcluster", "ROCKSDB", "TokuDB"};
    return std::ranges::find(engines, engine) != std::end(engines);
}

} // namespace understudy::applier
