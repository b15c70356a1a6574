#include "apps/table_wish.hpp"

#include "applier/checkpoint_store.hpp"
#include "applier/followed_store.hpp"
#include "applier/quarantine_store.hpp"
#include "applier/target_session.hpp"
#include "apps/run_alone.hpp"
#include "apps/serve_errc.hpp"
#include "protocol/net/connection.hpp"
#include "state/errc.hpp"
#include "state/name_glob.hpp"
#include "state/object_selection.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace understudy::apps {

namespace {

struct words {
    std::string_view refused;
    std::string_view done;
};

std::unexpected<protocol::error> bad(std::string_view table, std::string_view why) {
    return protocol::fail(state::errc::selection_invalid,
                          fmt::format("table: found {}; {}", table, why));
}

protocol::result<state::object_name> parse_table(std::string_view text) {
    const auto pattern = state::object_pattern::parse(text);
    if (!pattern || !pattern->names_object || pattern->database.has_wildcard() ||
        pattern->object.has_wildcard())
        return bad(text, "it is db.table, as on the source");
    return state::object_name{pattern->database.name(), pattern->object.name()};
}

boost::asio::awaitable<bool> ignores_case(boost::asio::io_context& loop,
                                          protocol::connect_options source) {
    auto opened =
        co_await protocol::net::connection::open(loop.get_executor(), std::move(source), {});
    if (!opened) co_return false; // names are taken as they are given then
    auto mode = co_await (*opened)->query("SELECT @@GLOBAL.lower_case_table_names");
    co_await (*opened)->close();
    co_return mode && !mode->rows.empty() && mode->rows.front().front() != "0";
}

// The source stores them in small letters where the case of letters does not count.
bool ignores_case(const protocol::connect_options& source) {
    boost::asio::io_context loop;
    return run_alone(loop, ignores_case(loop, source));
}

// As the source stores it; with the names of tables that were renamed and are followed.
protocol::result<void> check_selected(const state::task_spec& task, applier::target_session& target,
                                      state::object_name& name) {
    auto selection = state::object_selection::make(task);
    if (!selection) return std::unexpected(selection.error());
    const bool has_capitals = state::lower_case_name(name.database) != name.database ||
                              state::lower_case_name(name.object) != name.object;
    if (has_capitals && ignores_case(task.source)) {
        selection->set_case_insensitive(true);
        name = selection->as_stored(std::move(name));
    }
    auto followed = applier::followed_store(task.apply.meta_database, task.name).load(target);
    if (!followed) return std::unexpected(std::move(followed.error()));
    const auto now = selection->following(*std::move(followed));
    if (now.selects(name.database, name.object)) return {};
    return bad(name.database + "." + name.object, "the task does not select it");
}

} // namespace

protocol::result<std::string> wish(const state::task_spec& task, api::table_verb what,
                                   std::string_view table) {
    auto name = parse_table(table);
    if (!name) return std::unexpected(name.error());
    auto target = applier::target_session::connect(task.target, {});
    if (!target) return std::unexpected(target.error());
    const applier::checkpoint_store checkpoints(task.apply.meta_database, task.name);
    if (auto prepared = checkpoints.prepare(**target); !prepared)
        return std::unexpected(prepared.error());
    if (auto selected = check_selected(task, **target, *name); !selected)
        return std::unexpected(selected.error());
    const applier::quarantine_store store(checkpoints);
    const auto entries = store.load(**target);
    if (!entries) return std::unexpected(entries.error());
    const bool is_uncopied = std::ranges::any_of(*entries, [&](const auto& entry) {
        return entry.keeps_rows && entry.tables.contains(*name);
    });
    protocol::result<bool> done = false;
    words say;
    switch (what) {
    case api::table_verb::set_aside:
        done = store.ask(**target, *name);
        say = {"is already set aside", "will be set aside when the task is started next"};
        break;
    case api::table_verb::resume:
        done = store.resume(**target, *name);
        say = {"is not set aside",
               is_uncopied ? "is copied while the task runs, beside the rows that are there, and "
                             "catches up"
                           : "catches up while the task runs"};
        break;
    case api::table_verb::reload:
        done = store.reload(**target, *name, "an operator wants it copied anew");
        say = {"is being copied anew or catches up",
               "is copied anew while the task runs: at once where it is set aside, else when the "
               "task is started next"};
        break;
    }
    const bool keeps = task.conflict.policy == state::task_spec::existing_tables::ignore;
    if (!done) return std::unexpected(done.error());
    if (!*done)
        return protocol::fail(serve_errc::not_now,
                              fmt::format("{} {}", name->to_string(), say.refused));
    return fmt::format("{} {}{}", name->to_string(), say.done,
                       keeps && what == api::table_verb::reload
                           ? "; it is dropped on the target first, with the rows and columns that "
                             "only the target has"
                           : "");
}

} // namespace understudy::apps
