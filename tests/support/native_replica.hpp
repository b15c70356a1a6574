#pragma once

#include "tests/support/live_server.hpp"

#include <chrono>

// The server's own replication as an oracle for ours, and as what the benchmark is measured
// against. Both servers are MySQL 9.7.
namespace understudy::test {

// Makes `replica`, which must be fresh, a replica of `source` from the beginning of its binary log
// (by GTID where the source has them), with the account replica_oracle made on the source. Replica
// settings such as replica_parallel_workers are the ones `replica` was started with. With
// `start_applier` off the events are only received until START REPLICA SQL_THREAD is executed.
void make_native_replica(const live_server& replica, const live_server& source,
                         bool start_applier = true);

// Until the replica has executed all that the source has executed now. Throws at the time limit
// and when replication stops, with the replica's error.
void wait_until_caught_up(const live_server& replica, const live_server& source,
                          std::chrono::seconds timeout);

} // namespace understudy::test
