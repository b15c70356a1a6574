#pragma once

#include "relay/inspection/event_stream.hpp"
#include "relay/inspection/log_piece.hpp"
#include "relay/inspection/segment_source.hpp"
#include "relay/key_ring.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace understudy::relay::inspection {

// What a user may look at: a task's directory, a relay directory, a segment, a binary log file, or
// "-" for standard input. Several of them are read one after the other.
struct open_options {
    bool follow = false;           // the last one
    frame_test wanted;             // for frames of segments
    index_test* indexed = nullptr; // for runs of those that have an index of keys
    key_ring keys{};               // of encrypted relay logs
    // What comes from now on is of this path (a task's directory: its relay directory).
    std::function<void(const std::filesystem::path&)> entered{};
};

// The same in pieces that can be read at the same time.
struct piece_options {
    frame_test wanted;
    key_ring keys{};
    bool with_index = false;     // segment_cutter::options
    bool whole_segments = false; // likewise
};
[[nodiscard]] std::unique_ptr<log_cutter> cut_paths(std::vector<std::filesystem::path> paths,
                                                    piece_options options);
// As one piece: standard input, and what is followed. indexed and entered come from its reader.
[[nodiscard]] std::unique_ptr<log_cutter> whole_paths(std::vector<std::filesystem::path> paths,
                                                      open_options options);

// The checksums of plain files' events are checked as they are read.
[[nodiscard]] protocol::result<event_stream>
open_stream(const std::vector<std::filesystem::path>& paths, const open_options& options);
[[nodiscard]] protocol::result<std::unique_ptr<event_source>>
open_paths(const std::vector<std::filesystem::path>& paths, const open_options& options);

// A task's directory stands for the relay directory in it.
[[nodiscard]] std::filesystem::path relay_path(const std::filesystem::path& given);

} // namespace understudy::relay::inspection
