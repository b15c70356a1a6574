#include "snapshot/source_table.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace understudy::snapshot {

std::optional<value_kind> value_kind_of(std::string_view data_type) {
    using enum value_kind;
    static constexpr std::array<std::pair<std::string_view, value_kind>, 39> kinds{{
        {"tinyint", number},
        {"smallint", number},
        {"mediumint", number},
        {"int", number},
        {"bigint", number},
        {"decimal", number},
        {"float", floating},
        {"double", floating},
        {"date", temporal},
        {"time", temporal},
        {"datetime", temporal},
        {"timestamp", temporal},
        {"year", temporal},
        {"char", text},
        {"varchar", text},
        {"tinytext", text},
        {"text", text},
        {"mediumtext", text},
        {"longtext", text},
        {"binary", bytes},
        {"varbinary", bytes},
        {"tinyblob", bytes},
        {"blob", bytes},
        {"mediumblob", bytes},
        {"longblob", bytes},
        {"enum", index},
        {"set", index},
        {"bit", bits},
        {"json", json},
        {"vector", vector},
        {"geometry", geometry},
        {"point", geometry},
        {"linestring", geometry},
        {"polygon", geometry},
        {"multipoint", geometry},
        {"multilinestring", geometry},
        {"multipolygon", geometry},
        {"geomcollection", geometry},
        {"geometrycollection", geometry},
    }};
    const auto found =
        std::ranges::find(kinds, data_type, &std::pair<std::string_view, value_kind>::first);
    if (data_type.empty() || found == kinds.end()) return std::nullopt;
    return found->second;
}

std::string normal_charset(std::string_view name) {
    if (name == "utf8") return "utf8mb3";
    if (name.starts_with("utf8_")) return "utf8mb3_" + std::string(name.substr(5));
    return std::string(name);
}

std::string normal_type(std::string_view column_type) {
    // MariaDB: "varchar(300) /*M!100301 COMPRESSED*/"
    if (const auto comment = column_type.find(" /*"); comment != std::string_view::npos)
        return normal_type(column_type.substr(0, comment));
    if (column_type == "geometrycollection") return "geomcollection";
    if (column_type.starts_with("year")) return "year";
    static constexpr std::array<std::string_view, 5> integers{"tinyint", "smallint", "mediumint",
                                                              "int", "bigint"};
    const auto open = column_type.find('(');
    const bool integer = std::ranges::find(integers, column_type.substr(0, open)) != integers.end();
    // The width is part of what a ZEROFILL column shows, and both versions print it there.
    if (!integer || open == std::string_view::npos || column_type.contains("zerofill"))
        return std::string(column_type);
    const auto close = column_type.find(')', open);
    return std::string(column_type.substr(0, open)) + std::string(column_type.substr(close + 1));
}

std::string source_table::fingerprint() const {
    std::string out;
    for (const column& one : columns) {
        out += state::quote_identifier(one.name) + " " + normal_type(one.column_type);
        if (!one.charset.empty()) out += " " + normal_charset(one.charset);
        if (!one.collation.empty()) out += " " + normal_charset(one.collation);
        if (one.generated) out += " generated";
        out += "\n";
    }
    return out;
}

namespace {

// SET compares as a DOUBLE, which cannot tell large sets apart; prefixes are not unique as values.
bool comparable(const column& one) {
    if (one.generated) return false;
    switch (one.kind) {
    case value_kind::number:
    case value_kind::floating:
    case value_kind::temporal:
    case value_kind::text:
    case value_kind::bytes:
    case value_kind::bits: return true;
    case value_kind::index: return one.data_type == "enum";
    case value_kind::json:
    case value_kind::geometry:
    case value_kind::vector: return false;
    }
    return false;
}

bool usable(const index_part& part) {
    // The optimizer may not use an invisible index, so each chunk would read the whole table.
    return part.unique && !part.nullable && !part.prefix && part.visible && !part.column.empty();
}

} // namespace

std::optional<order_key> choose_order(const std::vector<column>& columns,
                                      const std::vector<index_part>& parts) {
    std::optional<order_key> best;
    for (auto part = parts.begin(); part != parts.end();) {
        const auto end = std::find_if(
            part, parts.end(), [&](const index_part& other) { return other.index != part->index; });
        order_key key{part->index, {}};
        bool good = true;
        for (; part != end; ++part) {
            const auto at = std::ranges::find(columns, part->column, &column::name);
            good = good && usable(*part) && at != columns.end() && comparable(*at);
            if (good) key.columns.push_back(static_cast<std::size_t>(at - columns.begin()));
        }
        if (!good) continue;
        if (key.index == "PRIMARY") return key;
        if (!best) best = std::move(key);
    }
    return best;
}

} // namespace understudy::snapshot
