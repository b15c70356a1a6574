#include "precheck/items.hpp"

#include "precheck/needs.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace understudy::precheck {

namespace {

[[nodiscard]] item different_servers(const subject& about, const target_seen& target) {
    const std::string id = "target.another_server";
    const std::string title = "source and target";
    const std::string& uuid = target.server.server_uuid;
    if (uuid.empty() || uuid != about.source.server.server_uuid) {
        return pass(id, severity::blocking, title, "two servers");
    }
    return {id,
            severity::blocking,
            outcome::failed,
            title,
            "both have server_uuid " + uuid,
            "the task would follow its own changes, or one server is a file copy of the other",
            "Check host and port of both sides. If the target's data directory was copied, stop "
            "it, delete auto.cnf in its data directory and start it."};
}

[[nodiscard]] item writable(const target_seen& target) {
    const std::string id = "target.writable";
    const std::string title = "read only";
    if (!target.read_only) return pass(id, severity::blocking, title, "no");
    return {id,
            severity::blocking,
            outcome::failed,
            title,
            "read_only or super_read_only is ON",
            "nothing can be written",
            "SET GLOBAL super_read_only = OFF; SET GLOBAL read_only = OFF;"};
}

// A row can be as large as the source's max_allowed_packet lets clients send it; the rows events
// made of smaller ones are as large as binlog_row_event_max_size, and base64 makes 4 of 3 bytes.
[[nodiscard]] item packet_size(const subject& about, const target_seen& target) {
    constexpr std::uint64_t server_limit = 1U << 30U;
    constexpr std::uint64_t rounding = 1U << 20U;
    const std::string id = "target.max_allowed_packet";
    const std::string title = "max_allowed_packet";
    const std::uint64_t theirs = number(target.server.settings, "max_allowed_packet");
    const std::uint64_t rows = number(about.source.server.settings, "max_allowed_packet");
    const std::uint64_t event = number(about.source.server.settings, "binlog_row_event_max_size");
    const std::uint64_t wanted =
        std::min(server_limit, std::max(rows, (event * 4 / 3 / rounding + 1) * rounding));
    const std::string seen = std::to_string(theirs) + ", on the source " + std::to_string(rows);
    if (theirs >= wanted) return pass(id, severity::blocking, title, seen);
    return {id,
            severity::blocking,
            outcome::failed,
            title,
            seen,
            "a row that the source takes could be too large for the target",
            std::string(target.server.is_mariadb ? "SET GLOBAL" : "SET PERSIST") +
                " max_allowed_packet = " + std::to_string(wanted) + ";"};
}

[[nodiscard]] item name_case(const subject& about, const target_seen& target) {
    const std::string id = "target.lower_case_table_names";
    const std::string title = "lower_case_table_names";
    const auto source = number(about.source.server.settings, title);
    const auto here = number(target.server.settings, title);
    const std::string seen = std::to_string(here) + ", on the source " + std::to_string(source);
    std::map<std::string, std::string> first;
    std::vector<std::string> clashes;
    for (const table_fact& table : about.source.tables) {
        const std::string name = table.on_target.to_string();
        const auto [found, fresh] = first.try_emplace(lower_case(name), name);
        if (!fresh && here != 0) clashes.push_back(found->second + " and " + name);
    }
    if (!clashes.empty()) {
        return {id,
                severity::blocking,
                outcome::failed,
                title,
                seen + ": " + some_of(clashes),
                "names that differ in case only are one name on the target",
                "Give one of each pair another name with rename under [objects]."};
    }
    constexpr std::uint64_t as_given = 2;
    if (source == as_given) {
        return {id,
                severity::blocking,
                outcome::failed,
                title,
                seen,
                "the log of such a source has the names of tables in two ways",
                "Follow a server that has lower_case_table_names = 0 or 1."};
    }
    if ((source == 0) == (here == 0)) return pass(id, severity::warning, title, seen);
    return {id,
            severity::warning,
            outcome::failed,
            title,
            seen,
            "a statement whose names are written in other case than the table's can fail on the "
            "target",
            "Initialize the target with --lower-case-table-names=" + std::to_string(source) +
                " (it cannot be changed later)."};
}

[[nodiscard]] item engines(const subject& about, const target_seen& target) {
    const std::string id = "target.engines";
    const std::string title = "storage engines";
    std::set<std::string> absent;
    for (const table_fact& table : about.source.tables) {
        if (table.is_view || table.engine.empty()) continue;
        if (std::ranges::find(target.engines, lower_case(table.engine)) == target.engines.end()) {
            absent.insert(table.engine);
        }
    }
    if (absent.empty()) return pass(id, severity::blocking, title, "all there");
    const std::vector<std::string> names(absent.begin(), absent.end());
    return {id,
            severity::blocking,
            outcome::failed,
            title,
            "not on the target: " + some_of(names),
            "tables of these engines cannot be made there",
            "ALTER TABLE … ENGINE = InnoDB; on the source, or exclude these tables"};
}

} // namespace

item target_version_item(const source_seen& source, const target_seen& target) {
    const std::string id = "target.version";
    const std::string title = "server version";
    const server_seen& server = target.server;
    const std::string seen = (server.is_mariadb ? "MariaDB " : "MySQL ") + server.version;
    constexpr std::uint32_t first = 80018; // REPLICATION_APPLIER
    constexpr std::uint32_t behind_last = 100000;
    constexpr std::uint32_t first_mariadb = 101100;
    constexpr std::uint32_t behind_last_mariadb = 110900;
    const bool known =
        server.is_mariadb
            ? server.version_number >= first_mariadb && server.version_number < behind_last_mariadb
            : server.version_number >= first && server.version_number < behind_last;
    if (!known) {
        return {id,
                severity::blocking,
                outcome::failed,
                title,
                seen,
                "this version is not supported as a target",
                "Use a target of MySQL 8.0.18 to 9.x or of MariaDB 10.11 to 11.8."};
    }
    if (server.is_mariadb && !source.server.is_mariadb) {
        return {id,
                severity::warning,
                outcome::failed,
                title,
                seen + ", the source has MySQL " + source.server.version,
                "definitions and statements that only MySQL has stop the task with their names",
                "Use collations that both have (collation_server = utf8mb4_general_ci, say) and "
                "tables without what MariaDB lacks."};
    }
    if (server.is_mariadb) return pass(id, severity::blocking, title, seen);
    const bool older = server.version_number / 100 < source.server.version_number / 100;
    if (older && !source.server.is_mariadb) {
        return {id,
                severity::warning,
                outcome::failed,
                title,
                seen + ", the source has " + source.server.version,
                "definitions and statements of a newer source may not be understood by an older "
                "target",
                "Use a target of the source's version or newer."};
    }
    const std::uint32_t series = server.version_number / 100;
    if (series > 800 && series < 804) {
        return {id,
                severity::warning,
                outcome::failed,
                title,
                seen,
                "this innovation release was never tried as a target",
                "Use 8.0, 8.4 or 9.x."};
    }
    return pass(id, severity::blocking, title, seen);
}

item writer_item(const subject& about, const target_seen& target) {
    using writer = state::task_spec::writer;
    const std::string id = "target.writer";
    const std::string title = "rows are written as";
    const writer how = about.spec.apply.how;
    if (target.server.is_mariadb && how == writer::row_image) {
        return {id,
                severity::blocking,
                outcome::failed,
                title,
                "row images",
                "MariaDB takes no row images of MySQL",
                "[apply] writer = \"auto\""};
    }
    if (how == writer::sql) return pass(id, severity::warning, title, "SQL (apply.writer)");
    if (target.server.is_mariadb)
        return pass(id, severity::warning, title, "SQL: the target is MariaDB");
    if (how == writer::row_image || !target.server.granted ||
        may_write_row_images(*target.server.granted))
        return pass(id, severity::warning, title, "row images");
    return {id,
            severity::warning,
            outcome::failed,
            title,
            "SQL: the account lacks REPLICATION_APPLIER",
            "that is slower than row images",
            "GRANT REPLICATION_APPLIER ON *.* TO " + quote_account(target.server.account) + ";"};
}

std::vector<item> target_setting_items(const subject& about, const target_seen& target) {
    return {different_servers(about, target), writable(target), packet_size(about, target),
            name_case(about, target), engines(about, target)};
}

std::vector<item> definer_items(const subject& about, const target_seen& target) {
    if (!about.spec.initial.schema || about.source.definers.empty() || !target.server.granted) {
        return {};
    }
    std::vector<item> all;
    const grants& held = *target.server.granted;
    const bool makes_code = std::ranges::any_of(about.source.definers, [](const definer_fact& one) {
        return one.kind == "trigger" || one.kind == "function";
    });
    const bool trusted = !is_on(target.server.settings, "log_bin") || held.on_server("SUPER") ||
                         is_on(target.server.settings, "log_bin_trust_function_creators");
    if (makes_code && !trusted) {
        all.push_back({"target.trust_function_creators", severity::blocking, outcome::failed,
                       "making triggers and functions",
                       "log_bin_trust_function_creators = OFF, the binary log is on",
                       "the target lets only accounts with SUPER make them (error 1419)",
                       target.server.is_mariadb
                           ? "SET GLOBAL log_bin_trust_function_creators = ON;"
                           : "SET PERSIST log_bin_trust_function_creators = ON;"});
    } else if (makes_code) {
        all.push_back(pass("target.trust_function_creators", severity::blocking,
                           "making triggers and functions", "allowed"));
    }
    if (target.server.is_mariadb || held.on_server("SYSTEM_USER")) return all;
    std::set<std::string> privileged;
    for (const definer_fact& one : about.source.definers) {
        const bool known = target.system_users.has_value();
        const bool listed = known && std::ranges::find(*target.system_users, one.definer) !=
                                         target.system_users->end();
        if (listed || (!known && one.definer.starts_with("root@"))) privileged.insert(one.definer);
    }
    if (privileged.empty()) return all;
    const std::vector<std::string> names(privileged.begin(), privileged.end());
    all.push_back({"target.system_user",
                   target.system_users ? severity::blocking : severity::warning, outcome::failed,
                   "definers with SYSTEM_USER",
                   some_of(names) + (target.system_users ? "" : " may have it on the target"),
                   "only an account with SYSTEM_USER can make objects that run as such a definer "
                   "(error 1227)",
                   "GRANT SYSTEM_USER ON *.* TO " + quote_account(target.server.account) + ";"});
    return all;
}

} // namespace understudy::precheck
