#include "snapshot/source_catalog.hpp"

#include "applier/exact_name.hpp"
#include "applier/target_session.hpp"
#include "snapshot/column_dictionary.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/source_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace understudy::snapshot {

using applier::to_number;
using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

namespace {

constexpr std::uint32_t first_version_with_logged_cascades = 90600;

constexpr std::uint32_t first_version_with_json_table = 80004;

constexpr std::uint32_t first_version_with_encrypted_databases = 80016;

using rows_t = dictionary_rows;
using rows_of_table = std::map<std::string, rows_t>;

awaitable<result<rows_t>> ask(protocol::net::connection& source, std::string sql) {
    auto answer = co_await source.query(std::move(sql), 10'000'000);
    if (!answer)
        co_return protocol::wrap(std::move(answer.error()), "reading the source's dictionary");
    co_return std::move(answer->rows);
}

// MySQL 8.0 and later keep what they once said of a table's size for a day. Estimates only, so a
// source that refuses this may keep them.
awaitable<result<void>> ask_for_fresh_sizes(protocol::net::connection& source) {
    const auto& server = source.server();
    if (server.is_mariadb || server.version_number < 80000) co_return result<void>{};
    auto set = co_await source.execute("SET SESSION information_schema_stats_expiry = 0");
    if (!set && is_source_lost(set.error())) co_return std::unexpected(std::move(set.error()));
    co_return result<void>{};
}

rows_of_table by_table(rows_t rows) {
    rows_of_table tables;
    for (auto& row : rows)
        tables[row[0].value()].push_back(std::move(row));
    return tables;
}

std::vector<index_part> make_parts(const rows_t& rows) {
    std::vector<index_part> parts;
    for (const auto& row : rows) {
        // Other kinds (HASH of MEMORY tables) have no order.
        if (row[6].value_or("") != "BTREE") continue;
        parts.push_back({row[1].value_or(""), row[2].value_or(""), row[3].value_or("") == "0",
                         row[4].value_or("") == "YES", row[5].has_value(),
                         row[7].value_or("YES") == "YES"});
    }
    return parts;
}

awaitable<result<void>> read_server(protocol::net::connection& source, source_catalog& catalog) {
    catalog.version = source.server().version_number;
    catalog.is_mariadb = source.server().is_mariadb;
    auto rows = co_await ask(source, "SHOW VARIABLES LIKE 'innodb_native_foreign_keys'");
    if (!rows) co_return std::unexpected(std::move(rows.error()));
    const bool native = !rows->empty() && rows->front()[1].value_or("") != "OFF";
    catalog.logs_cascades =
        !catalog.is_mariadb && catalog.version >= first_version_with_logged_cascades && !native;
    co_return result<void>{};
}

awaitable<result<void>> read_tables(protocol::net::connection& source, const std::string& database,
                                    const std::set<std::string>& transactional,
                                    const state::object_selection& selection,
                                    source_catalog& catalog) {
    const std::string here = applier::exact_name("TABLE_SCHEMA", database);
    auto tables = co_await ask(
        source, "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_ROWS, AVG_ROW_LENGTH FROM "
                "information_schema.TABLES WHERE " +
                    here + " ORDER BY TABLE_NAME");
    if (!tables) co_return std::unexpected(std::move(tables.error()));
    auto columns = co_await ask(source, columns_query(here));
    if (!columns) co_return std::unexpected(std::move(columns.error()));
    const bool has_visibility = !catalog.is_mariadb && catalog.version >= 80000;
    auto indexes = co_await ask(
        source,
        fmt::format("SELECT TABLE_NAME, INDEX_NAME, COLUMN_NAME, NON_UNIQUE, NULLABLE, SUB_PART, "
                    "INDEX_TYPE, {} FROM information_schema.STATISTICS WHERE {} ORDER BY "
                    "TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX",
                    has_visibility ? "IS_VISIBLE" : "'YES'", here));
    if (!indexes) co_return std::unexpected(std::move(indexes.error()));

    const rows_of_table columns_of = by_table(*std::move(columns));
    const rows_of_table indexes_of = by_table(*std::move(indexes));
    for (const auto& row : *tables) {
        const state::object_name name{database, row[0].value()};
        if (!selection.makes(name.database, name.object)) continue;
        const std::string type = row[1].value_or("");
        if (type.contains("VIEW")) {
            catalog.views.push_back(name);
            continue;
        }
        if (type != "BASE TABLE")
            co_return fail(errc::unsupported_object,
                           fmt::format("{} is a {}, which cannot be copied; exclude it",
                                       name.to_string(), type));
        source_table table;
        table.name = name;
        table.engine = row[2].value_or("");
        table.transactional = transactional.contains(table.engine);
        table.rows_estimated = to_number(row[3]);
        table.row_bytes = to_number(row[4]);
        const auto found = columns_of.find(name.object);
        if (found == columns_of.end())
            co_return fail(errc::object_unreadable,
                           fmt::format("the account at the source does not see the columns of {}: "
                                       "GRANT SELECT ON {} TO it",
                                       name.to_string(), name.to_string()));
        auto made = parse_columns(name, found->second);
        if (!made) co_return std::unexpected(std::move(made.error()));
        table.columns = *std::move(made);
        const bool tells_types =
            !catalog.is_mariadb && catalog.version >= first_version_with_json_table;
        for (column& one : table.columns)
            one.tells_json_types = tells_types && one.kind == value_kind::json;
        if (const auto parts = indexes_of.find(name.object); parts != indexes_of.end()) {
            table.order = choose_order(table.columns, make_parts(parts->second));
            for (const auto& part : parts->second) {
                if (part[3].value_or("") == "0" && part[2])
                    table.unique_columns.push_back(*part[2]);
            }
        }
        catalog.tables.push_back(std::move(table));
    }
    co_return result<void>{};
}

awaitable<result<void>> read_foreign_keys(protocol::net::connection& source,
                                          const std::string& database,
                                          const state::object_selection& selection,
                                          source_catalog& catalog) {
    auto keys = co_await ask(
        source,
        "SELECT TABLE_NAME, UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME, UPDATE_RULE NOT IN "
        "('RESTRICT', 'NO ACTION') OR DELETE_RULE NOT IN ('RESTRICT', 'NO ACTION') FROM "
        "information_schema.REFERENTIAL_CONSTRAINTS WHERE " +
            applier::exact_name("CONSTRAINT_SCHEMA", database));
    if (!keys) co_return std::unexpected(std::move(keys.error()));
    for (const auto& row : *keys) {
        const cascading_key key{{database, row[0].value()}, {row[1].value(), row[2].value()}};
        const bool child = selection.selects(key.child.database, key.child.object);
        const bool parent = selection.selects(key.parent.database, key.parent.object);
        if (child) catalog.in_foreign_keys.insert(key.child);
        if (parent) catalog.in_foreign_keys.insert(key.parent);
        const bool cascades = row[3].value_or("") != "0";
        if (child && parent && cascades) catalog.cascading_keys.push_back(key);
    }
    co_return result<void>{};
}

} // namespace

awaitable<result<source_catalog>> read_catalog(protocol::net::connection& source,
                                               const state::object_selection& selection) {
    source_catalog catalog;
    if (auto done = co_await ask_for_fresh_sizes(source); !done)
        co_return std::unexpected(std::move(done.error()));
    if (auto done = co_await read_server(source, catalog); !done)
        co_return std::unexpected(std::move(done.error()));
    auto engines = co_await ask(
        source, "SELECT ENGINE FROM information_schema.ENGINES WHERE TRANSACTIONS = 'YES'");
    if (!engines) co_return std::unexpected(std::move(engines.error()));
    std::set<std::string> transactional;
    for (const auto& row : *engines)
        transactional.insert(row[0].value());

    const bool has_encryption =
        !catalog.is_mariadb && catalog.version >= first_version_with_encrypted_databases;
    auto databases = co_await ask(
        source,
        fmt::format("SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME, {} "
                    "FROM information_schema.SCHEMATA ORDER BY SCHEMA_NAME",
                    has_encryption ? "DEFAULT_ENCRYPTION" : "'NO'"));
    if (!databases) co_return std::unexpected(std::move(databases.error()));
    for (const auto& row : *databases) {
        const std::string name = row[0].value();
        if (!selection.touches_database(name)) continue;
        catalog.databases.push_back(
            {name, row[1].value(), row[2].value(), row[3].value_or("") == "YES"});
        auto tables = co_await read_tables(source, name, transactional, selection, catalog);
        if (!tables) co_return std::unexpected(std::move(tables.error()));
        auto keys = co_await read_foreign_keys(source, name, selection, catalog);
        if (!keys) co_return std::unexpected(std::move(keys.error()));
    }
    co_return catalog;
}

awaitable<result<std::vector<state::object_name>>>
read_views(protocol::net::connection& source, const state::object_selection& selection) {
    auto rows = co_await ask(source, "SELECT TABLE_SCHEMA, TABLE_NAME FROM "
                                     "information_schema.TABLES WHERE TABLE_TYPE = 'VIEW' ORDER BY "
                                     "TABLE_SCHEMA, TABLE_NAME");
    if (!rows) co_return std::unexpected(std::move(rows.error()));
    std::vector<state::object_name> views;
    for (const auto& row : *rows) {
        state::object_name name{row[0].value_or(""), row[1].value_or("")};
        if (selection.selects(name.database, name.object)) views.push_back(std::move(name));
    }
    co_return views;
}

awaitable<result<std::string>> read_fingerprint(protocol::net::connection& source,
                                                const state::object_name& table) {
    auto rows = co_await ask(
        source, columns_query(applier::exact_name("TABLE_SCHEMA", table.database) + " AND " +
                              applier::exact_name("TABLE_NAME", table.object)));
    if (!rows) co_return std::unexpected(std::move(rows.error()));
    if (rows->empty())
        co_return fail(errc::changed_during_copy,
                       table.to_string() + " was dropped while it was copied");
    source_table read{.name = table, .engine = {}, .columns = {}, .order = {}};
    auto columns = parse_columns(table, *rows);
    if (!columns) co_return std::unexpected(std::move(columns.error()));
    read.columns = *std::move(columns);
    co_return read.fingerprint();
}

} // namespace understudy::snapshot
