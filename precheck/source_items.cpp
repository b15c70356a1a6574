#include "precheck/items.hpp"

#include <algorithm>

namespace understudy::precheck {

namespace {

[[nodiscard]] item row_format(const source_seen& source) {
    const std::string format = variable(source.server.settings, "binlog_format");
    if (format == "ROW") return pass("source.row_format", severity::blocking, "row format", format);
    return {"source.row_format",
            severity::blocking,
            outcome::failed,
            "row format",
            "binlog_format = " + format,
            "statements give other results on the target than rows do",
            "SET GLOBAL binlog_format = 'ROW'; -- and in the option file; then let the "
            "application reconnect"};
}

[[nodiscard]] item row_image(const subject& about) {
    const std::string image = variable(about.source.server.settings, "binlog_row_image");
    const severity level = severity::warning;
    if (image == "FULL" || image.empty()) { // before 5.6.2 there is nothing but FULL
        return pass("source.row_image", level, "row images", "FULL");
    }
    return {"source.row_image",
            level,
            outcome::failed,
            "row images",
            "binlog_row_image = " + image,
            about.spec.initial.data
                ? "while an initial copy runs and is caught up with, a change of a table with more "
                  "than one unique key, or of a row's key, stops the task: that needs whole rows"
                : "changes say less of what was there before",
            "SET GLOBAL binlog_row_image = 'FULL'; -- and in the option file; then let the "
            "application reconnect"};
}

[[nodiscard]] item partial_json(const source_seen& source) {
    const std::string options = variable(source.server.settings, "binlog_row_value_options");
    if (!options.contains("PARTIAL_JSON")) {
        return pass("source.partial_json", severity::warning, "partial JSON updates", "off");
    }
    const std::string image = variable(source.server.settings, "binlog_row_image");
    if (image == "FULL") {
        return pass("source.partial_json", severity::warning, "partial JSON updates",
                    "on, with whole documents in the before images");
    }
    return {"source.partial_json",
            severity::warning,
            outcome::failed,
            "partial JSON updates",
            "binlog_row_value_options = " + options,
            "with binlog_row_image = " + image +
                " a partial update while an initial copy runs and is "
                "caught up with stops the task",
            "SET GLOBAL binlog_row_value_options = ''; -- then let the application reconnect"};
}

// With row events the filter looks at the database of each table, so whole databases are missing.
[[nodiscard]] item log_filters(const source_seen& source) {
    const auto listed = [](const std::vector<std::string>& list, const std::string& name) {
        return std::ranges::find(list, name) != list.end();
    };
    std::vector<std::string> unlogged;
    for (const std::string& database : source.databases) {
        if (listed(source.unlogged_databases, database) ||
            (!source.logged_databases.empty() && !listed(source.logged_databases, database))) {
            unlogged.push_back(database);
        }
    }
    if (unlogged.empty()) {
        return pass("source.log_filters", severity::blocking, "databases left out of the log",
                    "none");
    }
    return {
        "source.log_filters",
        severity::blocking,
        outcome::failed,
        "databases left out of the log",
        "binlog-do-db or binlog-ignore-db leaves out " + some_of(unlogged),
        "changes in these databases are not in the binary log",
        "Take binlog-do-db and binlog-ignore-db out of the source's option file and restart it."};
}

[[nodiscard]] std::string duration_text(std::uint64_t seconds) {
    return seconds % 3600 == 0 ? counted(seconds / 3600, "hour") : counted(seconds, "second");
}

[[nodiscard]] std::vector<item> retention(const source_seen& source) {
    constexpr std::uint64_t comfortable = 3600;
    const std::uint64_t kept = seconds_kept(source.server.settings);
    if (kept == 0) return {};
    if (kept >= comfortable) {
        return {
            pass("source.retention", severity::warning, "binary log kept", duration_text(kept))};
    }
    return {{"source.retention", severity::warning, outcome::failed, "binary log kept",
             duration_text(kept),
             "a pause of understudy longer than that makes a new initial copy necessary",
             source.server.is_mariadb ? "SET GLOBAL binlog_expire_logs_seconds = 86400; -- and in "
                                        "the option file"
                                      : "SET PERSIST binlog_expire_logs_seconds = 86400;"}};
}

} // namespace

item source_version_item(const source_seen& source) {
    const std::string id = "source.version";
    const std::string title = "server version";
    const std::string seen =
        (source.server.is_mariadb ? "MariaDB " : "MySQL ") + source.server.version;
    const std::uint32_t first = source.server.is_mariadb ? 101100 : 50600;
    const std::uint32_t behind_last = source.server.is_mariadb ? 110900 : 100000;
    const bool known =
        source.server.version_number >= first && source.server.version_number < behind_last;
    if (known) return pass(id, severity::blocking, title, seen);
    return {id,
            severity::blocking,
            outcome::failed,
            title,
            seen,
            "this version was never tried as a source",
            "Use a source of MySQL 5.6 to 9.x or of MariaDB 10.11 to 11.8."};
}

std::vector<item> source_log_items(const subject& about) {
    const source_seen& source = about.source;
    if (!is_on(source.server.settings, "log_bin")) {
        return {{"source.binary_log", severity::blocking, outcome::failed, "binary log", "off",
                 "without it there is nothing to replicate",
                 "log_bin = binlog, server_id = 1 under [mysqld] in the option file; restart"}};
    }
    std::vector<item> all{pass("source.binary_log", severity::blocking, "binary log", "on")};
    all.push_back(row_format(source));
    all.push_back(row_image(about));
    all.push_back(partial_json(source));
    all.push_back(log_filters(source));
    std::ranges::copy(retention(source), std::back_inserter(all));
    return all;
}

std::vector<item> identity_items(const subject& about) {
    const context& ours = about.known;
    std::vector<item> all;
    if (ours.server_id == 0) return all;
    const std::string seen = "server id " + std::to_string(ours.server_id);
    const std::string fix = "[replica] server_id = " + std::to_string(ours.server_id ^ 0x4000U) +
                            ", or any other number that no server uses";
    if (ours.server_id == about.source.server_id) {
        return {{"source.identity", severity::blocking, outcome::failed, "our server id",
                 seen + " is the source's own", "the source refuses a replica with its own id",
                 fix}};
    }
    const std::string uuid = ours.server_uuid.to_string();
    for (const source_seen::replica& other : about.source.replicas) {
        const bool same_id = other.server_id == ours.server_id;
        const bool same_uuid = other.uuid == uuid;
        const std::string who = "the replica " + other.uuid + " at the source";
        if (same_uuid && ours.shares_identity) continue;
        if (same_id && same_uuid) {
            // The dump of our last run, which the source has not noticed to be gone; it ends it
            // as soon as we ask for a new one. Two living tasks would end each other for ever.
            all.push_back({"source.identity", severity::warning, outcome::failed, "our server id",
                           seen + " with our UUID is connected already",
                           "harmless if it is the connection of our last run; if a copy of the "
                           "data directory is in use elsewhere, both will fail",
                           "Stop the other one, or wait until the source drops the old "
                           "connection."});
            return all;
        }
        if (same_id) {
            return {{"source.identity", severity::blocking, outcome::failed, "our server id",
                     seen + " belongs to " + who,
                     "the source takes two replicas with one id for one and drops the older", fix}};
        }
        if (same_uuid) {
            return {{"source.identity", severity::blocking, outcome::failed, "our server UUID",
                     "our UUID belongs to the replica with id " + std::to_string(other.server_id),
                     "the source takes two replicas with one UUID for one and drops the older",
                     "Delete identity.toml in the task's data directory: a new one is made."}};
        }
    }
    all.push_back(pass("source.identity", severity::blocking, "our server id", seen + ", free"));
    return all;
}

} // namespace understudy::precheck
