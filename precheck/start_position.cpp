#include "precheck/items.hpp"

#include <algorithm>

namespace understudy::precheck {

namespace {

constexpr const char* id = "source.start_position";
constexpr const char* title = "start position";
constexpr const char* new_copy =
    "Begin anew: drop the task's row in the checkpoint table, the copied tables on the target and "
    "the task's data directory; then run again.";

[[nodiscard]] item lost(std::string seen, std::string why) {
    return {id,      severity::blocking, outcome::failed, title, std::move(seen), std::move(why),
            new_copy};
}

// The source must still have what we lack, and must have had all that we have.
[[nodiscard]] item by_gtid(const source_seen& source, const protocol::gtid_set& ours,
                           const protocol::gtid_set& received) {
    if (!source.gtid_mode_on && source.server.is_mariadb) {
        return {id,
                severity::blocking,
                outcome::failed,
                title,
                "gtid_strict_mode = " + variable(source.server.settings, "gtid_strict_mode"),
                "this task follows the source by GTID, whose numbers must rise",
                "SET GLOBAL gtid_strict_mode = ON; -- and in the option file"};
    }
    if (!source.gtid_mode_on) {
        return {id,
                severity::blocking,
                outcome::failed,
                title,
                "gtid_mode = " + variable(source.server.settings, "gtid_mode"),
                "this task follows the source by GTID",
                "SET PERSIST gtid_mode = ON; -- step by step, see the manual, \"Enabling GTID "
                "Transactions Online\""};
    }
    protocol::gtid_set gone = source.purged;
    gone.subtract(ours);
    gone.subtract(received);
    if (!gone.empty()) {
        return lost("purged on the source: " + gone.to_string(),
                    "transactions that the target lacks are no longer in the binary log");
    }
    if (!source.executed.contains(ours)) {
        protocol::gtid_set unknown = ours;
        unknown.subtract(source.executed);
        return lost("not known to the source: " + unknown.to_string(),
                    "the source lost transactions that the target has, or it is another server");
    }
    return pass(id, severity::blocking, title, "the binary log has all that the target lacks");
}

[[nodiscard]] item by_file(const source_seen& source, const protocol::binlog_position& ours) {
    if (!source.log_files) {
        return skip(id, severity::blocking, title, "SHOW BINARY LOGS was not answered");
    }
    const auto file = std::ranges::find(*source.log_files, ours.file, &source_seen::log_file::name);
    if (file == source.log_files->end()) {
        return lost(ours.file + " is not among the source's binary logs",
                    "transactions that the target lacks are no longer in the binary log");
    }
    if (file->size < ours.offset) {
        return lost(ours.to_string() + " is behind the end of that file (" +
                        std::to_string(file->size) + ")",
                    "the source lost the end of its binary log, or it is another server");
    }
    return pass(id, severity::blocking, title, ours.to_string() + " is there");
}

} // namespace

item start_position_item(const subject& about) {
    const source_seen& source = about.source;
    if (!about.known.start) {
        return pass(id, severity::blocking, title,
                    source.gtid_mode_on ? "now, by GTID" : "now, by file and position");
    }
    const state::source_position& start = *about.known.start;
    // A task that began on an empty source with GTIDs has an empty set and no file yet.
    const bool has_gtids = !start.executed.empty() || start.binlog.file.empty();
    const std::string followed = about.known.source_uuid.to_string();
    if (about.known.source_uuid != protocol::uuid{} && source.server.server_uuid != followed &&
        !has_gtids) {
        return lost("the source is " + source.server.server_uuid + ", the task followed " +
                        followed,
                    "a file and position of one server mean nothing on another");
    }
    return has_gtids ? by_gtid(source, start.executed, about.known.received)
                     : by_file(source, start.binlog);
}

} // namespace understudy::precheck
