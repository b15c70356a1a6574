// An online schema change that ends: the one ALTER that does what the tool has done, and whether it
// did.

#include "applier/ddl/canonical_text.hpp"
#include "applier/ddl/statement_charset.hpp"
#include "applier/errc.hpp"
#include "applier/model_table.hpp"
#include "applier/schema_change_store.hpp"
#include "applier/statement_executor.hpp"
#include "applier/statement_lock.hpp"
#include "state/shadow_table.hpp"

#include <fmt/format.h>

namespace understudy::applier {

using protocol::fail;
using protocol::result;
using step_of_model = statement_plan::model_step::step;

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

// A merged table has rows that no copy of one table would bring back.
std::unexpected<protocol::error> statement_executor::not_as_alter(const source_statement& statement,
                                                                  const std::string& why) {
    const statement_plan& plan = statement.plan;
    if (!selection_->is_merged(plan.source_names.front())) return copy_instead(plan, why);
    const std::string target = plan.target_names.front().to_string();
    return fail(errc::unsupported_statement,
                fmt::format("a tool has put {} in the place of {}, whose rows are in {} among "
                            "those of other tables: {}. If the tool's ALTER TABLE, executed for "
                            "{}, is right for the rows of all, give it as the replacement; if not, "
                            "do on the target by hand what it means and leave it out",
                            plan.models.front().model.to_string(),
                            plan.source_names.front().to_string(), target, why, target));
}

result<source_statement>
statement_executor::resolve_cut_over(const source_statement& statement,
                                     const protocol::format_description& format) {
    to_reload_.clear();
    const statement_plan& plan = statement.plan;
    const auto instead = [&](const std::string& why) { return not_as_alter(statement, why); };
    const schema_change_store store(store_.meta_database(), task_name_);
    auto change = store.load(target_, plan.models.front().model);
    if (!change) return std::unexpected(std::move(change.error()));
    if (!*change) return instead("how it was made was not seen");
    if ((*change)->alters == 0)
        return instead("it was not altered, so what it is for is not known");
    if ((*change)->alters > 1) return instead("it was altered more than once");
    if (!(*change)->is_exact)
        return instead("its ALTER TABLE executed here could give rows other values");
    auto tool = was_made_by_tool(plan);
    if (!tool) return std::unexpected(std::move(tool.error()));
    if (!*tool) return instead("that it was filled by a tool is not seen");
    const bool is_merged = selection_->is_merged(plan.source_names.front());
    if (!is_merged) {
        auto doubt =
            model_table::doubt_about(target_, plan.target_names.front(), model_on_target(plan));
        if (!doubt) return std::unexpected(std::move(doubt.error()));
        if (*doubt) return instead(**doubt + " would not be exact by an ALTER TABLE here");
    }
    const auto charset = ddl::statement_charset::of_collation(plan.character_set_client);
    auto text = charset.from_utf8("ALTER TABLE " + plan.target_names.front().to_string() + " " +
                                  (*change)->clauses);
    if (!text) return instead("its ALTER TABLE was sent in another character set");
    source_statement resolved = statement;
    resolved.plan.text = std::move(*text);
    if (!is_merged) return resolved;
    const auto event = protocol::decode_event(statement.event.bytes, format.has_checksum());
    if (!event) return std::unexpected(event.error());
    const auto query = protocol::decode_query_event(*event, format);
    if (!query) return std::unexpected(query.error());
    resolved.plan.merged_statement = ddl::canonical_text(
        resolved.plan.text, query->status.sql_mode.value_or(0), source_version_, charset);
    return resolved;
}

// Whoever makes such a table by hand may fill it with something else. gh-ost has its changelog
// beside it, pt-online-schema-change its triggers on the table, until the swap is through.
result<bool> statement_executor::was_made_by_tool(const statement_plan& plan) {
    const state::object_name& model = plan.models.front().model;
    const state::object_name& table = plan.target_names.front();
    std::optional<state::object_name> sign;
    if (model.object.ends_with("_gho")) {
        state::shadow_table changelog = *state::shadow_table::parse(model.object);
        changelog.suffix = "_ghc";
        sign = {model.database, changelog.beside(changelog.table)};
    } else if (selection_->is_merged(plan.source_names.front())) {
        sign = statement_plan::sign_of_tool(plan.source_names.front());
    }
    if (sign) {
        const schema_change_store store(store_.meta_database(), task_name_);
        auto seen = store.load(target_, *sign);
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
    auto wanted = model_table::definition(target_, model_on_target(plan));
    if (!wanted) return std::unexpected(std::move(wanted.error()));
    if (!*wanted) return copy_instead(plan, "its definition is gone, so it cannot be compared");
    auto found = model_table::definition(target_, plan.target_names.front());
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
