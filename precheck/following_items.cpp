// What keeps a stream from going on, or the log from having all that is done on the source.

#include "precheck/items.hpp"

namespace understudy::precheck {

namespace {

// A task that has begun goes on as it began.
[[nodiscard]] std::vector<item> gtids(const subject& about) {
    const source_seen& source = about.source;
    if (!about.known.first_start) return {};
    const bool several = !about.spec.source_hosts.empty();
    const std::string id = "source.gtid_mode";
    const std::string title = "GTIDs";
    const severity level = several ? severity::blocking : severity::warning;
    if (source.gtid_mode_on) return {pass(id, level, title, "on")};
    const char* const name = source.server.is_mariadb ? "gtid_strict_mode" : "gtid_mode";
    return {{id, level, outcome::failed, title,
             std::string(name) + " = " + variable(source.server.settings, name),
             several ? "source.hosts names several servers, and a file and position of one mean "
                       "nothing on another"
                     : "the task will go by file and position: it can never follow another server "
                       "that takes this one's place, and selected tables are locked for a moment "
                       "at its start",
             source.server.is_mariadb
                 ? "SET GLOBAL gtid_strict_mode = ON; -- and in the option file"
                 : "SET PERSIST enforce_gtid_consistency = ON; SET PERSIST gtid_mode = ON; -- step "
                   "by step, see the manual, \"Enabling GTID Transactions Online\""}};
}

[[nodiscard]] std::vector<item> semi_sync(const subject& about) {
    if (!about.spec.semi_sync) return {};
    const variables& settings = about.source.server.settings;
    const std::string id = "source.semi_sync";
    const std::string title = "semi-synchronous replication";
    for (const std::string name : {"rpl_semi_sync_source", "rpl_semi_sync_master"}) {
        if (!is_on(settings, name + "_enabled")) continue;
        return {
            pass(id, severity::warning, title,
                 "on, a commit waits " + variable(settings, name + "_timeout") + " ms at most")};
    }
    const bool installed = settings.contains("rpl_semi_sync_source_enabled") ||
                           settings.contains("rpl_semi_sync_master_enabled");
    constexpr std::uint32_t renamed_in = 80026;
    const bool renamed =
        !about.source.server.is_mariadb && about.source.server.version_number >= renamed_in;
    const std::string word = renamed ? "source" : "master";
    const std::string install =
        "INSTALL PLUGIN rpl_semi_sync_" + word + " SONAME 'semisync_" + word + ".so'; ";
    return {{id, severity::warning, outcome::failed, title,
             installed ? "off" : "the plugin is not installed",
             "source.semi_sync asks for it; as it is, a commit on the source waits for nobody, and "
             "the last ones can be lost with it",
             (installed ? "" : install) + "SET GLOBAL rpl_semi_sync_" + word + "_enabled = ON;"}};
}

[[nodiscard]] std::vector<item> sessions(const source_seen& source) {
    if (!source.odd_sessions) return {};
    std::vector<std::string> found;
    for (const auto& [setting, count] : *source.odd_sessions)
        found.push_back(counted(count, "session") + " with " + setting);
    return {expect_none(
        "source.sessions", severity::warning, "sessions that log otherwise", found,
        "what they change is not in the log (sql_log_bin), or stops the task when it is no rows",
        "SELECT t.processlist_id, t.processlist_user, v.variable_name, v.variable_value FROM "
        "performance_schema.variables_by_thread v JOIN performance_schema.threads t USING "
        "(thread_id) WHERE (v.variable_name, v.variable_value) IN (('binlog_format', 'MIXED'), "
        "('binlog_format', 'STATEMENT'), ('sql_log_bin', 'OFF'), ('binlog_row_image', 'MINIMAL'), "
        "('binlog_row_image', 'NOBLOB')); -- let these reconnect, or KILL them")};
}

// The copy waits for them; what they wrote can be read only when they are committed.
[[nodiscard]] std::vector<item> prepared(const subject& about) {
    const auto count = about.source.prepared_transactions;
    if (!count || !about.known.first_start || !about.spec.initial.data) return {};
    const std::string id = "source.prepared_transactions";
    const std::string title = "prepared XA transactions";
    if (*count == 0) return {pass(id, severity::warning, title, "none")};
    return {{id, severity::warning, outcome::failed, title, std::to_string(*count),
             "the initial copy cannot begin before they have ended: what they wrote cannot be read",
             "XA RECOVER CONVERT XID; -- then XA COMMIT or XA ROLLBACK each of them"}};
}

[[nodiscard]] std::vector<item> lag(const source_seen& source) {
    constexpr std::uint64_t noticeable_seconds = 60;
    if (!source.is_replica || (source.replica_applies && !source.replica_lag)) return {};
    const std::string id = "source.replica_lag";
    const std::string title = "how far the source is behind";
    const std::uint64_t behind = source.replica_lag.value_or(0);
    if (source.replica_applies && behind < noticeable_seconds)
        return {pass(id, severity::warning, title, counted(behind, "second"))};
    return {{id, severity::warning, outcome::failed, title,
             source.replica_applies ? counted(behind, "second")
                                    : "what it receives is not being applied",
             "the source is a replica: what it has not applied is not on the target either, and "
             "the delay that is shown does not have it in",
             source.server.version_number >= 80022
                 ? "SHOW REPLICA STATUS; -- then START REPLICA, or follow the source's own source"
                 : "SHOW SLAVE STATUS; -- then START SLAVE, or follow the source's own source"}};
}

[[nodiscard]] std::vector<item> skipped_errors(const source_seen& source) {
    if (!source.is_replica) return {};
    const variables& settings = source.server.settings;
    const std::string id = "source.skipped_errors";
    const std::string title = "errors that the source passes over";
    const std::string list = variable(settings, "slave_skip_errors");
    if (list.empty() || list == "OFF") return {pass(id, severity::warning, title, "none")};
    return {{id, severity::warning, outcome::failed, title, "slave_skip_errors = " + list,
             "a replica that passes over errors differs from its source, and so will the target",
             "Take slave_skip_errors (replica_skip_errors) out of the source's option file and "
             "restart it, or follow the source's own source."}};
}

} // namespace

std::vector<item> following_items(const subject& about) {
    std::vector<item> all;
    for (auto part : {gtids(about), semi_sync(about), sessions(about.source), prepared(about),
                      lag(about.source), skipped_errors(about.source)}) {
        for (item& one : part)
            all.push_back(std::move(one));
    }
    return all;
}

} // namespace understudy::precheck
