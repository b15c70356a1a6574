// What is on the target besides the tables and acts when they are written.

#include "precheck/items.hpp"
#include "precheck/needs.hpp"

namespace understudy::precheck {

namespace {

// Row images fire no triggers.
[[nodiscard]] std::vector<item> triggers(const subject& about, const target_seen& target) {
    if (!writes_sql(about, target)) return {};
    const bool accepts_guarded =
        about.spec.apply.triggers == state::task_spec::trigger_policy::guarded;
    std::vector<std::string> names;
    for (const target_seen::trigger& one : target.triggers) {
        if (!(one.guarded && accepts_guarded))
            names.push_back(one.name + " of " + one.table.to_string());
    }
    // Whether those of the source are guarded is seen once they are on the target.
    if (about.known.first_start && about.spec.initial.schema && !accepts_guarded) {
        for (const definer_fact& one : about.source.definers) {
            if (one.kind == "trigger")
                names.push_back(one.name.object + ", which comes with the copy");
        }
    }
    return {expect_none("target.triggers", severity::warning, "triggers on tables written as SQL",
                        names,
                        "they would fire once more on the target after they fired on the source; "
                        "the task stops at the first change of such a table",
                        "Grant REPLICATION_APPLIER for row images (MySQL), or drop these triggers "
                        "on the target until the switch, or let all they do depend on "
                        "@understudy_applying IS NULL and set apply.triggers = \"guarded\"")};
}

[[nodiscard]] item events(const target_seen& target) {
    const std::string id = "target.events";
    const std::string title = "events that run on the target";
    if (variable(target.server.settings, "event_scheduler") != "ON")
        return pass(id, severity::warning, title, "none: event_scheduler is off");
    std::vector<std::string> names;
    std::string fix;
    for (const state::object_name& one : target.events) {
        names.push_back(one.to_string());
        fix += "ALTER EVENT " + one.to_string() + " DISABLE; ";
    }
    return expect_none(id, severity::warning, title, names,
                       "they are in databases that the task writes to: what they change there is "
                       "not as on the source, and stops the task when it meets it",
                       fix + "-- if they write to tables of the task");
}

// Those that are selected come with the source's changes.
[[nodiscard]] item children(const subject& about, const target_seen& target) {
    std::vector<std::string> names;
    for (const target_seen::child& one : target.children) {
        if (!about.selection.source_of(one.table))
            names.push_back(one.table.to_string() + " refers to " + one.parent.to_string());
    }
    return expect_none(
        "target.foreign_key_children", severity::warning, "foreign keys of other tables", names,
        "a DELETE or a changed key of the source is refused by the target and stops "
        "the task, or changes rows of these tables too (CASCADE)",
        "ALTER TABLE … DROP FOREIGN KEY … on the target, or select these tables too");
}

} // namespace

bool writes_sql(const subject& about, const target_seen& target) {
    using writer = state::task_spec::writer;
    if (about.spec.apply.how == writer::sql || target.server.is_mariadb) return true;
    return about.spec.apply.how == writer::automatic && target.server.granted &&
           !may_write_row_images(*target.server.granted);
}

std::vector<item> bystander_items(const subject& about, const target_seen& target) {
    std::vector<item> all = triggers(about, target);
    all.push_back(events(target));
    all.push_back(children(about, target));
    return all;
}

} // namespace understudy::precheck
