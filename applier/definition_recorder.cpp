#include "applier/definition_recorder.hpp"

#include "applier/errc.hpp"
#include "applier/target_table_loader.hpp"
#include "relay/errc.hpp"

namespace understudy::applier {

using protocol::result;

relay::table_definition describe_table(const state::object_name& source,
                                       const target_table& table) {
    relay::table_definition found;
    found.database = source.database;
    found.table = source.object;
    for (const target_column& column : table.columns) {
        const bool has_labels = column.type == protocol::column_type::enum_ ||
                                column.type == protocol::column_type::set;
        found.columns.push_back(
            {.name = column.name,
             .type_text = column.type_text,
             .type = column.type,
             .metadata = column.metadata,
             .character_set = column.character_set,
             .collation = column.collation,
             .labels = has_labels ? relay::labels_of(column.type_text) : std::vector<std::string>{},
             .is_unsigned = column.is_unsigned,
             .nullable = column.nullable,
             .generated = column.generated,
             .invisible = column.invisible});
    }
    found.unique_keys = table.unique_keys;
    return found;
}

result<void> definition_recorder::write(const relay::definition_record& record) {
    auto done = store_->note(record);
    if (!done && done.error().code == relay::errc::disk_full)
        done.error().code = make_error_code(errc::transient);
    return done;
}

result<void> definition_recorder::note(const state::object_name& source, const target_table& table,
                                       const protocol::binlog_position& from,
                                       const std::string& gtid) {
    // The target's columns are not the source's, whose log says the names itself.
    const auto* const shape = selection_->shape(source.database, source.object);
    if (shape != nullptr && shape->changes_columns()) return {};
    relay::definition_record record;
    record.from = from;
    record.gtid = gtid;
    record.what = describe_table(source, table);
    return write(record);
}

result<void> definition_recorder::read_and_note(target_session& target,
                                                const state::object_name& source,
                                                const protocol::binlog_position& from,
                                                const std::string& gtid) {
    const auto mapped = selection_->map(source.database, source.object);
    auto table = load_target_table(target, mapped);
    if (!table) {
        return wrap(std::move(table.error()), "reading the definition of " + mapped.to_string());
    }
    if (*table) return note(source, **table, from, gtid);
    relay::definition_record record;
    record.from = from;
    record.gtid = gtid;
    record.dropped = true;
    record.what.database = source.database;
    record.what.table = source.object;
    return write(record);
}

result<void> definition_recorder::note_all(target_session& target,
                                           const std::set<state::object_name>& tables,
                                           const protocol::binlog_position& from) {
    for (const state::object_name& table : tables) {
        auto noted = read_and_note(target, table, from, {});
        if (!noted) return noted;
    }
    return {};
}

result<void> definition_recorder::note_missing(target_session& target,
                                               const std::set<state::object_name>& tables,
                                               const protocol::binlog_position& from) {
    std::set<state::object_name> known;
    for (const auto& [database, table] : store_->tables(from))
        known.insert({database, table});
    for (const state::object_name& name : tables) {
        if (known.contains(name)) continue;
        if (auto done = read_and_note(target, name, from, {}); !done) return done;
    }
    return {};
}

result<void> definition_recorder::note_after(target_session& target,
                                             const source_statement& statement) {
    // Behind the statement itself: rows may follow in its own transaction.
    const protocol::binlog_position from{*statement.event.file, statement.event.end_offset};
    const auto& id = statement.transaction.id;
    const std::string gtid = id.empty() ? std::string{} : id.to_string();
    std::set<state::object_name> names;
    for (const state::object_name& name : statement.plan.source_names) {
        if (!name.object.empty()) {
            names.insert(name);
            continue;
        }
        for (const auto& [database, table] : store_->tables(from)) {
            if (database == name.database) names.insert({database, table});
        }
    }
    for (const state::object_name& name : names) {
        if (!selection_->selects(name.database, name.object)) continue;
        if (auto done = read_and_note(target, name, from, gtid); !done) return done;
    }
    return {};
}

} // namespace understudy::applier
