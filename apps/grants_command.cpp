#include "apps/commands.hpp"
#include "precheck/owner_sql.hpp"
#include "state/object_selection.hpp"
#include "state/task_file.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace understudy::apps {

int execute(const grants_command& what) {
    const auto file = state::read_task_file(what.task_file);
    if (!file) {
        fmt::print(stderr, "{}\n", file.error().what);
        return exit_usage;
    }
    const auto selection = state::object_selection::make(file->spec);
    if (!selection) {
        fmt::print(stderr, "{}: {}\n", what.task_file.string(), selection.error().what);
        return exit_usage;
    }
    const auto source = precheck::assumed_server::parse(what.source_version);
    const auto target = precheck::assumed_server::parse(what.target_version);
    if (!source || !target) return exit_usage; // the command line has checked them
    const precheck::owner_sql_options options{*source, *target, what.account_host};
    if (what.side != "target")
        fmt::print("{}", precheck::source_owner_sql(file->spec, *selection, options));
    if (what.side.empty()) fmt::print("\n");
    if (what.side != "source")
        fmt::print("{}", precheck::target_owner_sql(file->spec, *selection, options));
    return exit_good;
}

} // namespace understudy::apps
