#pragma once

#include "protocol/gtid/uuid.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::relay {

// Whose files a log holds from some point on. After a fail-over the log goes on in another server's
// files, and positions of two servers have no order of their own. So every server after the first
// has its number and UUID in front of its files' names,
//
//   ~00000001~3e11fa47-71ca-11e1-9e33-c80aa9429562~binlog.000002
//
// which puts binlog_position in the order in which the log was written: everything that compares
// positions (readers, retention, checkpoint, end of the copy) goes on as it was.
struct server_turn {
    std::uint32_t number = 0; // 0: the log's first server, whose names stay as they are
    protocol::uuid server;

    // Of a file of the log. first: the server of turn 0.
    [[nodiscard]] static server_turn of(std::string_view name, const protocol::uuid& first);
    // What the log calls this server's file.
    [[nodiscard]] std::string name_of(std::string_view file) const;
    // What the server calls the log's file.
    [[nodiscard]] static std::string_view own_name(std::string_view name);
    // Whether names of later servers come behind this first server's.
    [[nodiscard]] static bool can_follow(std::string_view file);

    bool operator==(const server_turn&) const = default;
};

} // namespace understudy::relay
