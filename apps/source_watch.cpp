#include "apps/source_watch.hpp"

#include "relay/errc.hpp"

namespace understudy::apps {

protocol::result<void> check_still_same(const protocol::source_facts& now,
                                        const state::source_position& held, bool by_gtid) {
    // MariaDB has no set of what it executed.
    const bool compare_gtids = by_gtid && now.server_uuid != protocol::uuid{};
    std::string lost;
    if (compare_gtids) {
        protocol::gtid_set missing = held.executed;
        missing.subtract(now.gtid_executed);
        if (missing.empty()) return {};
        lost = "transactions " + missing.to_string() + " are no longer in its gtid_executed";
    } else {
        if (!(now.written < held.binlog)) return {};
        lost = "its binary log ends at " + now.written.to_string() +
               ", and we have followed it to " + held.binlog.to_string();
    }
    return protocol::fail(relay::errc::wrong_source,
                          "the source has lost a part of its log: " + lost +
                              ". It was reset (RESET BINARY LOGS) or restored from a backup, or "
                              "another server answers at its address; what was written there since "
                              "has not been received");
}

} // namespace understudy::apps
