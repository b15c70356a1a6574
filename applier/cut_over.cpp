// An online schema change that ends: the one ALTER that does what the tool has done, and whether it
// did.

#include "applier/ddl/statement_charset.hpp"
#include "applier/errc.hpp"
#include "applier/schema_change_store.hpp"
#include "applier/statement_executor.hpp"

#include <fmt/format.h>

#include <regex>

namespace understudy::applier {

using protocol::fail;
using protocol::result;
using step_of_model = statement_plan::model_step::step;

namespace {

// Without what a model has otherwise by nature: its name, names that servers and tools give to
// constraints, the counter.
std::string comparable_definition(const std::string& shown) {
    static const std::regex names(R"(CONSTRAINT `(?:[^`]|``)*` |AUTO_INCREMENT=\d+ ?)");
    return std::regex_replace(shown.substr(shown.find('(')), names, "");
}

result<std::optional<std::string>> definition_of(target_session& target,
                                                 const state::object_name& table) {
    constexpr unsigned no_such_table = 1146;
    auto shown = target.query("SHOW CREATE TABLE " + table.to_string());
    if (!shown && shown.error().server.number == no_such_table) return std::nullopt;
    if (!shown) return std::unexpected(std::move(shown.error()));
    return comparable_definition(shown->rows.front()[1].value_or("("));
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
    const auto charset = ddl::statement_charset::of_collation(plan.character_set_client);
    auto text = charset.from_utf8("ALTER TABLE " + plan.target_names.front().to_string() + " " +
                                  (*change)->clauses);
    if (!text) return copy_instead(plan, "its ALTER TABLE was sent in another character set");
    source_statement resolved = statement;
    resolved.plan.text = std::move(*text);
    return resolved;
}

// Behind the ALTER, before it is checked off: again after a crash, until the model is gone.
result<void> statement_executor::end_cut_over(const statement_plan& plan) {
    auto wanted = definition_of(target_, model_on_target(plan));
    if (!wanted) return std::unexpected(std::move(wanted.error()));
    if (!*wanted) return {};
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
