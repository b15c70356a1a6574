// An online schema change that ends: the one ALTER that does what the tool has done, and whether it
// did.

#include "applier/ddl/statement_charset.hpp"
#include "applier/errc.hpp"
#include "applier/object_fingerprint.hpp"
#include "applier/schema_change_store.hpp"
#include "applier/statement_executor.hpp"
#include "applier/statement_lock.hpp"
#include "state/shadow_table.hpp"

#include <fmt/format.h>

namespace understudy::applier {

using protocol::fail;
using protocol::result;
using step_of_model = statement_plan::model_step::step;

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

result<std::optional<std::string>> definition_of(target_session& target,
                                                 const state::object_name& table) {
    constexpr unsigned no_such_table = 1146;
    auto shown = target.query("SHOW CREATE TABLE " + table.to_string());
    if (!shown && shown.error().server.number == no_such_table) return std::nullopt;
    if (!shown) return std::unexpected(std::move(shown.error()));
    return comparable_definition(shown->rows.front()[1].value_or("` ("), table.object);
}

} // namespace

state::object_name statement_executor::model_on_target(const statement_plan& plan) const {
    const state::object_name& model = plan.models.front().model;
    return selection_->map(model.database, model.object);
}

// What is not known, or could give rows other values than the tool gave them, has to be copied.
std::unexpected<protocol::error> statement_executor::copy_instead(const statement_plan& plan,
                                                                  const std::string& why) {
    to_reload_.insert(plan.source_names.begin(), plan.source_names.end());
    // A process that has lost the task must not take away what the next one goes by.
    const auto lock = statement_lock::acquire(target_, store_, epoch_);
    if (!lock) return std::unexpected(lock.error());
    // Who comes here again, because the wish for the copy was not noted, finds nothing and comes to
    // the same.
    const schema_change_store store(store_.meta_database(), task_name_);
    auto gone = store.forget(target_, plan.models.front().model);
    if (gone) gone = drop_model(plan);
    if (!gone) return std::unexpected(std::move(gone.error()));
    return fail(errc::reload_needed, fmt::format("a tool has put {} in the place of {}: {}",
                                                 plan.models.front().model.to_string(),
                                                 plan.source_names.front().to_string(), why));
}

result<void> statement_executor::drop_model(const statement_plan& plan) {
    return target_.run("DROP TABLE IF EXISTS " + model_on_target(plan).to_string());
}

result<source_statement> statement_executor::resolve_cut_over(const source_statement& statement) {
    to_reload_.clear();
    const statement_plan& plan = statement.plan;
    const schema_change_store store(store_.meta_database(), task_name_);
    auto change = store.load(target_, plan.models.front().model);
    if (!change) return std::unexpected(std::move(change.error()));
    if (!*change) return copy_instead(plan, "how it was made was not seen");
    if ((*change)->alters == 0)
        return copy_instead(plan, "it was not altered, so what it is for is not known");
    if ((*change)->alters > 1) return copy_instead(plan, "it was altered more than once");
    if (!(*change)->is_exact)
        return copy_instead(plan, "its ALTER TABLE executed here could give rows other values");
    auto tool = was_made_by_tool(plan);
    if (!tool) return std::unexpected(std::move(tool.error()));
    if (!*tool) return copy_instead(plan, "that it was filled by a tool is not seen");
    const state::object_name model = model_on_target(plan);
    const state::object_name& table = plan.target_names.front();
    auto doubt = target_.scalar(
        fmt::format(doubt_query, quote_string(table.database), quote_string(table.object),
                    quote_string(model.database), quote_string(model.object)));
    if (!doubt) return wrap(std::move(doubt.error()), "comparing a table with its model");
    if (*doubt) return copy_instead(plan, **doubt + " would not be exact by an ALTER TABLE here");
    const auto charset = ddl::statement_charset::of_collation(plan.character_set_client);
    auto text = charset.from_utf8("ALTER TABLE " + plan.target_names.front().to_string() + " " +
                                  (*change)->clauses);
    if (!text) return copy_instead(plan, "its ALTER TABLE was sent in another character set");
    source_statement resolved = statement;
    resolved.plan.text = std::move(*text);
    return resolved;
}

// Whoever makes such a table by hand may fill it with something else. gh-ost has its changelog
// beside it, pt-online-schema-change its triggers on the table, until the swap is through.
result<bool> statement_executor::was_made_by_tool(const statement_plan& plan) {
    const state::object_name& model = plan.models.front().model;
    const state::object_name& table = plan.target_names.front();
    if (model.object.ends_with("_gho")) {
        state::shadow_table changelog = *state::shadow_table::parse(model.object);
        changelog.suffix = "_ghc";
        const schema_change_store store(store_.meta_database(), task_name_);
        auto seen = store.load(target_, {model.database, changelog.beside(changelog.table)});
        if (!seen) return std::unexpected(std::move(seen.error()));
        return seen->has_value();
    }
    auto trigger = target_.scalar(
        fmt::format("SELECT 1 FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = {} AND "
                    "EVENT_OBJECT_TABLE = {} AND TRIGGER_NAME LIKE 'pt\\_osc\\_%' LIMIT 1",
                    quote_string(table.database), quote_string(table.object)));
    if (!trigger) return wrap(std::move(trigger.error()), "looking for the triggers of a tool");
    return trigger->has_value();
}

// Behind the ALTER, before it is checked off: again after a crash, when the model may be gone.
result<void> statement_executor::end_cut_over(const statement_plan& plan) {
    auto wanted = definition_of(target_, model_on_target(plan));
    if (!wanted) return std::unexpected(std::move(wanted.error()));
    if (!*wanted) return copy_instead(plan, "its definition is gone, so it cannot be compared");
    auto found = definition_of(target_, plan.target_names.front());
    if (!found) return std::unexpected(std::move(found.error()));
    if (*found != *wanted)
        return copy_instead(plan, "its definition is another than the ALTER gave");
    return drop_model(plan);
}

result<void> statement_executor::note_models(const statement_plan& plan) {
    const schema_change_store store(store_.meta_database(), task_name_);
    for (const auto& one : plan.models) {
        result<void> done;
        switch (one.what) {
        case step_of_model::made: done = store.begin(target_, one.model); break;
        case step_of_model::altered:
            done = store.note(target_, one.model, one.clauses, one.is_exact);
            break;
        case step_of_model::gone:
        case step_of_model::put_in_place: done = store.forget(target_, one.model); break;
        }
        if (!done) return done;
    }
    return {};
}

} // namespace understudy::applier
