#include "tests/live/logged_rows.hpp"

#include "protocol/binlog/transaction_payload.hpp"
#include "protocol/value/comparable_key.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <stdexcept>

namespace understudy::test {

using protocol::column_definition;
using protocol::row_image;
using protocol::value_form;
using protocol::value_writer;
using protocol::test::binlog_file;

namespace {

template<class T>
T must(protocol::result<T> result) {
    if (!result) throw std::runtime_error(result.error().what);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

struct open_table {
    protocol::table_map map;
    std::vector<column_definition> columns;
};

class log_walker {
public:
    log_walker(std::string database, const complete_definitions& complete)
        : database_(std::move(database)), complete_(&complete) {}

    void walk(const binlog_file& file) {
        tables_.clear();
        for (std::size_t i = 0; i < file.events.size(); ++i) {
            const auto event = file.view(i);
            switch (event.header.type) {
            case protocol::event_type::table_map: open(file, event); break;
            case protocol::event_type::write_rows_v1:
            case protocol::event_type::update_rows_v1:
            case protocol::event_type::write_rows:
            case protocol::event_type::update_rows:
            case protocol::event_type::partial_update_rows: read(file, event); break;
            default: break;
            }
        }
    }

    std::vector<logged_row> rows;

private:
    void open(const binlog_file& file, const protocol::event_view& event) {
        open_table table{must(protocol::decode_table_map(event, file.format)), {}};
        if (table.map.database != database_) return;
        table.columns = must(protocol::define_columns(table.map));
        (*complete_)(std::string(table.map.table), table.columns);
        const auto id = table.map.table_id;
        tables_.insert_or_assign(id, std::move(table));
    }

    void read(const binlog_file& file, const protocol::event_view& event) {
        const auto decoded =
            must(protocol::decode_rows_event(event, file.format, protocol::partial_json::accepted));
        const auto found = tables_.find(decoded.table_id);
        if (found == tables_.end()) return;
        protocol::row_reader reader(found->second.map, decoded);
        while (must(reader.next())) {
            logged_row row;
            row.table = found->second.map.table;
            row.is_update = decoded.kind == protocol::rows_kind::update;
            write(row.text, text_, found->second, reader, row.is_update);
            write(row.json, json_, found->second, reader, row.is_update);
            write(row.sql, sql_, found->second, reader, row.is_update);
            for (std::uint32_t i = 0; i < found->second.columns.size(); ++i) {
                auto& key = row.key.emplace_back("");
                if (!protocol::append_comparable_key(*key, found->second.columns, reader.after(),
                                                     std::span(&i, 1))) {
                    key.reset();
                }
            }
            rows.push_back(std::move(row));
        }
    }

    static void write(std::vector<std::string>& into, value_writer& writer, const open_table& table,
                      const protocol::row_reader& reader, bool is_update) {
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            const auto& after = reader.after().columns[i];
            auto& out = into.emplace_back();
            if (!after.present) {
                out = "-";
                continue;
            }
            const auto& before = is_update ? reader.before().columns[i] : row_image::column{};
            must(writer.append_updated(out, table.columns[i], before, after));
        }
    }

    std::string database_;
    const complete_definitions* complete_;
    std::map<std::uint64_t, open_table> tables_;
    value_writer text_{value_form::text};
    value_writer json_{value_form::json};
    value_writer sql_{value_form::sql};
};

// enum('a','it''s')
std::vector<std::string> labels_of(const std::string& column_type) {
    std::vector<std::string> labels;
    bool inside = false;
    for (std::size_t i = 0; i < column_type.size(); ++i) {
        const bool quote = column_type[i] == '\'';
        if (!inside && quote) {
            inside = true;
            labels.emplace_back();
        } else if (inside && quote && column_type.substr(i + 1, 1) == "'") {
            labels.back() += column_type[++i];
        } else if (quote) {
            inside = false;
        } else if (inside) {
            labels.back() += column_type[i];
        }
    }
    return labels;
}

void complete_one(column_definition& column, const sql_row& row,
                  const std::map<std::string, std::uint16_t>& collations) {
    constexpr std::uint16_t utf8mb4_bin = 46;
    const std::string column_type = row[1].value_or("");
    if (column.name.empty()) column.name = row[0].value_or("");
    if (!column.is_unsigned) column.is_unsigned = column_type.find("unsigned") != std::string::npos;
    const bool labelled =
        column.type == protocol::column_type::enum_ || column.type == protocol::column_type::set;
    if (labelled && column.labels.empty()) {
        column.labels = labels_of(column_type); // the client's character set
        column.collation = utf8mb4_bin;
    }
    if (!column.collation) {
        column.collation = row[2] ? collations.at(*row[2]) : protocol::binary_collation;
    }
}

} // namespace

std::vector<logged_row> read_logged_rows(live_server& server, const std::string& database,
                                         const complete_definitions& complete) {
    server.root().exec("FLUSH LOGS");
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(server.data_dir())) {
        const auto name = entry.path().filename().string();
        if (name.starts_with("binlog.") && name.find_first_not_of("0123456789", 7) == name.npos) {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    log_walker walker(database, complete);
    for (const auto& file : files) {
        walker.walk(binlog_file::read_path(file.string()));
    }
    return std::move(walker.rows);
}

complete_definitions definitions_of(sql_client& sql, const std::string& database) {
    std::map<std::string, std::uint16_t> collations;
    // MariaDB has collations of several character sets, with a number for each.
    const bool has_contextual = sql.scalar("SELECT COUNT(*) FROM information_schema.columns WHERE "
                                           "table_schema = 'information_schema' AND column_name = "
                                           "'FULL_COLLATION_NAME'") != "0";
    for (const auto& row : sql.query(
             has_contextual
                 ? "SELECT full_collation_name, id FROM "
                   "information_schema.collation_character_set_applicability WHERE id IS NOT NULL"
                 : "SELECT collation_name, id FROM information_schema.collations WHERE id IS NOT "
                   "NULL")) {
        collations[*row[0]] = static_cast<std::uint16_t>(std::stoul(*row[1]));
    }
    std::map<std::string, std::vector<sql_row>> tables;
    for (auto& row : sql.query(fmt::format(
             "SELECT column_name, column_type, collation_name, table_name FROM "
             "information_schema.columns WHERE table_schema = '{}' ORDER BY table_name, "
             "ordinal_position",
             database))) {
        tables[*row[3]].push_back(std::move(row));
    }
    return [collations, tables](const std::string& table, std::vector<column_definition>& columns) {
        const auto& rows = tables.at(table);
        if (rows.size() != columns.size()) {
            throw std::runtime_error(table + " has another number of columns");
        }
        for (std::size_t i = 0; i < columns.size(); ++i) {
            complete_one(columns[i], rows[i], collations);
        }
    };
}

} // namespace understudy::test
