#pragma once

#include "protocol/result.hpp"
#include "relay/file.hpp"
#include "relay/format.hpp"
#include "relay/segment_index.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace understudy::relay {

// Writes one segment. After an error the segment is as it was before the call (a half-written frame
// is cut off again), so the call can be repeated when there is room; only if that cutting fails the
// error is errc::io_failed and the segment must not be used any more. One thread.
class segment_writer {
public:
    // The header is written and fsynced under another name first: a segment that can be seen has a
    // whole header, however the machine stops.
    [[nodiscard]] static protocol::result<segment_writer>
    create(directory& where, const segment_header& header, file_cipher* cipher = nullptr);
    // Goes on behind `size`; what stands there is cut off.
    [[nodiscard]] static protocol::result<segment_writer>
    resume(directory& where, const std::string& name, std::uint64_t size);

    [[nodiscard]] std::uint64_t size() const { return size_; }
    // Bytes from the start that survive a crash.
    [[nodiscard]] std::uint64_t durable_size() const { return durable_; }

    [[nodiscard]] protocol::result<void> append(std::span<const std::byte> header,
                                                std::span<const std::byte> stored);
    [[nodiscard]] protocol::result<void> sync();
    [[nodiscard]] protocol::result<void> truncate(std::uint64_t size);
    // Writes the footer and fsyncs: the segment never changes again.
    [[nodiscard]] protocol::result<void> seal(std::span<const std::byte> footer);

private:
    segment_writer(std::unique_ptr<file> opened, std::uint64_t size)
        : file_(std::move(opened)), size_(size), durable_(size) {}
    [[nodiscard]] protocol::result<void> undo(protocol::error reason);

    std::unique_ptr<file> file_;
    std::uint64_t size_;
    std::uint64_t durable_;
};

inline constexpr std::string_view unfinished_name = "unfinished.tmp";

} // namespace understudy::relay
