// Room for our sessions, clocks, what the servers are in the middle of, what the target lacks.

#include "applier/lane.hpp"
#include "precheck/items.hpp"
#include "state/shadow_table.hpp"

#include <algorithm>
#include <cstdlib>

namespace understudy::precheck {

namespace {

[[nodiscard]] item replica_updates(const source_seen& source) {
    const std::string id = "source.replica_updates";
    const std::string title = "what the source replicates itself";
    if (!source.is_replica) return pass(id, severity::blocking, title, "nothing");
    const auto& settings = source.server.settings;
    if (is_on(settings, "log_replica_updates") || is_on(settings, "log_slave_updates"))
        return pass(id, severity::blocking, title, "goes to its binary log");
    return {id,
            severity::blocking,
            outcome::failed,
            title,
            "is not in its binary log (log_slave_updates = OFF)",
            "the source is a replica: changes that reach it by replication would be missing on the "
            "target",
            "log_slave_updates = ON under [mysqld] in the option file; restart. Or follow the "
            "source's own source. If it is no replica any more: RESET REPLICA ALL;"};
}

// Ours, and a few for those who mend things.
constexpr std::uint64_t spare_connections = 3;

[[nodiscard]] std::vector<item> connections(std::string_view side, const server_seen& server,
                                            std::uint64_t ours) {
    const std::string id = std::string(side) + ".connections";
    const std::string title = "room for connections";
    const std::uint64_t allowed = number(server.settings, "max_connections");
    const std::uint64_t for_us = number(server.settings, "max_user_connections");
    if (allowed == 0 || !server.connections) return {};
    const std::string seen = std::to_string(*server.connections) + " of " +
                             std::to_string(allowed) + ", ours will be up to " +
                             std::to_string(ours);
    const bool room = *server.connections + ours + spare_connections <= allowed;
    if (room && (for_us == 0 || ours <= for_us)) return {pass(id, severity::warning, title, seen)};
    return {{id, severity::warning, outcome::failed, title,
             seen + (for_us == 0 ? "" : ", max_user_connections = " + std::to_string(for_us)),
             "a session that is refused is tried again, and the copy or the stream waits",
             "SET GLOBAL max_connections = " +
                 std::to_string(std::max(allowed, *server.connections + ours) + 20) +
                 "; or fewer of initial.connections and apply.workers"}};
}

[[nodiscard]] std::vector<item> clock(std::string_view side, const server_seen& server) {
    constexpr std::int64_t noticeable_seconds = 5;
    if (!server.clock_offset) return {};
    const std::string id = std::string(side) + ".clock";
    const std::string title = "clock";
    const std::int64_t offset = *server.clock_offset;
    if (std::abs(offset) <= noticeable_seconds)
        return {pass(id, severity::warning, title, "as here")};
    return {{id, severity::warning, outcome::failed, title,
             counted(static_cast<std::size_t>(std::abs(offset)), "second") +
                 (offset > 0 ? " ahead of ours" : " behind ours"),
             "the delay that is shown has the source's offset taken out, but times in logs and "
             "records do not agree",
             "Let all three machines follow NTP."}};
}

[[nodiscard]] std::vector<item> transactions(const source_seen& source) {
    constexpr std::uint64_t long_seconds = 60;
    const std::string id = "source.long_transactions";
    const std::string title = "oldest transaction";
    if (!source.server.granted || !source.server.granted->on_server("PROCESS")) return {};
    const std::uint64_t oldest = source.oldest_transaction.value_or(0);
    if (oldest < long_seconds)
        return {pass(id, severity::warning, title, counted(oldest, "second"))};
    return {{id, severity::warning, outcome::failed, title, counted(oldest, "second"),
             "what it writes comes at its commit, at once; a table lock of the initial copy, where "
             "one is needed, waits for it",
             "SELECT trx_mysql_thread_id, trx_started, trx_query FROM "
             "information_schema.innodb_trx ORDER BY trx_started; -- then wait, or KILL it"}};
}

[[nodiscard]] item checksum(const source_seen& source) {
    const std::string id = "source.checksum";
    const std::string title = "checksums of events";
    const std::string kind = variable(source.server.settings, "binlog_checksum");
    if (kind != "NONE") return pass(id, severity::warning, title, kind.empty() ? "on" : kind);
    return {id,
            severity::warning,
            outcome::failed,
            title,
            "binlog_checksum = NONE",
            "an event that was damaged on the source or on its way is not noticed",
            "SET GLOBAL binlog_checksum = CRC32;"};
}

[[nodiscard]] item parents(const subject& about) {
    std::vector<std::string> left_out;
    for (const table_fact& table : about.source.tables) {
        for (const state::object_name& parent : table.parents) {
            if (!about.selection.selects(parent.database, parent.object))
                left_out.push_back(table.name.to_string() + " refers to " + parent.to_string());
        }
    }
    return expect_none("source.foreign_key_parents", severity::warning,
                       "foreign keys to tables left out", left_out,
                       "the target accepts a row only where it has the row that is referred to",
                       "Select these tables too, or drop the keys on the target.");
}

[[nodiscard]] item schema_changes(const source_seen& source) {
    std::vector<std::string> shadows;
    for (const table_fact& table : source.tables) {
        if (state::shadow_table::parse(table.name.object))
            shadows.push_back(table.name.to_string());
    }
    return expect_none(
        "source.schema_changes", severity::warning, "online schema changes under way", shadows,
        "the names are those of gh-ost's and pt-online-schema-change's tables: they are copied "
        "and followed like any other, at twice the cost",
        "Wait for the change to end, or drop what an earlier one has left.");
}

[[nodiscard]] item collations(const source_seen& source, const target_seen& target) {
    const std::string id = "target.collations";
    const std::string title = "collations of the selected columns";
    std::vector<std::string> absent;
    for (const auto& [name, where] : source.collations) {
        if (!target.collations.contains(name)) absent.push_back(name + " (" + where + ")");
    }
    if (absent.empty()) return pass(id, severity::blocking, title, "all there");
    return {id,
            severity::blocking,
            outcome::failed,
            title,
            "not on the target: " + some_of(absent),
            "a table with such a column cannot be made there",
            "ALTER TABLE … CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; on the "
            "source, or another target"};
}

// Statements of the log are executed in the time zone of the session that sent them.
[[nodiscard]] item time_zone(const source_seen& source, const target_seen& target) {
    const std::string id = "target.time_zone";
    const std::string title = "time zones by name";
    const std::string zone = variable(source.server.settings, "time_zone");
    const bool named = !zone.empty() && zone != "SYSTEM" && zone[0] != '+' && zone[0] != '-';
    if (!named || target.knows_time_zones)
        return pass(id, severity::warning, title, named ? zone + ", known" : "not used");
    return {id,
            severity::warning,
            outcome::failed,
            title,
            "the target does not know " + zone + ", which the source uses",
            "a definition that is changed in a session with that zone stops the task (error 1298)",
            "mysql_tzinfo_to_sql /usr/share/zoneinfo | mysql -u root mysql -- on the target"};
}

// What is known to make applying slow; there is no number at which a server is too busy.
[[nodiscard]] std::vector<item> load(const target_seen& target) {
    constexpr std::uint64_t many_threads = 50;
    constexpr std::uint64_t long_history = 1'000'000;
    if (!target.threads_running) return {};
    const std::uint64_t history = target.history_length.value_or(0);
    const std::string id = "target.load";
    const std::string title = "how busy the target is";
    std::string seen = counted(*target.threads_running, "thread") + " running";
    if (target.history_length)
        seen += ", undo of " + counted(history, "transaction") + " not purged";
    if (*target.threads_running < many_threads && history < long_history)
        return {pass(id, severity::warning, title, seen)};
    return {{id, severity::warning, outcome::failed, title, seen,
             "the copy and the stream compete with what runs there; undo that is not purged, for "
             "an old transaction mostly, slows every read",
             "SELECT * FROM information_schema.innodb_trx ORDER BY trx_started; -- end what is "
             "old, or set initial.threads_running_max and apply.throttle.threads_running_max"}};
}

[[nodiscard]] item binary_log(const subject& about, const target_seen& target) {
    const bool on = is_on(target.server.settings, "log_bin");
    const bool copied = about.spec.initial.binlog || !about.spec.initial.data;
    return pass("target.binary_log", severity::info, "binary log",
                !on      ? "off: what is applied cannot be replicated further"
                : copied ? "on: what is applied goes on to the target's replicas"
                         : "on, without the rows of the initial copy (initial.binlog = false)");
}

[[nodiscard]] item load_data(const target_seen& target) {
    return pass("target.load_data", severity::info, "rows are copied by",
                is_on(target.server.settings, "local_infile")
                    ? "LOAD DATA"
                    : "INSERT (with SET GLOBAL local_infile = ON; by LOAD DATA, which is faster)");
}

} // namespace

std::vector<item> source_health_items(const subject& about) {
    const source_seen& source = about.source;
    constexpr std::uint64_t beside_copy = 3; // the dump, the watcher, and one that asks
    std::vector<item> all{replica_updates(source), checksum(source)};
    const auto add = [&all](std::vector<item> more) {
        std::ranges::move(more, std::back_inserter(all));
    };
    add(connections("source", source.server, about.spec.initial.connections + beside_copy));
    add(clock("source", source.server));
    add(transactions(source));
    if (!source.tables.empty()) {
        all.push_back(parents(about));
        if (about.known.first_start && about.spec.initial.schema)
            all.push_back(view_tables_item(about));
        all.push_back(schema_changes(source));
    }
    return all;
}

std::vector<item> target_health_items(const subject& about, const target_seen& target) {
    constexpr std::uint64_t beside_workers = 4; // stream, catch-up, load, and one that asks
    const std::uint64_t workers =
        about.spec.apply.workers == 0 ? applier::lane_count_max : about.spec.apply.workers;
    // Those that copy rows, and those that make keys beside and behind them.
    const std::uint64_t copiers = std::uint64_t{2} * about.spec.initial.connections + 1;
    std::vector<item> all =
        connections("target", target.server, std::max(workers, copiers) + beside_workers);
    std::ranges::move(clock("target", target.server), std::back_inserter(all));
    // A target that is MariaDB's own dialect of names is looked at by its own item.
    if (about.known.first_start && about.spec.initial.schema && !target.collations.empty() &&
        !about.source.server.is_mariadb)
        all.push_back(collations(about.source, target));
    all.push_back(time_zone(about.source, target));
    std::ranges::move(load(target), std::back_inserter(all));
    all.push_back(binary_log(about, target));
    if (about.known.first_start && about.spec.initial.data) all.push_back(load_data(target));
    return all;
}

} // namespace understudy::precheck
