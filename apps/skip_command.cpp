#include "applier/statement_decision.hpp"
#include "apps/commands.hpp"
#include "state/durable_file.hpp"
#include "state/task_file.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace understudy::apps {

namespace {

using applier::statement_decision;

constexpr std::string_view blanks = " \t\r\n;";

int refuse(const std::string& text) {
    fmt::print(stderr, "understudy: {}\n", text);
    return exit_usage;
}

protocol::result<statement_decision> decide(const std::filesystem::path& file) {
    if (file.empty()) return statement_decision{};
    auto text = state::read_whole(file);
    if (!text) return std::unexpected(text.error());
    const auto last = text->find_last_not_of(blanks);
    return statement_decision{statement_decision::verdict::replace,
                              last == std::string::npos ? "" : text->substr(0, last + 1)};
}

protocol::result<void> save(const state::task_spec& task, const std::string& place,
                            const statement_decision& decision) {
    auto target = applier::target_session::connect(task.target, {});
    if (!target) return std::unexpected(target.error());
    const applier::decision_store store(task.apply.meta_database, task.name);
    return store.save(**target, place, decision);
}

} // namespace

int execute(const skip_command& what) {
    const auto task = state::read_task_file(what.task_file);
    if (!task) return refuse(task.error().what);
    const auto place = applier::parse_decision_place(what.at);
    if (!place)
        return refuse(fmt::format(
            "--at: found {}; it is a GTID (uuid:number, or MariaDB's "
            "domain-server-number) or file:offset, as the task's message names the transaction",
            what.at));
    const auto decision = decide(what.replacement);
    if (!decision) return refuse(decision.error().what);
    const bool replaces = decision->what == statement_decision::verdict::replace;
    if (replaces && decision->replacement.empty())
        return refuse(what.replacement.string() + " is empty; without --replacement the statement "
                                                  "is left out");
    if (const auto saved = save(task->spec, *place, *decision); !saved) {
        fmt::print(stderr, "understudy: {}\n", saved.error().what);
        return exit_failed;
    }
    fmt::print("{}: the statement of transaction {} {} when the task is started next\n",
               task->spec.name, *place,
               replaces ? "will be replaced by that of " + what.replacement.string()
                        : "will be left out");
    return exit_good;
}

} // namespace understudy::apps
