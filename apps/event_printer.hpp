#pragma once

#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"

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
    // One event as it stands in the source's file, beginning at start_offset there. Lines without a
    // newline. Errors: bytes that are no event, or rows whose table map did not come before.
    [[nodiscard]] protocol::result<std::vector<std::string>>
    print(std::span<const std::byte> event, const std::string& file, std::uint64_t start_offset);

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

    std::optional<protocol::format_description> format_;
    std::map<std::uint64_t, table> tables_;
};

} // namespace understudy::apps
