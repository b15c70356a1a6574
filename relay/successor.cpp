#include "relay/successor.hpp"

#include "relay/errc.hpp"

namespace understudy::relay {

protocol::result<void> check_successor(const protocol::source_facts& server,
                                       const protocol::gtid_set& have,
                                       const protocol::gtid_set& received) {
    if (!server.gtid_executed.contains(have)) {
        auto missing = have;
        missing.subtract(server.gtid_executed);
        return protocol::fail(errc::wrong_source,
                              "it lacks what we have (" + missing.to_string() +
                                  "), so its data is not the continuation of ours");
    }
    if (!received.contains(server.gtid_purged)) {
        auto gone = server.gtid_purged;
        gone.subtract(received);
        return protocol::fail(errc::wrong_source,
                              "it has purged what we lack (" + gone.to_string() + ")");
    }
    return {};
}

} // namespace understudy::relay
