#include "tests/support/row_comparison.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <unordered_map>

namespace understudy::test {
namespace {

constexpr std::size_t shown_rows_max = 5;

struct table_columns {
    object_name name; // on the source
    std::vector<std::string> columns{};
    std::vector<std::string> exact_forms{}; // one expression per column
    bool has_json = false;
};

std::string quoted(const std::string& name) {
    std::string text = "`";
    for (const char c : name)
        text += c == '`' ? "``" : std::string(1, c);
    return text + "`";
}

// An expression whose text tells every two different values of the type apart.
std::string exact_form(const std::string& column, const std::string& type) {
    static constexpr std::array as_bytes = {"char",
                                            "varchar",
                                            "tinytext",
                                            "text",
                                            "mediumtext",
                                            "longtext",
                                            "binary",
                                            "varbinary",
                                            "tinyblob",
                                            "blob",
                                            "mediumblob",
                                            "longblob",
                                            "bit",
                                            "geometry",
                                            "point",
                                            "linestring",
                                            "polygon",
                                            "multipoint",
                                            "multilinestring",
                                            "multipolygon",
                                            "geometrycollection",
                                            "geomcollection",
                                            "vector"};
    std::string name = quoted(column);
    if (std::ranges::find(as_bytes, type) != as_bytes.end()) return "HEX(" + name + ")";
    // FLOAT prints six digits; as a DOUBLE of no fixed scale it prints all that it has.
    if (type == "float" || type == "double") return name + " * 1e0";
    if (type == "enum" || type == "set") return fmt::format("CONCAT({0} + 0, ':', HEX({0}))", name);
    if (type == "json") return fmt::format("CONCAT(JSON_TYPE({0}), ' ', {0})", name);
    return name;
}

std::vector<table_columns> selected_tables(sql_client& source, const object_selection& selection) {
    std::vector<table_columns> tables;
    for (const sql_row& row : source.query(
             "SELECT c.table_schema, c.table_name, c.column_name, c.data_type FROM"
             " information_schema.columns c JOIN information_schema.tables t ON t.table_schema ="
             " c.table_schema AND t.table_name = c.table_name WHERE t.table_type = 'BASE TABLE' AND"
             " t.table_schema NOT IN ('mysql', 'information_schema', 'performance_schema', 'sys')"
             " ORDER BY c.table_schema, c.table_name, c.ordinal_position")) {
        object_name name{row[0].value(), row[1].value()};
        if (!selection.has(name)) continue;
        if (tables.empty() || tables.back().name != name) {
            tables.push_back({.name = std::move(name)});
        }
        table_columns& table = tables.back();
        table.columns.push_back(row[2].value());
        table.exact_forms.push_back(exact_form(row[2].value(), row[3].value()));
        table.has_json = table.has_json || row[3].value() == "json";
    }
    return tables;
}

std::string select_all(const table_columns& table, const object_name& name) {
    return fmt::format("SELECT {} FROM {}.{}", fmt::join(table.exact_forms, ", "),
                       quoted(name.database), quoted(name.name));
}

struct row_hash {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    bool operator==(const row_hash&) const = default;
};

struct hash_of_row_hash {
    std::size_t operator()(const row_hash& hash) const { return hash.low; }
};

class row_hasher {
public:
    row_hash operator()(sql_row_view row) {
        bytes_.clear();
        for (const auto& value : row) {
            const std::uint64_t size = value ? value->size() + 1 : 0; // 0 for NULL
            bytes_.append(reinterpret_cast<const char*>(&size), sizeof size);
            if (value) bytes_.append(*value);
        }
        const XXH128_hash_t hash = XXH3_128bits(bytes_.data(), bytes_.size());
        return {hash.low64, hash.high64};
    }

private:
    std::string bytes_;
};

// The sum of the hashes of a multiset of rows, in whatever order they come.
struct content {
    std::uint64_t row_count = 0;
    row_hash sum;

    bool operator==(const content&) const = default;
};

content content_of(sql_client& server, const std::string& sql) {
    content result;
    row_hasher hasher;
    server.for_each(sql, [&](sql_row_view row) {
        const row_hash hash = hasher(row);
        ++result.row_count;
        result.sum.low += hash.low;
        result.sum.high += hash.high;
    });
    return result;
}

std::string shown(const table_columns& table, sql_row_view row) {
    constexpr std::size_t shown_value_max = 100;
    std::vector<std::string> values;
    for (std::size_t i = 0; i < row.size(); ++i) {
        values.push_back(fmt::format("{}={}", table.columns[i],
                                     row[i] ? row[i]->substr(0, shown_value_max) : "NULL"));
    }
    return fmt::format("{}", fmt::join(values, " "));
}

using row_counts = std::unordered_map<row_hash, std::int64_t, hash_of_row_hash>;

// Some rows of `here` that `counts`, the rows of the other side, lacks. Takes from `counts` what
// both have.
std::string rows_lacking(const table_columns& table, sql_client& here, const std::string& sql,
                         row_counts counts, const char* side) {
    std::string text;
    std::size_t found = 0;
    row_hasher hasher;
    here.for_each(sql, [&](sql_row_view row) {
        if (--counts[hasher(row)] >= 0 || ++found > shown_rows_max) return;
        text += fmt::format("\n    only on the {}: {}", side, shown(table, row));
    });
    return text + fmt::format("\n    {} rows are only on the {}", found, side);
}

row_counts counts_of(sql_client& server, const std::string& sql) {
    row_counts counts;
    row_hasher hasher;
    server.for_each(sql, [&](sql_row_view row) { ++counts[hasher(row)]; });
    return counts;
}

std::string checksum(sql_client& server, const object_name& table) {
    return server
        .query(fmt::format("CHECKSUM TABLE {}.{}", quoted(table.database), quoted(table.name)))
        .at(0)
        .at(1)
        .value_or("NULL");
}

void compare_table(sql_client& source, sql_client& target, const table_columns& table,
                   const object_name& on_target, bool checksums,
                   std::vector<std::string>& differences) {
    const std::string ours = select_all(table, table.name);
    const std::string theirs = select_all(table, on_target);
    const content source_content = content_of(source, ours);
    const content target_content = content_of(target, theirs);
    if (source_content != target_content) {
        differences.push_back(
            fmt::format("{}: {} rows on the source, {} on the target{}{}", on_target.text(),
                        source_content.row_count, target_content.row_count,
                        rows_lacking(table, source, ours, counts_of(target, theirs), "source"),
                        rows_lacking(table, target, theirs, counts_of(source, ours), "target")));
    } else if (checksums && !table.has_json &&
               checksum(source, table.name) != checksum(target, on_target)) {
        differences.push_back(on_target.text() + ": equal rows, but CHECKSUM TABLE differs");
    }
}

} // namespace

void compare_rows(sql_client& source, sql_client& target, const object_selection& selection,
                  bool checksums, std::vector<std::string>& differences) {
    for (sql_client* side : {&source, &target})
        side->exec("SET SESSION time_zone = '+00:00'");
    for (const table_columns& table : selected_tables(source, selection)) {
        const object_name on_target = selection.on_target(table.name);
        try {
            compare_table(source, target, table, on_target, checksums, differences);
        } catch (const sql_error& error) {
            differences.push_back(
                fmt::format("{}: cannot be compared: {}", on_target.text(), error.what()));
        }
    }
}

} // namespace understudy::test
