#include "apps/command_line.hpp"

#include "apps/data_dir.hpp"
#include "apps/relay_command_line.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <sstream>
#include <unistd.h>

namespace understudy::apps {

namespace {

constexpr const char* about = "Understudy: replicates one MySQL server into another, as a replica "
                              "of the source that writes to the target.";

constexpr const char* footer = R"(Examples:
  understudy precheck shop.toml              would it run? what is missing?
  understudy run shop.toml                   copy what is there, then follow
  understudy run shop.toml --until caught-up the same, ending once the target is equal
  understudy status shop                     how far it is
  understudy relay ls /var/lib/understudy/shop
  understudy relay show --where 'id = 42' --table shop.orders /var/lib/understudy/shop

The task file is described in docs/configuration.md; the smallest one is two endpoints and what to include.
Exit codes: 0 good, 1 failed, 2 bad usage or a bad task file.)";

struct options {
    run_command run;
    precheck_command precheck;
    status_command status;
    stop_command stop;
    skip_command skip;
    relay_command relay;
    std::string data_dir;
    std::string until;
};

void add_data_dir(CLI::App& to, options& into) {
    to.add_option("--data-dir", into.data_dir,
                  "Where tasks keep their relay log and state (default: $UNDERSTUDY_DATA_DIR, else "
                  "/var/lib/understudy for "
                  "root and ~/.local/state/understudy for others)")
        ->type_name("DIR");
}

void add_run(CLI::App& program, options& into) {
    CLI::App* run = program.add_subcommand(
        "run", "Run a task in the foreground: precheck, initial copy, then follow the source");
    run->add_option("TASK.toml", into.run.task_file, "Task file")->required()->type_name("");
    run->add_option("--until", into.until,
                    "End with exit code 0 once the initial copy is done and all that the source "
                    "had executed when this command "
                    "began is committed on the target")
        ->type_name("caught-up")
        ->check([](const std::string& goal) {
            return goal == "caught-up" ? std::string() : "found " + goal + "; allowed is caught-up";
        });
    add_data_dir(*run, into);
    run->footer("SIGINT (Ctrl-C) or SIGTERM ends it at a transaction boundary; the next run goes "
                "on from there.");
}

void add_precheck(CLI::App& program, options& into) {
    CLI::App* precheck = program.add_subcommand(
        "precheck", "Look at both servers without changing anything: would the task run?");
    precheck->add_option("TASK.toml", into.precheck.task_file, "Task file")
        ->required()
        ->type_name("");
    precheck->add_flag("--json", into.precheck.json, "Print the report as JSON");
    precheck->footer(
        "Exit codes: 0 it would run, 1 a blocking item failed, 2 bad usage or a bad task file.");
}

void add_status(CLI::App& program, options& into) {
    CLI::App* status = program.add_subcommand("status", "Say how far tasks are");
    status->add_option("TASK", into.status.task, "Task name or task file; all tasks when left out")
        ->type_name("");
    status->add_flag("--json", into.status.json, "Print as JSON");
    add_data_dir(*status, into);
    status->footer("");
}

void add_stop(CLI::App& program, options& into) {
    CLI::App* stop =
        program.add_subcommand("stop", "Ask a running task to stop, and wait until it has");
    stop->add_option("TASK", into.stop.task,
                     "Task name or task file; the one that runs when left out")
        ->type_name("");
    add_data_dir(*stop, into);
    stop->footer("");
}

void add_skip(CLI::App& program, options& into) {
    CLI::App* skip = program.add_subcommand(
        "skip", "Leave out the statement that stopped a task, or give another in its place");
    skip->add_option("TASK.toml", into.skip.task_file, "Task file")->required()->type_name("");
    skip->add_option("--at", into.skip.at,
                     "The transaction of the source that the statement is in, as the task's "
                     "message names it: a GTID, or file:offset where the source has none")
        ->required()
        ->type_name("PLACE");
    skip->add_option("--replacement", into.skip.replacement,
                     "A file with one statement that the target executes instead, as it is")
        ->type_name("FILE.sql");
    skip->footer("It takes effect at the task's next start. What a transaction changes in rows is "
                 "never left out.");
}

say_and_exit complaint(const std::string& text) {
    return {.code = exit_usage, .text = "understudy: " + text + "\n"};
}

command chosen(const CLI::App& program, options& from) {
    std::filesystem::path data_dir = from.data_dir;
    const bool needs_data_dir = program.got_subcommand("run") || program.got_subcommand("status") ||
                                program.got_subcommand("stop");
    if (needs_data_dir && data_dir.empty()) {
        const auto found = default_data_dir(
            [](const char* name) -> const char* { return std::getenv(name); }, ::geteuid() == 0);
        if (!found)
            return complaint("there is no home directory to keep tasks in; give --data-dir or "
                             "UNDERSTUDY_DATA_DIR");
        data_dir = *found;
    }
    from.run.data_dir = data_dir;
    from.status.data_dir = data_dir;
    from.stop.data_dir = data_dir;
    from.run.until_caught_up = !from.until.empty();
    if (program.got_subcommand("run")) return from.run;
    if (program.got_subcommand("precheck")) return from.precheck;
    if (program.got_subcommand("status")) return from.status;
    if (program.got_subcommand("stop")) return from.stop;
    if (program.got_subcommand("skip")) return from.skip;
    return from.relay;
}

} // namespace

// The library reports help, version and mistakes by exception; the border of that is here.
command parse_command_line(int argc, const char* const* argv) {
    options into;
    CLI::App program(about, "understudy");
    program.set_version_flag("--version", "understudy " UNDERSTUDY_VERSION);
    program.set_help_flag("-h,--help", "Print this help and end");
    program.footer(footer);
    program.require_subcommand(1);
    program.get_formatter()->column_width(28);
    add_run(program, into);
    add_precheck(program, into);
    add_status(program, into);
    add_stop(program, into);
    add_skip(program, into);
    add_relay_commands(program, into.relay);
    try {
        program.parse(argc, argv);
        return chosen(program, into);
    } catch (const CLI::ParseError& ended) {
        std::ostringstream out;
        std::ostringstream mistakes;
        if (program.exit(ended, out, mistakes) == 0)
            return say_and_exit{.code = exit_good, .text = out.str()};
        return complaint(std::string(ended.what()) +
                         "\nRun `understudy --help` for what there is.");
    }
}

} // namespace understudy::apps
