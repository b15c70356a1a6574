#pragma once

#include "apps/serve_options.hpp"
#include "protocol/result.hpp"

namespace understudy::apps {

// The daemon: tasks, API, log, webhook. Returns after SIGTERM or SIGINT, when all runs have ended
// (or ten seconds later: what they had committed is committed), or with what kept it from starting.
// SIGHUP: tokens, the API's certificate and the log's files are read anew, and failed tasks are
// tried again.
[[nodiscard]] protocol::result<void> serve(const serve_command& what);

} // namespace understudy::apps
