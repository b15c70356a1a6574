#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace understudy::apps {

enum class log_level : std::uint8_t { info, warning, error };

// What a daemon says: to its standard error as text or as JSON lines, and, what is about a task,
// also to DATA-DIR/<task>/task.log as JSON lines, in a file of that size at most and its
// predecessor. Any thread.
//   {"time", "level", "task", "position", "message"}
class task_log {
public:
    task_log(std::filesystem::path data_dir, bool json, std::size_t file_bytes_max = 5U << 20U);
    ~task_log();

    void write(log_level level, const std::string& task, const std::string& position,
               const std::string& message);
    // About the daemon itself.
    void write(log_level level, const std::string& message) { write(level, "", "", message); }
    // Closes the files: they may have been moved, or their task removed.
    void close_files();

private:
    struct file;

    std::mutex mutex_;
    const std::filesystem::path data_dir_;
    const bool json_;
    const std::size_t file_bytes_max_;
    std::map<std::string, std::unique_ptr<file>> files_;
};

// The last lines: {"lines": [{…}]}. A task that has said nothing yet has none.
[[nodiscard]] protocol::result<std::string>
read_task_log(const std::filesystem::path& task_directory, std::size_t lines_max);

} // namespace understudy::apps
