#pragma once

#include "apps/relay_options.hpp"
#include "protocol/result.hpp"
#include "relay/inspection/change_selector.hpp"
#include "relay/inspection/open_source.hpp"
#include "relay/inspection/piece_reading.hpp"
#include "relay/inspection/transaction_filter.hpp"

#include <memory>
#include <string>
#include <vector>

namespace understudy::apps {

// How the verbs of `understudy relay` read what their options say.

// Errors in what the user wrote; is_bad_option() knows them.
[[nodiscard]] std::unexpected<protocol::error> bad_option(const std::string& option,
                                                          const protocol::error& why);
[[nodiscard]] std::unexpected<protocol::error> bad_option(const std::string& option,
                                                          std::string why);

[[nodiscard]] protocol::result<relay::inspection::transaction_filter>
transactions_of(const relay_command& what);
[[nodiscard]] protocol::result<relay::inspection::change_filter>
changes_of(const relay_command& what);

// Standard input and what grows are read from the front to the back.
[[nodiscard]] bool is_read_in_order(const relay_command& what);
// How many readers share the reading.
[[nodiscard]] unsigned reader_count(const relay_command& what);

struct index_use {
    bool is_asked = false;    // runs of frames may be passed over
    bool learns_keys = false; // better from one end of a segment to the other
};
// All of it, shared among the readers; says on standard error how the log ends, if it does so in
// the middle of something.
[[nodiscard]] protocol::result<void>
read_in_parallel(const relay_command& what, const relay::inspection::transaction_filter& filter,
                 index_use index,
                 const std::vector<std::unique_ptr<relay::inspection::piece_reader>>& readers);
// Every event, by one.
[[nodiscard]] protocol::result<void>
read_in_order(const relay_command& what, const relay::inspection::transaction_filter& filter,
              relay::inspection::transaction_visitor& visitor);
// The stream that this reads.
[[nodiscard]] protocol::result<relay::inspection::event_stream>
open_in_order(const relay_command& what, const relay::inspection::transaction_filter& filter);

} // namespace understudy::apps
