#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace understudy::relay {

// One file of the relay directory: the seam below which tests lose unsynced data, run out of space
// and fail. Errors are errc::disk_full (no room, over quota) and errc::io_failed, and name the
// file. Not thread-safe; several files may be open on one name (one writer, any number of readers).
class file {
public:
    virtual ~file() = default;

    // Writes at the end. After an error any prefix of the bytes may have been written: truncate().
    [[nodiscard]] virtual protocol::result<void> append(std::span<const std::byte> bytes) = 0;
    // What was written before is on the disk when this returns.
    [[nodiscard]] virtual protocol::result<void> sync() = 0;
    // Fills `into` from `offset`; less than its size only at the end of the file.
    [[nodiscard]] virtual protocol::result<std::size_t> read_at(std::uint64_t offset,
                                                                std::span<std::byte> into) = 0;
    [[nodiscard]] virtual protocol::result<void> truncate(std::uint64_t size) = 0;
    [[nodiscard]] virtual protocol::result<std::uint64_t> size() = 0;
};

// The relay directory. Thread-safe. Creations, renames and removals are durable after sync().
class directory {
public:
    virtual ~directory() = default;

    [[nodiscard]] virtual protocol::result<std::unique_ptr<file>>
    open_for_reading(const std::string& name) = 0;
    [[nodiscard]] virtual protocol::result<std::unique_ptr<file>>
    open_for_writing(const std::string& name) = 0;
    // An empty file; what stood under that name before is gone.
    [[nodiscard]] virtual protocol::result<std::unique_ptr<file>>
    create(const std::string& name) = 0;
    [[nodiscard]] virtual protocol::result<void> rename(const std::string& from,
                                                        const std::string& to) = 0;
    [[nodiscard]] virtual protocol::result<void> remove(const std::string& name) = 0;
    [[nodiscard]] virtual protocol::result<void> sync() = 0;
    [[nodiscard]] virtual protocol::result<std::vector<std::string>> names() = 0; // sorted
    // What we may still write.
    [[nodiscard]] virtual protocol::result<std::uint64_t> free_bytes() = 0;
    // For messages.
    [[nodiscard]] virtual std::string path_of(const std::string& name) const = 0;
};

} // namespace understudy::relay
