#include "tests/support/definitions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <set>

namespace understudy::test {
namespace {

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
    }
}

// "int(10) unsigned" is "int unsigned" since 8.0.19; tinyint(1) and zerofill keep their width.
std::string without_display_width(std::string type) {
    if (type.starts_with("tinyint(1)") || type.find("zerofill") != std::string::npos) return type;
    for (const std::string_view name :
         {"tinyint", "smallint", "mediumint", "int", "bigint", "year"}) {
        const std::size_t digits = name.size() + 1;
        const std::size_t end = type.find_first_not_of("0123456789", digits);
        if (type.starts_with(std::string(name) + "(") && end != digits &&
            end != std::string::npos && type[end] == ')') {
            return std::string(name) + type.substr(end + 1);
        }
    }
    return type;
}

std::string evened_out_sql_mode(std::string mode) {
    // Gone in 8.0, with what they stood for in place; and what MariaDB does without a mode for it.
    for (const std::string_view gone : {"TIME_TRUNCATE_FRACTIONAL", "NO_AUTO_CREATE_USER",
                                        "NO_FIELD_OPTIONS", "NO_KEY_OPTIONS", "NO_TABLE_OPTIONS"}) {
        replace_all(mode, std::string(gone) + ",", "");
        replace_all(mode, "," + std::string(gone), "");
        replace_all(mode, gone, "");
    }
    return mode;
}

// A body that came in a packet of several statements keeps the semicolon behind it; sent alone, the
// server takes it off.
std::string body(const std::string& column, bool same_version) {
    const std::string text = "TRIM(TRAILING ';' FROM " + column + ")";
    // What is a reserved word for one server alone has to be in quotes there.
    return same_version ? text : "REPLACE(" + text + ", '`', '')";
}

// The same thing under the names that different versions have for it.
std::string evened_out(std::string value) {
    if (value == "utf8") return "utf8mb3";
    if (value.starts_with("utf8_")) return "utf8mb3" + value.substr(4);
    if (value == "RESTRICT") return "NO ACTION";
    if (value == "MRG_MyISAM") return "MRG_MYISAM";
    replace_all(value, " /*M!100301 COMPRESSED*/", "");
    replace_all(value, "_croatian_mysql561_ci", "_croatian_ci");
    replace_all(value, "DEFAULT_GENERATED", "");
    if (value.starts_with(' ')) value.erase(0, 1);
    if (value.find("CURRENT_TIMESTAMP") != std::string::npos) {
        std::ranges::transform(value, value.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    }
    return evened_out_sql_mode(without_display_width(std::move(value)));
}

// AUTO_INCREMENT=17 in a table's options says where the counter was, not what the table is.
void remove_auto_increment_value(std::string& text) {
    const std::string_view option = " AUTO_INCREMENT=";
    const std::size_t at = text.rfind(option);
    if (at == std::string::npos) return;
    std::size_t end = at + option.size();
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0)
        ++end;
    text.erase(at, end - at);
}

class definition_reader {
public:
    // `map` gives an object's name as on the target, or nothing when it is not selected.
    using name_map = std::function<std::optional<object_name>(const object_name&)>;

    definition_reader(sql_client& server, bool same_version, name_map map,
                      std::map<std::string, std::string> renames)
        : server_(server), same_version_(same_version), version_(server.scalar("SELECT VERSION()")),
          map_(std::move(map)), renames_(std::move(renames)) {}

    void read(const std::string& database) {
        database_ = database;
        quoted_ = server_.quote(database);
        schema();
        tables();
        views();
        routines();
        triggers();
        events();
    }

    definitions take() { return std::move(found_); }

private:
    void schema() {
        for (const sql_row& row :
             server_.query("SELECT default_character_set_name, default_collation_name FROM"
                           " information_schema.schemata WHERE schema_name = " +
                           quoted_)) {
            const std::optional<object_name> probe = map_({database_, "*"});
            if (probe) found_[{"database", {probe->database, ""}}] = line("charset", row, 0);
        }
    }

    void tables() {
        // Of a view each version finds other things to say.
        lines("table", "table",
              std::string("SELECT table_name, table_type, engine, table_collation, ") +
                  (same_version_ ? "table_comment" : "IF(table_type = 'VIEW', '', table_comment)") +
                  " FROM information_schema.tables WHERE table_schema = {}");
        lines("table", "column",
              "SELECT table_name, column_name, ordinal_position, " + column_default() +
                  ", is_nullable, column_type, character_set_name, collation_name,"
                  " column_key, extra, column_comment"
                  " FROM information_schema.columns WHERE table_schema = {0}" +
                  (same_version_ ? ""
                                 : " AND table_name NOT IN (SELECT table_name FROM"
                                   " information_schema.views WHERE table_schema = {0})") +
                  " ORDER BY table_name, ordinal_position");
        lines("table", "index",
              "SELECT table_name, index_name, seq_in_index, non_unique, column_name, sub_part,"
              " collation, index_type, index_comment, " +
                  unused_indexes() +
                  " FROM information_schema.statistics WHERE"
                  " table_schema = {} ORDER BY table_name, index_name, seq_in_index");
        lines("table", "checks", checks());
        lines("table", "foreign key",
              "SELECT r.table_name, r.constraint_name, k.ordinal_position, k.column_name,"
              " k.referenced_column_name, r.update_rule, r.delete_rule FROM"
              " information_schema.referential_constraints r JOIN"
              " information_schema.key_column_usage k ON k.constraint_schema ="
              " r.constraint_schema AND k.constraint_name = r.constraint_name AND k.table_name ="
              " r.table_name WHERE r.constraint_schema = {} ORDER BY 1, 2, 3");
        lines(
            "table", "partition",
            "SELECT table_name, partition_name, subpartition_name, partition_method,"
            " subpartition_method, " +
                partition_expression() +
                ", partition_description FROM information_schema.partitions WHERE table_schema = {}"
                " AND partition_name IS NOT NULL ORDER BY table_name, partition_ordinal_position,"
                " subpartition_ordinal_position");
        if (same_version_) show_create_tables();
    }

    [[nodiscard]] bool is_mariadb() const { return version_.contains("MariaDB"); }

    // Of a BINARY column 5.6 shows the bytes, with the padding, and later servers 0x…
    [[nodiscard]] std::string column_default() const {
        if (same_version_) return "column_default";
        const auto without = [](const std::string& text, const char* what) {
            return fmt::format("REPLACE({}, {}, '')", text, what);
        };
        // Each server writes the texts in it in its own way.
        std::string expression = "column_default";
        for (const char* const what : {"'_utf8mb4'", "'\\\\'", "''''", "'()'"})
            expression = without(expression, what);
        // MariaDB shows it as it stands in a statement.
        const std::string text =
            is_mariadb()
                ? "IF(column_default LIKE '''%''', REPLACE(REPLACE(SUBSTR(column_default, 2,"
                  " CHAR_LENGTH(column_default) - 2), '''''', ''''), '\\\\\\\\', '\\\\'),"
                  " IF(data_type = 'bit', column_default, NULLIF(" +
                      expression + ", 'NULL')))"
                : "IF(extra LIKE '%DEFAULT_GENERATED%', " + expression + ", column_default)";
        return fmt::format("IF(data_type IN ('binary', 'varbinary'), HEX(TRIM(TRAILING '\\0' FROM"
                           " IF({0} LIKE '0x%', UNHEX(SUBSTR({0}, 3)), {0}))), {0})",
                           text);
    }

    // The words are each version's own.
    [[nodiscard]] std::string partition_expression() const {
        std::string text = "LOWER(REPLACE(partition_expression, '`', ''))";
        if (same_version_) return text;
        return "NULLIF(REPLACE(REPLACE(" + text + ", '(', ''), ')', ''), '')";
    }

    // Whether queries use it.
    [[nodiscard]] std::string unused_indexes() const {
        if (is_mariadb()) return "IF(ignored = 'YES', 'unused', '')";
        return version_.starts_with("5.") ? "''" : "IF(is_visible = 'NO', 'unused', '')";
    }

    // How many CHECK constraints a table has: their words are each version's own.
    [[nodiscard]] std::string checks() const {
        if (is_mariadb())
            return "SELECT table_name, COUNT(*) FROM information_schema.check_constraints WHERE"
                   " constraint_schema = {} GROUP BY table_name";
        return "SELECT table_name, COUNT(*) FROM information_schema.table_constraints WHERE"
               " table_schema = {} AND constraint_type = 'CHECK' GROUP BY table_name";
    }

    void show_create_tables() {
        for (const sql_row& row : server_.query(
                 "SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
                 " AND table_schema = " +
                 quoted_)) {
            const object_name name{database_, row[0].value()};
            const std::optional<object_name> target = map_(name);
            if (!target) continue;
            std::string text =
                server_.query(fmt::format("SHOW CREATE TABLE `{}`.`{}`", name.database, name.name))
                    .at(0)
                    .at(1)
                    .value();
            remove_auto_increment_value(text);
            replace_all(text, "CREATE TABLE `" + name.name + "`",
                        "CREATE TABLE `" + target->name + "`");
            found_[{"table", *target}] += renamed(std::move(text), "REFERENCES ") + "\n";
        }
    }

    void views() {
        lines("table", "view",
              std::string("SELECT table_name, check_option, security_type, definer,"
                          " character_set_client, collation_connection") +
                  (same_version_ ? ", view_definition" : "") +
                  " FROM information_schema.views WHERE table_schema = {}");
    }

    void routines() {
        lines("routine", "routine",
              "SELECT routine_name, routine_type, dtd_identifier, " +
                  body("routine_definition", same_version_) +
                  ", is_deterministic, sql_data_access, security_type, sql_mode, routine_comment,"
                  " definer, character_set_client, collation_connection, database_collation FROM"
                  " information_schema.routines WHERE routine_schema = {} ORDER BY 1, 2");
        lines("routine", "parameter",
              "SELECT specific_name, routine_type, ordinal_position, parameter_mode,"
              " parameter_name, dtd_identifier FROM information_schema.parameters WHERE"
              " specific_schema = {} ORDER BY 1, 2, 3");
    }

    // A trigger belongs to its table: it is selected with it and moves with it.
    void triggers() {
        for (const sql_row& row : server_.query(
                 "SELECT event_object_table, trigger_name, event_manipulation, action_timing,"
                 " " +
                 body("action_statement", same_version_) +
                 ", sql_mode, definer, character_set_client,"
                 " collation_connection, database_collation FROM information_schema.triggers"
                 " WHERE trigger_schema = " +
                 quoted_ +
                 " ORDER BY 1, action_timing,"
                 " event_manipulation, action_order")) {
            const std::optional<object_name> table = map_({database_, row[0].value()});
            if (!table) continue;
            found_[{"trigger", {table->database, row[1].value()}}] =
                line("trigger of " + table->name, row, 2);
        }
    }

    // On a replica an event is there but asleep: DISABLE ON REPLICA.
    void events() {
        lines("event", "event",
              "SELECT event_name, " + body("event_definition", same_version_) +
                  ", event_type, execute_at, interval_value,"
                  " interval_field, sql_mode, starts, ends, IF(status = 'DISABLED', 'DISABLED',"
                  " 'ENABLED or on the replica asleep'), on_completion, event_comment, definer,"
                  " time_zone, character_set_client, collation_connection, database_collation FROM"
                  " information_schema.events WHERE event_schema = {}");
    }

    // One line per row of `sql`, whose first column is the name of the object it belongs to.
    void lines(const std::string& type, const std::string& label, const std::string& sql) {
        for (const sql_row& row : server_.query(fmt::format(fmt::runtime(sql), quoted_))) {
            const std::optional<object_name> target = map_({database_, row[0].value()});
            if (target) found_[{type, *target}] += line(label, row, 1);
        }
    }

    std::string line(const std::string& label, const sql_row& row, std::size_t first) {
        std::vector<std::string> values;
        for (std::size_t i = first; i < row.size(); ++i) {
            if (!row[i]) {
                values.emplace_back("NULL");
            } else {
                values.push_back(renamed(same_version_ ? *row[i] : evened_out(*row[i]), ""));
            }
        }
        return fmt::format("{}: {}\n", label, fmt::join(values, " | "));
    }

    // Names inside of texts; the target's own texts have the new ones already.
    std::string renamed(std::string text, const std::string& before) const {
        for (const auto& [from, to] : renames_) {
            const std::size_t dot = from.find('.');
            if (dot == std::string::npos) {
                replace_all(text, before + "`" + from + "`.", before + "`" + to + "`.");
            } else {
                const std::string to_table = to.substr(to.find('.') + 1);
                const std::string from_table = from.substr(dot + 1);
                if (from.substr(0, dot) == to.substr(0, to.find('.'))) {
                    replace_all(text, before + "`" + from_table + "`",
                                before + "`" + to_table + "`");
                }
            }
        }
        return text;
    }

    sql_client& server_;
    bool same_version_;
    std::string version_;
    name_map map_;
    std::map<std::string, std::string> renames_;
    std::string database_;
    std::string quoted_;
    definitions found_;
};

std::vector<std::string> user_databases(sql_client& server) {
    std::vector<std::string> names;
    for (const sql_row& row :
         server.query("SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN"
                      " ('mysql', 'information_schema', 'performance_schema', 'sys')")) {
        names.push_back(row[0].value());
    }
    return names;
}

// The name "*" stands for the database itself.
bool selects(const object_selection& selection, const object_name& object) {
    return object.name == "*" ? selection.has_database(object.database) : selection.has(object);
}

} // namespace

definitions source_definitions(sql_client& source, const object_selection& selection,
                               bool same_version) {
    definition_reader reader(
        source, same_version,
        [&](const object_name& object) -> std::optional<object_name> {
            if (!selects(selection, object)) return std::nullopt;
            return selection.on_target(object);
        },
        selection.rename);
    for (const std::string& database : user_databases(source)) {
        if (selection.has_database(database)) reader.read(database);
    }
    return reader.take();
}

definitions target_definitions(sql_client& target, const definitions& expected,
                               const object_selection& selection, bool same_version) {
    std::set<std::string> databases;
    for (const auto& [object, text] : expected)
        databases.insert(object.name.database);
    definition_reader reader(target, same_version,
                             [&](const object_name& object) -> std::optional<object_name> {
                                 if (!selects(selection, selection.on_source(object)))
                                     return std::nullopt;
                                 return object;
                             },
                             {});
    for (const std::string& database : user_databases(target)) {
        if (databases.contains(database)) reader.read(database);
    }
    return reader.take();
}

} // namespace understudy::test
