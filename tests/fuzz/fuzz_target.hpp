#pragma once

#include <cstddef>
#include <span>

namespace understudy::fuzz {

// One input for one decoder. libFuzzer calls it through LLVMFuzzerTestOneInput; the unit test
// replays the corpus with it. Must not keep anything between calls.
void feed_event(std::span<const std::byte> input);
void feed_gtid_set_text(std::span<const std::byte> input);
void feed_gtid_set_binary(std::span<const std::byte> input);
void feed_rows(std::span<const std::byte> input);
void feed_query(std::span<const std::byte> input);
void feed_handshake(std::span<const std::byte> input);
void feed_query_response(std::span<const std::byte> input);
void feed_value(std::span<const std::byte> input);
void feed_json(std::span<const std::byte> input);
void feed_json_diff(std::span<const std::byte> input);
void feed_compressed_frames(std::span<const std::byte> input);
void feed_names(std::span<const std::byte> input);
void feed_dump(std::span<const std::byte> input);
void feed_ddl(std::span<const std::byte> input);
void feed_relay_segment(std::span<const std::byte> input);
void feed_where(std::span<const std::byte> input);
void feed_binlog_file(std::span<const std::byte> input);

} // namespace understudy::fuzz
