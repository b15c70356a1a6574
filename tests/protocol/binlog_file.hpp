#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace understudy::protocol::test {

// A captured binary log file of tests/data/binlog, cut into events.
struct binlog_file {
    std::vector<std::byte> bytes;
    std::vector<std::span<const std::byte>> events; // views over bytes, format description included
    format_description format;

    // Throws std::runtime_error if the file cannot be read or cut.
    [[nodiscard]] static binlog_file read(const std::string& name);
    [[nodiscard]] static binlog_file read_path(const std::string& path); // any binary log
    [[nodiscard]] event_view view(std::size_t index) const;
    // All events of a type.
    [[nodiscard]] std::vector<event_view> all(event_type type) const;
};

[[nodiscard]] const std::vector<std::string>& captured_files();

// Runs the decoder that an event's type asks for, the way the applier and the inspection tool do,
// and says what it found, one line per event and per row. Keeps the table maps, so the bytes given
// to it must live as long as it.
class any_event_decoder {
public:
    explicit any_event_decoder(format_description format) : format_(std::move(format)) {}

    [[nodiscard]] result<std::vector<std::string>> decode(const event_view& event);

private:
    [[nodiscard]] result<std::vector<std::string>> decode_rows(const event_view& event);
    [[nodiscard]] result<std::vector<std::string>> decode_payload(const event_view& event);

    format_description format_;
    std::map<std::uint64_t, table_map> maps_;
    std::deque<std::vector<std::byte>> kept_; // events that were unpacked
};

} // namespace understudy::protocol::test
