#include "apps/table_wish.hpp"

#include "applier/quarantine_store.hpp"
#include "applier/target_session.hpp"
#include "apps/serve_errc.hpp"
#include "state/errc.hpp"
#include "state/name_glob.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

namespace understudy::apps {

namespace {

struct words {
    std::string_view refused;
    std::string_view done;
};

protocol::result<state::object_name> parse_table(const state::task_spec& task,
                                                 std::string_view text) {
    const auto selection = state::object_selection::make(task);
    if (!selection) return std::unexpected(selection.error());
    const auto pattern = state::object_pattern::parse(text);
    const auto bad = [&](std::string_view why) {
        return protocol::fail(state::errc::selection_invalid,
                              fmt::format("table: found {}; {}", text, why));
    };
    if (!pattern || !pattern->names_object || pattern->database.has_wildcard() ||
        pattern->object.has_wildcard())
        return bad("it is db.table, as on the source");
    state::object_name name{pattern->database.name(), pattern->object.name()};
    if (!selection->selects(name.database, name.object)) return bad("the task does not select it");
    return name;
}

} // namespace

protocol::result<std::string> wish(const state::task_spec& task, api::table_verb what,
                                   std::string_view table) {
    const auto name = parse_table(task, table);
    if (!name) return std::unexpected(name.error());
    auto target = applier::target_session::connect(task.target, {});
    if (!target) return std::unexpected(target.error());
    const applier::quarantine_store store(task.apply.meta_database, task.name);
    if (auto prepared = store.prepare(**target); !prepared)
        return std::unexpected(prepared.error());
    protocol::result<bool> done = false;
    words say;
    switch (what) {
    case api::table_verb::set_aside:
        done = store.ask(**target, *name);
        say = {"is already set aside", "will be set aside when the task is started next"};
        break;
    case api::table_verb::resume:
        done = store.resume(**target, *name);
        say = {"is not set aside", "catches up while the task runs"};
        break;
    case api::table_verb::reload:
        done = store.reload(**target, *name, "an operator wants it copied anew");
        say = {"is being copied anew or catches up",
               "is copied anew while the task runs: at once where it is set aside, else when the "
               "task is started next"};
        break;
    }
    if (!done) return std::unexpected(done.error());
    if (!*done)
        return protocol::fail(serve_errc::not_now,
                              fmt::format("{} {}", name->to_string(), say.refused));
    return fmt::format("{} {}", name->to_string(), say.done);
}

} // namespace understudy::apps
