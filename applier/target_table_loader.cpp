#include "applier/target_table_loader.hpp"

#include "applier/exact_name.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace understudy::applier {

using protocol::result;
using state::object_name;

namespace {

using row = std::vector<std::optional<std::string>>;

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    });
    return text;
}

// The tables that are asked for, and where the rows of an answer belong.
class asked_tables {
public:
    asked_tables(std::span<const object_name> names, bool folds_case)
        : names_(names), folds_case_(folds_case) {
        for (const object_name& name : names)
            by_name_.emplace(folded(name.database, name.object), &name);
    }

    // A condition on these two columns. With one name it is the one that every server answers
    // without opening other tables.
    [[nodiscard]] std::string condition(std::string_view schema, std::string_view table) const {
        if (names_.size() == 1) {
            return fmt::format("({} AND {})", exact_name(schema, names_[0].database),
                               exact_name(table, names_[0].object));
        }
        std::map<std::string_view, std::string> lists;
        for (const object_name& name : names_) {
            std::string& list = lists[name.database];
            list += (list.empty() ? "" : ",") + quote_string(name.object);
        }
        std::string text;
        for (const auto& [database, list] : lists) {
            text += fmt::format("{}({} = {} AND {} IN ({}))", text.empty() ? "" : " OR ", schema,
                                quote_string(database), table, list);
        }
        return "(" + text + ")";
    }

    // The one that is asked for; nullptr: there are several. Which names are one, the server knows
    // better than find() does.
    [[nodiscard]] const object_name* only() const {
        return names_.size() == 1 ? names_.data() : nullptr;
    }
    // nullptr: none of them, or not to be told.
    [[nodiscard]] const object_name* find(const row& values, std::size_t schema = 0) const {
        const auto& database = values[schema];
        const auto& table = values[schema + 1];
        if (!database || !table) return nullptr;
        const auto found = by_name_.find(folded(*database, *table));
        return found == by_name_.end() ? nullptr : found->second;
    }

private:
    [[nodiscard]] object_name folded(const std::string& database, const std::string& table) const {
        if (!folds_case_) return {database, table};
        return {lower_case(database), lower_case(table)};
    }

    std::span<const object_name> names_;
    bool folds_case_; // lower_case_table_names
    std::map<object_name, const object_name*> by_name_;
};

target_column column_of(const row& values) {
    auto column = describe_column(values[2].value_or(""), values[3].value_or(""),
                                  values[4].value_or(""), to_number(values[5]),
                                  to_number(values[6]), to_number(values[7]), to_number(values[8]));
    column.character_set = values[9].value_or("");
    column.collation = values[10].value_or("");
    column.nullable = values[11] == "YES";
    const std::string extra = values[12].value_or("");
    // "DEFAULT_GENERATED" is an expression default of an ordinary column.
    column.generated = extra.contains("VIRTUAL") || extra.contains("STORED GENERATED") ||
                       extra.contains("PERSISTENT");
    column.invisible = extra.contains("INVISIBLE");
    column.updated_by_itself = extra.contains("on update ");
    column.auto_increment = extra.contains("auto_increment");
    // MariaDB says NULL where that is the default.
    column.has_default =
        (values[13] && values[13] != "NULL") || extra.contains("DEFAULT_GENERATED");
    return column;
}

struct unique_key {
    relay::table_key whole;
    bool usable = true;      // names one row
    bool describable = true; // all of its parts are columns
};

// Parts of functional indexes have no column name; a prefix does not identify a row's whole value.
void add_part(unique_key& key, const target_table& table, const row& values) {
    const auto column = std::ranges::find_if(
        table.columns, [&](const target_column& c) { return values[3] == c.name; });
    const bool is_column = column != table.columns.end();
    key.describable &= is_column;
    key.usable &= is_column && values[4] != "YES" && !values[5];
    if (is_column) {
        key.whole.parts.push_back({static_cast<std::uint32_t>(column - table.columns.begin()),
                                   static_cast<std::uint32_t>(to_number(values[5]))});
    }
}

void take_keys(target_table& table, std::vector<unique_key> keys) {
    const auto best = std::ranges::find_if(keys, &unique_key::usable);
    if (best != keys.end()) {
        for (const auto& part : best->whole.parts)
            table.key.push_back(part.column);
    }
    table.has_other_unique_keys = keys.size() > (best != keys.end() ? 1U : 0U);
    table.has_unique_expressions = !std::ranges::all_of(keys, &unique_key::describable);
    for (unique_key& key : keys) {
        if (key.describable) table.unique_keys.push_back(std::move(key.whole));
    }
}

constexpr std::string_view columns_question =
    "SELECT table_schema, table_name, column_name, data_type, column_type, "
    "character_octet_length, numeric_precision, numeric_scale, datetime_precision, "
    "character_set_name, collation_name, is_nullable, extra, column_default FROM "
    "information_schema.columns WHERE {} ORDER BY table_schema, table_name, ordinal_position";

constexpr std::string_view keys_question =
    "SELECT table_schema, table_name, index_name, column_name, nullable, sub_part FROM "
    "information_schema.statistics WHERE {} AND non_unique = 0 ORDER BY table_schema, table_name, "
    "index_name = 'PRIMARY' DESC, index_name, seq_in_index";

void add_key_row(std::vector<unique_key>& keys, const target_table& table, const row& values) {
    if (keys.empty() || keys.back().whole.name != values[2])
        keys.push_back({{values[2].value_or(""), {}}, true, true});
    add_part(keys.back(), table, values);
}

// One call of load_target_tables().
class loading {
public:
    loading(target_session& target, std::span<const object_name> names)
        : target_(target), asked_(names, target.facts().lower_case_table_names != 0) {}

    [[nodiscard]] result<std::map<object_name, target_table>> run() {
        auto done = load_tables();
        if (done && tables_.empty()) return std::move(tables_);
        if (done) done = load_columns();
        if (done) done = load_keys();
        if (done) done = load_foreign_keys();
        if (done) done = load_triggers();
        if (!done) return std::unexpected(std::move(done.error()));
        return std::move(tables_);
    }

private:
    // `take` gets every row of the answer that belongs to a table of ours.
    template<typename take_row>
    [[nodiscard]] result<void> ask(const std::string& question, take_row take) {
        auto answer = target_.query(question);
        if (!answer) return std::unexpected(std::move(answer.error()));
        for (const row& values : answer->rows) {
            if (target_table* const table = find(name_of(values))) take(*table, values);
        }
        return {};
    }

    [[nodiscard]] const object_name* name_of(const row& values) const {
        return asked_.only() != nullptr ? asked_.only() : asked_.find(values);
    }

    [[nodiscard]] target_table* find(const object_name* name) {
        const auto found = name == nullptr ? tables_.end() : tables_.find(*name);
        return found == tables_.end() ? nullptr : &found->second;
    }

    [[nodiscard]] result<void> load_tables() {
        auto answer = target_.query(
            "SELECT table_schema, table_name, engine FROM information_schema.tables WHERE " +
            asked_.condition("table_schema", "table_name") + " AND table_type = 'BASE TABLE'");
        if (!answer) return std::unexpected(std::move(answer.error()));
        for (const row& values : answer->rows) {
            const object_name* const name = name_of(values);
            // A table that cannot be opened has no engine.
            if (name == nullptr || !values[2]) continue;
            target_table& table = tables_[*name];
            table.name = *name;
            table.engine = *values[2];
        }
        return {};
    }

    [[nodiscard]] result<void> load_columns() {
        return ask(fmt::format(columns_question, asked_.condition("table_schema", "table_name")),
                   [](target_table& table, const row& values) {
                       table.columns.push_back(column_of(values));
                   });
    }

    [[nodiscard]] result<void> load_keys() {
        std::map<target_table*, std::vector<unique_key>> keys;
        auto done = ask(fmt::format(keys_question, asked_.condition("table_schema", "table_name")),
                        [&keys](target_table& table, const row& values) {
                            add_key_row(keys[&table], table, values);
                        });
        for (auto& [table, ours] : keys)
            take_keys(*table, std::move(ours));
        return done;
    }

    [[nodiscard]] result<void> load_foreign_keys() {
        auto answer = target_.query(
            "SELECT constraint_schema, table_name, unique_constraint_schema, "
            "referenced_table_name FROM information_schema.referential_constraints WHERE " +
            asked_.condition("constraint_schema", "table_name") + " OR " +
            asked_.condition("unique_constraint_schema", "referenced_table_name"));
        if (!answer) return std::unexpected(std::move(answer.error()));
        for (const row& values : answer->rows) {
            const bool to_itself = values[0] == values[2] && values[1] == values[3];
            for (const std::size_t end : {0U, 2U}) {
                const auto* name =
                    asked_.only() != nullptr ? asked_.only() : asked_.find(values, end);
                target_table* const table = find(name);
                if (table == nullptr) continue;
                table->has_foreign_keys = true;
                table->refers_to_itself |= to_itself;
            }
        }
        return {};
    }

    [[nodiscard]] result<void> load_triggers() {
        return ask("SELECT event_object_schema, event_object_table, trigger_name, "
                   "action_statement LIKE '%@understudy\\_applying%' FROM "
                   "information_schema.triggers WHERE " +
                       asked_.condition("event_object_schema", "event_object_table") +
                       " ORDER BY trigger_name",
                   [](target_table& table, const row& values) {
                       table.triggers.push_back({values[2].value_or(""), values[3] == "1"});
                   });
    }

    target_session& target_;
    asked_tables asked_;
    std::map<object_name, target_table> tables_;
};

} // namespace

result<std::map<object_name, target_table>> load_target_tables(target_session& target,
                                                               std::span<const object_name> names) {
    // A question's length stays far below any max_allowed_packet.
    constexpr std::size_t at_once = 500;
    std::map<object_name, target_table> tables;
    for (; !names.empty(); names = names.subspan(std::min(at_once, names.size()))) {
        auto loaded = loading(target, names.first(std::min(at_once, names.size()))).run();
        if (!loaded) return loaded;
        tables.merge(*loaded);
    }
    return tables;
}

result<std::optional<target_table>> load_target_table(target_session& target,
                                                      const object_name& name) {
    auto loaded = load_target_tables(target, std::span(&name, 1));
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    if (loaded->empty()) return std::nullopt;
    return std::move(loaded->begin()->second);
}

table_questions::table_questions(const object_name& table) {
    const auto condition =
        asked_tables(std::span(&table, 1), false).condition("table_schema", "table_name");
    columns = fmt::format(columns_question, condition);
    keys = fmt::format(keys_question, condition);
}

target_table describe_answers(const object_name& name, const answer_rows& columns,
                              const answer_rows& keys) {
    target_table table;
    table.name = name;
    for (const row& values : columns)
        table.columns.push_back(column_of(values));
    std::vector<unique_key> found;
    for (const row& values : keys)
        add_key_row(found, table, values);
    take_keys(table, std::move(found));
    return table;
}

bool loads_many_at_once(const target_facts& target) {
    return !target.is_mariadb && target.version_number >= 80'000;
}

} // namespace understudy::applier
