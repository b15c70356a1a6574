#pragma once

#include "protocol/result.hpp"
#include "snapshot/copy_context.hpp"
#include "snapshot/lane.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <vector>

namespace understudy::snapshot {

// The rows of all selected tables, on as many lanes as the task has connections.
// 1. Tables that cannot be read in pieces (no usable key; foreign keys whose effects the source
//    does not log): all in one consistent snapshot at a known position, behind which their changes
//    are applied exactly. What a killed copy left of them is deleted and read anew.
// 2. The same of storage engines without transactions: one by one, locked while they are read.
// 3. All others by key, in chunks that are consistent reads of their own; the stream, applied from
//    the start position, then brings every row to the same moment. Resumes behind the last key.
class data_copy {
public:
    data_copy(copy_context& context, protocol::net::connection& source);

    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> run();

private:
    [[nodiscard]] bool is_copied(const state::object_name& table) const;
    void publish_tables() const;
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> open_lanes();
    [[nodiscard]] boost::asio::awaitable<protocol::result<void>> copy_tables();

    copy_context* context_;
    protocol::net::connection* source_;
    std::vector<std::unique_ptr<lane>> lanes_;
};

} // namespace understudy::snapshot
