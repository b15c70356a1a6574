#include "apps/relay_command_line.hpp"

#include <string>

namespace understudy::apps {

namespace {

using verb = relay_command::verb;

constexpr const char* about_show = R"(Examples:
  understudy relay show /var/lib/understudy/shop --since -2h --table 'shop.orders'
  understudy relay show binlog.000042 --where 'id = 42 and before.status != after.status'
  understudy relay show binlog.000042 --gtid 3e11fa47-71ca-11e1-9e33-c80aa9429562:5-9 --sql
  understudy relay show shop --since '2026-02-03 12:00' --where 'id in (1, 2)' --undo > undo.sql
  mysqlbinlog --read-from-remote-server --raw -r - … | understudy relay show -

Conditions: =, !=, <, <=, >, >=, IN, BETWEEN, LIKE, IS [NOT] NULL, AND, OR, NOT, parentheses; columns by
name, `name` or number (@1); numbers, 'text', x'00ff'. They hold for a row if they do for its old or its
new values; before.x and after.x are one of them. Text compares by its bytes: letter case counts.
Times are UTC and those of the COMMIT, in whole seconds. Nothing that is looked at is locked or changed.)";

CLI::App* add_verb(CLI::App& relay, relay_command& into, verb what, const char* name,
                   const char* description) {
    CLI::App* added = relay.add_subcommand(name, description);
    added->footer("");
    added->callback([&into, what] { into.what = what; });
    return added;
}

void add_paths(CLI::App& to, relay_command& into) {
    to.add_option("PATH", into.paths,
                  "Directory of a task, its relay directory, a segment, a binary log file of MySQL "
                  "or MariaDB, or - for standard input; several are read one after the other")
        ->required()
        ->type_name("");
}

void add_threads(CLI::App& to, relay_command& into) {
    to.add_option("--threads", into.threads,
                  "How many threads read (standard input and --follow: one); 0: one for each core")
        ->capture_default_str()
        ->type_name("N")
        ->check(CLI::Range(0, 256));
}

void add_transactions(CLI::App& to, relay_command& into) {
    to.add_option("--since", into.since,
                  "Transactions from this time on: '2026-02-03 12:34:56', @1770000000, -2h, -1h30m")
        ->type_name("TIME");
    to.add_option("--until", into.until, "Transactions up to this time")->type_name("TIME");
    to.add_option("--gtid", into.gtids, "Transactions of this GTID set (MariaDB: 0-1-5..9,0-1-12)")
        ->type_name("GTIDS");
    to.add_option("--exclude-gtid", into.not_gtids, "Not these")->type_name("GTIDS");
    to.add_option("--start-position", into.start_position,
                  "Transactions that begin here or later: binlog.000003:157, or 157 in one file")
        ->type_name("POSITION");
    to.add_option("--stop-position", into.stop_position, "Transactions that begin before this")
        ->type_name("POSITION");
}

void add_ignore_case(CLI::App& to, relay_command& into) {
    to.add_flag("--ignore-case,-i", into.ignore_case,
                "Names of databases and tables without case, as a source with "
                "lower_case_table_names has them");
}

void add_changes(CLI::App& to, relay_command& into) {
    to.add_option("--table", into.tables,
                  "Changes of these tables: shop.orders, 'shop.*', '*.log_?'; may be repeated")
        ->type_name("PATTERN")
        ->delimiter(',');
    add_ignore_case(to, into);
    to.add_option("--kind", into.kinds,
                  "Changes of these kinds: insert, update, delete, ddl, "
                  "statement")
        ->type_name("KINDS")
        ->delimiter(',')
        ->check(CLI::IsMember({"insert", "update", "delete", "ddl", "statement"}));
    to.add_option("--where", into.where, "Rows whose values meet this condition")
        ->type_name("CONDITION");
    to.add_option("--min-bytes", into.bytes_min,
                  "Transactions of at least so many bytes in the log: 10MB")
        ->type_name("SIZE");
    to.add_option("--min-rows", into.rows_min, "Transactions that change at least so many rows")
        ->type_name("ROWS");
}

void add_looks(CLI::App& to, relay_command& into) {
    to.add_flag("--full", into.whole_values, "Do not shorten long values");
    to.add_flag("--no-pager", into.no_pager, "Do not start a pager ($PAGER, less) on a terminal");
}

void add_format(CLI::App& to, relay_command& into, const char* flag, relay_command::format how,
                const char* description) {
    to.add_flag_callback(flag, [&into, how] { into.how = how; }, description);
}

void add_show(CLI::App& relay, relay_command& into) {
    CLI::App* show = add_verb(relay, into, verb::show, "show",
                              "Show transactions and what they changed, filtered by time, GTID, "
                              "table, kind and row value");
    add_paths(*show, into);
    add_transactions(*show, into);
    add_changes(*show, into);
    add_format(*show, into, "--json", relay_command::format::json,
               "A JSON object in a line for each change");
    add_format(*show, into, "--sql", relay_command::format::sql, "SQL that does it again");
    add_format(*show, into, "--undo", relay_command::format::undo,
               "SQL that takes it back, the newest first");
    show->add_flag("--secrets", into.shows_secrets,
                   "Show passwords and their hashes in statements about accounts");
    show->add_flag("--follow,-f", into.follow, "Go on as the log grows, like tail -f");
    add_looks(*show, into);
    add_threads(*show, into);
    show->footer(about_show);
}

void add_history(CLI::App& relay, relay_command& into) {
    CLI::App* history = add_verb(relay, into, verb::history, "history",
                                 "Show the life of one row: every change, also of its key");
    history->add_option("DB.TABLE", into.table, "The table")->required()->type_name("");
    history
        ->add_option("KEY", into.key,
                     "Its key: 42; eu,42 in the order of the primary key; id=42 or @1=42 by column")
        ->required()
        ->type_name("");
    add_paths(*history, into);
    add_ignore_case(*history, into);
    add_transactions(*history, into);
    add_format(*history, into, "--json", relay_command::format::json,
               "A JSON object in a line for each change");
    add_looks(*history, into);
    add_threads(*history, into);
    history->footer("A row is followed when its key changes, in both directions. Standard input "
                    "cannot be read twice, so there it is only followed onwards.");
}

} // namespace

void add_relay_commands(CLI::App& program, relay_command& into) {
    CLI::App* relay = program.add_subcommand(
        "relay", "Look into relay logs and binary log files: what happened, when, to which row");
    relay->footer("Run `understudy relay show --help` for filters and conditions.");
    relay->require_subcommand(1);
    CLI::App* ls = add_verb(*relay, into, verb::ls, "ls",
                            "List segments (or files): positions, times, GTIDs, sizes, state");
    add_paths(*ls, into);
    add_format(*ls, into, "--json", relay_command::format::json,
               "A JSON object in a line for each");
    add_show(*relay, into);
    add_history(*relay, into);
    CLI::App* events = add_verb(*relay, into, verb::events, "events",
                                "Print every event: a line each, with row values; also those "
                                "within compressed transactions");
    add_paths(*events, into);
    events->add_flag("--follow,-f", into.follow, "Go on as the log grows");
    events->add_flag("--no-pager", into.no_pager, "Do not start a pager on a terminal");
    CLI::App* stat = add_verb(*relay, into, verb::stat, "stat",
                              "Count: tables, kinds, large and long transactions, rate over time, "
                              "gaps");
    add_paths(*stat, into);
    add_transactions(*stat, into);
    add_format(*stat, into, "--json", relay_command::format::json, "Print as JSON");
    add_threads(*stat, into);
    CLI::App* export_ = add_verb(*relay, into, verb::export_, "export",
                                 "Write transactions as a binary log file, byte for byte as the "
                                 "source sent them");
    add_paths(*export_, into);
    add_transactions(*export_, into);
    export_
        ->add_option("--output,-o", into.output,
                     "A file that does not exist yet, a directory (which gets a file for each of "
                     "the source's), or - for standard output")
        ->required()
        ->type_name("PATH");
    export_->footer("mysqlbinlog reads the result: understudy relay export shop --since -1h -o - | "
                    "mysqlbinlog - | mysql");
    CLI::App* verify = add_verb(*relay, into, verb::verify, "verify",
                                "Read everything and check it: checksums, framing, transaction "
                                "boundaries");
    add_paths(*verify, into);
    add_format(*verify, into, "--json", relay_command::format::json, "Print as JSON");
    add_threads(*verify, into);
    verify->footer("Exit codes: 0 all is good, 1 something is damaged, 2 bad usage.");
}

} // namespace understudy::apps
