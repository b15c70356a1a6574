#pragma once

#include "protocol/result.hpp"
#include "relay/inspection/event_source.hpp"
#include "relay/inspection/segment_source.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>

namespace understudy::relay::inspection {

// Who reads a piece, and is told of what it is a part of.
struct piece_context {
    index_test* indexed = nullptr; // of runs of frames that have an index of keys
    // A path is entered: a relay directory, a segment, a binary log file. May be empty.
    std::function<void(const std::filesystem::path&)> entered{};
};

// A part of what is read that begins and ends between two transactions, so that it can be read by
// itself. Its source gives the format description in force first.
struct log_piece {
    std::function<protocol::result<std::unique_ptr<event_source>>(const piece_context&)> open;
};

// Cuts what is read into pieces, in order. Reads no more than it needs for that. Where it cannot
// tell how to go on (a file that is being written, damage), the rest is one piece: whoever reads
// that meets whatever is there. One thread at a time.
class log_cutter {
public:
    virtual ~log_cutter() = default;
    // nullopt: that was all.
    [[nodiscard]] virtual protocol::result<std::optional<log_piece>> next() = 0;
};

// Raw bytes of a piece, unless one transaction has more.
constexpr std::uint64_t piece_bytes_default = 1U << 20U;

} // namespace understudy::relay::inspection
