#include "apps/task_log.hpp"

#include "state/durable_file.hpp"
#include "state/json_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <deque>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace understudy::apps {

namespace {

constexpr const char* file_name = "task.log";
constexpr const char* older_name = "task.log.1";

std::string_view to_string(log_level level) {
    switch (level) {
    case log_level::info: return "info";
    case log_level::warning: return "warning";
    case log_level::error: return "error";
    }
    std::unreachable();
}

std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
}

} // namespace

// One file of lines and its predecessor.
struct task_log::file {
    file(std::filesystem::path in, std::size_t bytes_max_given)
        : directory(std::move(in)), bytes_max(bytes_max_given) {
        open();
    }
    ~file() {
        if (fd >= 0) ::close(fd);
    }
    file(const file&) = delete;
    file& operator=(const file&) = delete;

    void open() {
        fd = ::open((directory / file_name).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
                    0600);
        struct stat info{};
        size = fd >= 0 && ::fstat(fd, &info) == 0 ? static_cast<std::size_t>(info.st_size) : 0;
    }

    // A log that cannot be written is no reason to stop a task: what is said is on standard error
    // too.
    void append(const std::string& line) {
        if (size > 0 && size + line.size() > bytes_max) {
            if (fd >= 0) ::close(std::exchange(fd, -1));
            ::rename((directory / file_name).c_str(), (directory / older_name).c_str());
            open();
        }
        if (fd >= 0 && ::write(fd, line.data(), line.size()) > 0) size += line.size();
    }

    const std::filesystem::path directory;
    const std::size_t bytes_max;
    int fd = -1;
    std::size_t size = 0;
};

task_log::task_log(std::filesystem::path data_dir, bool json, std::size_t file_bytes_max)
    : data_dir_(std::move(data_dir)), json_(json), file_bytes_max_(file_bytes_max) {}

task_log::~task_log() = default;

void task_log::write(log_level level, const std::string& task, const std::string& position,
                     const std::string& message) {
    const std::string time = state::time_text(std::chrono::system_clock::now());
    const std::string line =
        boost::json::serialize(boost::json::object{{"time", time},
                                                   {"level", to_string(level)},
                                                   {"task", task},
                                                   {"position", state::as_utf8(position)},
                                                   {"message", state::as_utf8(message)}}) +
        "\n";
    const std::scoped_lock lock(mutex_);
    if (json_) {
        std::fputs(line.c_str(), stderr);
    } else {
        fmt::print(stderr, "{} {}{}{} {}\n", time, to_string(level), task.empty() ? "" : " " + task,
                   position.empty() ? ":" : " at " + position + ":", one_line(message));
    }
    if (task.empty()) return;
    auto& to = files_[task];
    if (!to) to = std::make_unique<file>(data_dir_ / task, file_bytes_max_);
    to->append(line);
}

void task_log::close_files() {
    const std::scoped_lock lock(mutex_);
    files_.clear();
}

protocol::result<std::string> read_task_log(const std::filesystem::path& task_directory,
                                            std::size_t lines_max) {
    std::deque<std::string> lines;
    for (const char* name : {older_name, file_name}) {
        std::error_code failure;
        if (!std::filesystem::exists(task_directory / name, failure)) continue;
        const auto text = state::read_whole(task_directory / name);
        if (!text) return std::unexpected(text.error());
        std::string_view rest = *text;
        for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
            lines.emplace_back(rest.substr(0, end));
            rest.remove_prefix(end + 1);
            if (lines.size() > lines_max) lines.pop_front();
        }
    }
    std::string made = "{\"lines\":[";
    for (const std::string& line : lines)
        made += (made.ends_with('[') ? "" : ",") + line;
    return made + "]}";
}

} // namespace understudy::apps
