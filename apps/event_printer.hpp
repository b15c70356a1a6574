#pragma once

#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"
#include "relay/inspection/event_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace understudy::apps {

// Binary log events as text, a line per event and one per row, in their order. Remembers the format
// description and the table maps that later events refer to. One thread; no I/O.
class event_printer {
public:
    // Lines without a newline; what was in a compressed transaction is indented. Errors: bytes that
    // are no event, or rows whose table map did not come before.
    [[nodiscard]] protocol::result<std::vector<std::string>>
    print(const relay::inspection::stream_event& one);

private:
    struct table {
        std::vector<std::byte> bytes; // the map's views point into this
        protocol::table_map map;
    };

    [[nodiscard]] protocol::result<std::string> describe(const protocol::event_view& event,
                                                         std::vector<std::string>& rows);
    [[nodiscard]] protocol::result<std::string>
    describe_table_map(const protocol::event_view& event);
    [[nodiscard]] protocol::result<std::string>
    describe_compressed(const protocol::event_view& event, std::vector<std::string>& rows);
    [[nodiscard]] protocol::result<std::string> describe_rows(const protocol::event_view& event,
                                                              std::vector<std::string>& rows);

    const protocol::format_description* format_ = nullptr; // during a call
    std::map<std::uint64_t, table> tables_;
};

} // namespace understudy::apps
