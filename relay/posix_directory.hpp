#pragma once

#include "protocol/result.hpp"
#include "relay/file.hpp"

#include <filesystem>
#include <memory>

namespace understudy::relay {

// A directory of the operating system; it must exist.
[[nodiscard]] protocol::result<std::unique_ptr<directory>>
open_posix_directory(const std::filesystem::path& path);

// Keeps other processes from writing into the directory as long as it lives. The kernel drops the
// lock with the process, however that ends.
class directory_lock {
public:
    // Creates the directory if it is missing. errc::locked if another process has it.
    [[nodiscard]] static protocol::result<directory_lock>
    acquire(const std::filesystem::path& path);

    ~directory_lock();
    directory_lock(directory_lock&& other) noexcept;
    directory_lock& operator=(directory_lock&& other) noexcept;

private:
    explicit directory_lock(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

} // namespace understudy::relay
