#pragma once

#include "protocol/gtid/uuid.hpp"
#include "protocol/result.hpp"
#include "state/status_board.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

namespace understudy::state {

// DATA-DIR/<task>: what a task keeps on this machine. Holds a lock on the file "lock", with our pid
// in it, as long as it lives, so that two processes cannot run one task from one data directory.
//   lock           our pid
//   identity.toml  our server_id and server UUID, made once
//   relay/         segments
//   status.json    what `understudy status` reads
// The lock is an open-file-description lock: it ends with the process however that ends, and others
// can ask for it without taking it (a question must never make a starting task fail).
class task_directory {
public:
    // Creates the directory (mode 0700) where missing and takes the lock; errc::already_running
    // names the pid.
    [[nodiscard]] static protocol::result<std::unique_ptr<task_directory>>
    open(const std::filesystem::path& data_dir, const std::string& task);
    ~task_directory();
    task_directory(const task_directory&) = delete;
    task_directory& operator=(const task_directory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    [[nodiscard]] std::filesystem::path relay_path() const { return path_ / "relay"; }

    struct identity {
        std::uint32_t server_id = 0;
        protocol::uuid server_uuid;
    };
    // Random at the first call (server_id >= 2^31, so that it rarely meets a human's), durable from
    // then on.
    [[nodiscard]] protocol::result<identity> our_identity();

    // Temp file, fsync, rename, fsync of the directory.
    [[nodiscard]] protocol::result<void> write_status(const status& value);

    // For `status` and `stop`: without the lock.
    [[nodiscard]] static std::optional<pid_t> running_pid(const std::filesystem::path& data_dir,
                                                          const std::string& task);
    [[nodiscard]] static std::filesystem::path status_path(const std::filesystem::path& data_dir,
                                                           const std::string& task) {
        return data_dir / task / "status.json";
    }

private:
    task_directory(std::filesystem::path path, int lock_fd);
    std::filesystem::path path_;
    int lock_fd_ = -1;
};

} // namespace understudy::state
