#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/query_event.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace understudy::protocol {

// LOAD DATA that was logged as a statement: BEGIN_LOAD_QUERY and APPEND_BLOCK events bring the
// file, EXECUTE_LOAD_QUERY the statement, DELETE_FILE drops a file whose statement failed.

// BEGIN_LOAD_QUERY, APPEND_BLOCK: the next bytes of a file. A view over the event.
struct load_block_event {
    std::uint32_t file_id = 0;
    std::span<const std::byte> data;
};
[[nodiscard]] result<load_block_event> decode_load_block(const event_view& event);

// The file that a DELETE_FILE event drops.
[[nodiscard]] result<std::uint32_t> decode_delete_file(const event_view& event);

enum class load_duplicates : std::uint8_t { error = 0, ignore = 1, replace = 2 };

struct execute_load_query_event {
    query_event query;
    std::uint32_t file_id = 0;
    // The part of query.text that names the file and says REPLACE or IGNORE, up to and with INTO.
    std::uint32_t file_name_begin = 0;
    std::uint32_t file_name_end = 0;
    load_duplicates duplicates = load_duplicates::error;

    // The statement with another file: … LOCAL INFILE 'file' [REPLACE | IGNORE] INTO …
    [[nodiscard]] std::string text_for(std::string_view file) const;
};
[[nodiscard]] result<execute_load_query_event>
decode_execute_load_query(const event_view& event, const format_description& format);

} // namespace understudy::protocol
