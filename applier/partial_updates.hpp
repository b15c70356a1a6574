#pragma once

#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <vector>

namespace understudy::applier {

// An UPDATE whose after images hold changes of JSON documents (binlog_row_value_options =
// PARTIAL_JSON), with the whole documents instead, made from the before images. `into` gets the
// rows and must live as long as the event that is returned. Where a document is not in the before
// image (binlog_row_image other than FULL) the event comes back as it is: then only the target
// knows the document. Memory: the event's rows once more. Pure.
[[nodiscard]] protocol::result<protocol::rows_event>
with_whole_documents(const protocol::table_map& map, const protocol::rows_event& event,
                     std::vector<std::byte>& into);

} // namespace understudy::applier
