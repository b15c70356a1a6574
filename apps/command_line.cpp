#include "apps/command_line.hpp"

#include "apps/data_dir.hpp"
#include "apps/relay_command_line.hpp"
#include "apps/run_goal.hpp"
#include "precheck/owner_sql.hpp"
#include "state/quantity.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <sstream>
#include <unistd.h>

namespace understudy::apps {

namespace {

constexpr const char* about = "Understudy: replicates one MySQL server into another, as a replica "
                              "of the source that writes to the target.";

constexpr const char* footer = R"(Examples:
  understudy precheck shop.toml              would it run? what is missing?
  understudy grants shop.toml                the rights its accounts need, as SQL for the owners
  understudy run shop.toml                   copy what is there, then follow
  understudy run shop.toml --until caught-up the same, ending once the target is equal
  understudy serve                           run many tasks as a daemon
  understudy start shop.toml                 have the daemon run this one
  understudy status shop                     how far it is
  understudy relay ls /var/lib/understudy/shop
  understudy relay show --where 'id = 42' --table shop.orders /var/lib/understudy/shop

The task file is described in docs/configuration.md; the smallest one is two endpoints and what to include.
Exit codes: 0 good, 1 failed, 2 bad usage or a bad task file.)";

struct options {
    run_command run;
    precheck_command precheck;
    grants_command grants;
    status_command status;
    skip_command skip;
    serve_command serve;
    task_command task;
    table_command table;
    relay_command relay;
    std::string data_dir;
};

void add_data_dir(CLI::App& to, options& into) {
    to.add_option("--data-dir", into.data_dir,
                  "Where tasks keep their relay log and state (default: $UNDERSTUDY_DATA_DIR, else "
                  "/var/lib/understudy for "
                  "root and ~/.local/state/understudy for others)")
        ->type_name("DIR");
}

void add_until(CLI::App& to, std::string& into) {
    to.add_option("--until", into,
                  "End by itself, with success, once this is committed on the target: caught-up "
                  "(all that the source had executed when this command began), gtid:SET, or "
                  "time:2026-02-03T12:34:56Z (all that the source had executed then)")
        ->type_name("GOAL")
        ->check([](const std::string& goal) {
            const auto parsed = parse_run_goal(goal);
            return parsed ? std::string() : parsed.error().what;
        });
}

void add_run(CLI::App& program, options& into) {
    CLI::App* run = program.add_subcommand(
        "run", "Run a task in the foreground: precheck, initial copy, then follow the source");
    run->add_option("TASK.toml", into.run.task_file, "Task file")->required()->type_name("");
    add_until(*run, into.run.until);
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

void add_grants(CLI::App& program, options& into) {
    CLI::App* grants = program.add_subcommand(
        "grants",
        "Print what the owners of source and target execute for a task: least privileges");
    grants->add_option("TASK.toml", into.grants.task_file, "Task file")->required()->type_name("");
    grants->add_option("--side", into.grants.side, "source or target; both when left out")
        ->check(CLI::IsMember({"source", "target"}))
        ->type_name("SIDE");
    grants
        ->add_option("--account-host", into.grants.account_host,
                     "From where the accounts sign in, as in 'user'@'HOST'")
        ->default_val("%")
        ->type_name("HOST");
    const auto is_version = [](const std::string& text) {
        return precheck::assumed_server::parse(text)
                   ? std::string()
                   : text + " is no version; write 5.6, 8.0, 9.7 or mariadb-10.11";
    };
    grants->add_option("--source-version", into.grants.source_version, "What the source is")
        ->default_val("9.7")
        ->check(is_version)
        ->type_name("VERSION");
    grants->add_option("--target-version", into.grants.target_version, "What the target is")
        ->default_val("9.7")
        ->check(is_version)
        ->type_name("VERSION");
    grants->footer("Neither server is asked. The statements have no passwords in them.");
}

void add_status(CLI::App& program, options& into) {
    CLI::App* status = program.add_subcommand("status", "Say how far tasks are");
    status->add_option("TASK", into.status.task, "Task name or task file; all tasks when left out")
        ->type_name("");
    status->add_flag("--json", into.status.json, "Print as JSON");
    add_data_dir(*status, into);
    status->footer("");
}

CLI::App* add_task_verb(CLI::App& program, options& into, task_command::verb what, const char* name,
                        const char* about_verb, const char* about_task, bool needed = true) {
    CLI::App* added = program.add_subcommand(name, about_verb);
    auto* task = added->add_option("TASK", into.task.task, about_task)->type_name("");
    if (needed) task->required();
    added->add_flag("--json", into.task.json, "Print the task as JSON");
    add_data_dir(*added, into);
    added->callback([&into, what] { into.task.what = what; });
    added->footer("");
    return added;
}

void add_task_verbs(CLI::App& program, options& into) {
    using verb = task_command::verb;
    constexpr const char* name = "Task name or task file";
    CLI::App* start =
        add_task_verb(program, into, verb::start, "start", "Have the daemon run a task",
                      "Task file (the daemon takes it over, also when it has changed), or the name "
                      "of a task it has");
    add_until(*start, into.task.until);
    add_task_verb(program, into, verb::pause, "pause",
                  "Have the daemon hold a task at a transaction boundary, and wait until it has",
                  name);
    CLI::App* resume =
        add_task_verb(program, into, verb::resume, "resume",
                      "Have the daemon go on with a task that is paused or failed", name);
    add_until(*resume, into.task.until);
    resume
        ->add_option("--table", into.table.table,
                     "Not the task but a table of it that was set aside and is mended: it catches "
                     "up while the task runs, and joins it. Works without a daemon, too")
        ->type_name("DB.TABLE");
    add_task_verb(program, into, verb::stop, "stop",
                  "Ask a running task to stop, and wait until it has",
                  "Task name or task file; the one that runs when left out", false);
    CLI::App* remove =
        add_task_verb(program, into, verb::remove, "remove",
                      "Have the daemon forget a task that rests, with its relay log", name);
    remove->add_flag("--traces", into.task.traces,
                     "Also remove what the task keeps on the target beside the data: checkpoint, "
                     "journal, progress. Copied tables stay");
}

void add_serve(CLI::App& program, options& into) {
    CLI::App* serve = program.add_subcommand(
        "serve", "Run many tasks as a daemon, with an HTTP API, a console and metrics");
    auto& to = into.serve;
    add_data_dir(*serve, into);
    serve->add_option("--listen", to.listen, "Where the API listens (default: 127.0.0.1:8470)")
        ->type_name("ADDRESS:PORT");
    serve->add_option("--tls-cert", to.tls_cert, "Certificate of the API, with its chain (PEM)")
        ->type_name("FILE");
    serve->add_option("--tls-key", to.tls_key, "Its key (PEM)")->type_name("FILE");
    serve->add_option("--tokens", to.tokens, "Who may use the API: lines of ROLE NAME TOKEN")
        ->type_name("FILE");
    serve
        ->add_option("--host-name", to.host_names,
                     "A name under which the API is reached; may be repeated")
        ->type_name("NAME");
    serve->add_option("--webhook", to.webhook, "Is told of each change of a task's state (POST)")
        ->type_name("URL");
    serve->add_option("--webhook-token", to.webhook_token, "A file with the token for it")
        ->type_name("FILE");
    serve
        ->add_option_function<std::string>(
            "--log-format", [&to](const std::string& format) { to.json_log = format == "json"; },
            "text (default) or json: a line each on standard error")
        ->type_name("FORMAT")
        ->check(CLI::IsMember({"text", "json"}));
    serve->add_option("--tasks-max", to.limits.tasks, "Tasks that may run (default: 200)")
        ->type_name("COUNT");
    serve
        ->add_option("--connections-max", to.limits.connections,
                     "Connections that running tasks may have together (default: no limit)")
        ->type_name("COUNT");
    const auto size = [serve](const char* option, std::uint64_t& limit, const char* what) {
        serve
            ->add_option_function<std::string>(
                option,
                [&limit](const std::string& text) {
                    limit = state::parse_byte_size(text).value_or(0);
                },
                what)
            ->type_name("SIZE")
            ->check([](const std::string& text) {
                return state::parse_byte_size(text) ? std::string() : "needed is a size like 2GiB";
            });
    };
    size("--memory-max", to.limits.memory_bytes,
         "Memory that running tasks may use together (default: no limit)");
    size("--relay-max", to.limits.relay_bytes,
         "Size that their relay logs may have together (default: no limit)");
    serve->footer("SIGTERM ends it cleanly; the next one goes on with the tasks that ran. SIGHUP "
                  "reads tokens and certificate anew and tries failed tasks again.");
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

void add_table_verb(CLI::App& program, options& into, const char* name, const char* what,
                    const char* note) {
    CLI::App* added = program.add_subcommand(name, what);
    added->add_option("TASK", into.table.task, "Task file, or name of a daemon's task")
        ->required()
        ->type_name("");
    added->add_option("--table", into.table.table, "The table, as the source calls it")
        ->required()
        ->type_name("DB.TABLE");
    add_data_dir(*added, into);
    added->footer(note);
}

void add_table_verbs(CLI::App& program, options& into) {
    add_table_verb(program, into, "quarantine",
                   "Set aside a table of a task that has stopped, so that the rest can go on",
                   "It takes effect at the task's next start. The table's changes wait in the "
                   "relay log until `understudy resume TASK --table DB.TABLE`.");
    add_table_verb(program, into, "reload",
                   "Copy a table of a task anew while everything else goes on",
                   "The table, and those that foreign keys link with it, are set aside, dropped on "
                   "the target, copied and caught up with. A running task does it within a second "
                   "where the table is set aside already, else when it is started next.");
}

say_and_exit complaint(const std::string& text) {
    return {.code = exit_usage, .text = "understudy: " + text + "\n"};
}

constexpr auto task_verbs =
    std::to_array<const char*>({"start", "pause", "resume", "stop", "remove"});

command chosen(const CLI::App& program, options& from) {
    const auto got_any = [&program](const auto& names) {
        return std::ranges::any_of(
            names, [&program](const char* name) { return program.got_subcommand(name); });
    };
    std::filesystem::path data_dir = from.data_dir;
    const bool needs_data_dir =
        got_any(task_verbs) ||
        got_any(std::to_array<const char*>({"run", "status", "serve", "quarantine", "reload"}));
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
    from.serve.data_dir = data_dir;
    from.task.data_dir = data_dir;
    from.table.data_dir = data_dir;
    if (program.got_subcommand("run")) return from.run;
    if (program.got_subcommand("precheck")) return from.precheck;
    if (program.got_subcommand("grants")) return from.grants;
    if (program.got_subcommand("status")) return from.status;
    if (program.got_subcommand("skip")) return from.skip;
    if (program.got_subcommand("serve")) return from.serve;
    if (program.got_subcommand("quarantine")) return from.table;
    if (program.got_subcommand("reload")) {
        from.table.wish = api::table_verb::reload;
        return from.table;
    }
    if (program.got_subcommand("resume") && !from.table.table.empty()) {
        from.table.task = from.task.task;
        from.table.wish = api::table_verb::resume;
        return from.table;
    }
    if (got_any(task_verbs)) return from.task;
    return from.relay;
}

void add_everything(CLI::App& program, options& into) {
    program.set_version_flag("--version", "understudy " UNDERSTUDY_VERSION);
    program.set_help_flag("-h,--help", "Print this help and end");
    program.footer(footer);
    program.require_subcommand(1);
    program.get_formatter()->column_width(28);
    add_run(program, into);
    add_precheck(program, into);
    add_grants(program, into);
    add_status(program, into);
    add_skip(program, into);
    add_table_verbs(program, into);
    add_serve(program, into);
    add_task_verbs(program, into);
    add_relay_commands(program, into.relay);
}

} // namespace

void describe_command_line(const std::function<void(const CLI::App&)>& visit) {
    options into;
    CLI::App program(about, "understudy");
    add_everything(program, into);
    visit(program);
}

// The library reports help, version and mistakes by exception; the border of that is here.
command parse_command_line(int argc, const char* const* argv) {
    options into;
    CLI::App program(about, "understudy");
    add_everything(program, into);
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
