#pragma once

#include "apps/relay_options.hpp"
#include "protocol/result.hpp"

namespace understudy::apps {

// The verbs of `understudy relay` that read events from the front to the back. Errors that are the
// user's (a condition that cannot be read) are bad_option; everything else is a failure.
[[nodiscard]] protocol::result<void> show_changes(const relay_command& what);
[[nodiscard]] protocol::result<void> show_history(const relay_command& what);
[[nodiscard]] protocol::result<void> show_events(const relay_command& what);
[[nodiscard]] protocol::result<void> show_statistics(const relay_command& what);
[[nodiscard]] protocol::result<void> export_binlog(const relay_command& what);

// The code of errors in what the user wrote.
[[nodiscard]] bool is_bad_option(const protocol::error& why);

} // namespace understudy::apps
