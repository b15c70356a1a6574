#include "protocol/session/source_facts.hpp"

#include "protocol/errc.hpp"

#include <charconv>

namespace understudy::protocol {

namespace {

constexpr std::uint32_t first_with_set_persist = 80'000;
constexpr std::uint32_t first_with_binary_log_status = 80'200;
constexpr std::uint32_t first_with_tags = 80'300;

// Long, because a pause of ours (a full disk) must not end the dump; the source notices a dead
// connection through TCP.
constexpr std::chrono::seconds session_timeout{86'400};

std::string set_global(const server_info& server, const std::string& assignment) {
    const bool persists = !server.is_mariadb && server.version_number >= first_with_set_persist;
    return (persists ? "SET PERSIST " : "SET GLOBAL ") + assignment +
           (persists ? "" : " (and in the server's configuration file)");
}

std::unexpected<error> unsuitable(std::string what) {
    return fail(errc::source_unsuitable, std::move(what));
}

result<void> check_identity(const source_facts& source, const server_info& server,
                            const replica_options& options) {
    if (options.server_id == 0) {
        return unsuitable("our server_id is 0, and a source ends the dump of such a replica");
    }
    if (source.server_id == options.server_id) {
        return unsuitable("the source's server_id is " + std::to_string(source.server_id) +
                          ", the same as ours: give the task another one, or run " +
                          set_global(server, "server_id = …") + " on the source");
    }
    if (source.server_uuid != uuid{} && source.server_uuid == options.server_uuid) {
        return unsuitable("the source's server_uuid is " + source.server_uuid.to_string() +
                          ", the same as ours: the task's data directory was copied from another "
                          "server's identity");
    }
    return {};
}

result<void> check_log(const source_facts& source, const server_info& server) {
    if (!source.log_bin) {
        return unsuitable("the source writes no binary log: start it with --log-bin and a "
                          "server-id (log_bin cannot be changed while it runs)");
    }
    if (source.binlog_format != "ROW") {
        return unsuitable("the source's binlog_format is " + source.binlog_format +
                          ", and only ROW holds the rows themselves: run " +
                          set_global(server, "binlog_format = 'ROW'") +
                          ", then let its clients reconnect");
    }
    return {};
}

} // namespace

result<void> check_source(const source_facts& source, const server_info& server,
                          const replica_options& options) {
    if (auto log = check_log(source, server); !log) return log;
    if (auto identity = check_identity(source, server, options); !identity) return identity;
    if (!std::holds_alternative<gtid_set>(options.start)) return {};
    // MariaDB's setting decides how a task begins, not whether it may go on: what was logged out of
    // order is noticed when it comes.
    if (server.is_mariadb) return {};
    if (!source.gtid_mode_on) {
        return unsuitable("a dump by GTID needs gtid_mode = ON on the source: replicate by file "
                          "and position, or turn it on step by step (manual: \"Enabling GTID "
                          "Transactions Online\"), ending with " +
                          set_global(server, "gtid_mode = ON"));
    }
    if (std::get<gtid_set>(options.start).has_tags() && server.version_number < first_with_tags) {
        return unsuitable("the task holds tagged GTIDs, which the source (version " +
                          server.version + ") cannot have written: they came with MySQL 8.3");
    }
    return {};
}

std::vector<std::string> replica_setup_statements(const server_info& server,
                                                  const replica_options& options) {
    const auto period = std::to_string(
        std::chrono::duration_cast<std::chrono::nanoseconds>(options.heartbeat_period).count());
    const auto timeout = std::to_string(session_timeout.count());
    // Old and new names: which of them a source reads depends on its version.
    std::vector<std::string> statements{
        "SET SESSION net_write_timeout = " + timeout + ", net_read_timeout = " + timeout +
            ", wait_timeout = " + timeout,
        "SET @master_heartbeat_period = " + period + ", @source_heartbeat_period = " + period,
        "SET @master_binlog_checksum = @@global.binlog_checksum, "
        "@source_binlog_checksum = @@global.binlog_checksum",
    };
    if (server.is_mariadb) {
        // Without it MariaDB rewrites the stream for replicas that do not know its own events.
        statements.emplace_back("SET @mariadb_slave_capability = 4");
        if (const auto* const have = std::get_if<gtid_set>(&options.start)) {
            statements.push_back("SET @slave_connect_state = '" + have->to_string() + "'");
            // A source that lacks the GTID we name must say so, also when it has later ones.
            statements.emplace_back("SET @slave_gtid_strict_mode = 1");
            statements.emplace_back("SET @slave_gtid_ignore_duplicates = 0");
        }
    } else {
        const auto ours = options.server_uuid.to_string();
        statements.push_back("SET @slave_uuid = '" + ours + "', @replica_uuid = '" + ours + "'");
    }
    return statements;
}

std::optional<std::chrono::system_clock::time_point> parse_clock(std::string_view answer) {
    std::int64_t microseconds = 0;
    const auto* const end = answer.data() + answer.size();
    const auto parsed = std::from_chars(answer.data(), end, microseconds);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return std::chrono::system_clock::time_point(std::chrono::microseconds(microseconds));
}

std::string show_binary_log_status(const server_info& server) {
    const bool renamed =
        !server.is_mariadb && server.version_number >= first_with_binary_log_status;
    return renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS";
}

} // namespace understudy::protocol
