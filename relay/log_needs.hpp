#pragma once

#include "protocol/binlog/binlog_position.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace understudy::relay {

// From where on each user of a shared relay log still needs it, also those that are not there: a
// task that is paused, or not yet started again after a crash, must find its place when it comes
// back. A file for each in one directory, named after it, with "FILE:OFFSET" in it. What is on disk
// may be behind (then more is kept than must be), never ahead.
//
// Thread-safe.
class log_needs {
public:
    // Creates the directory. A file that is not understood is an error: what it stood for could be
    // deleted.
    [[nodiscard]] static protocol::result<std::unique_ptr<log_needs>>
    open(std::filesystem::path directory);

    // On disk when it is much. `from` is a position of the log.
    [[nodiscard]] protocol::result<void> set(const std::string& user,
                                             const protocol::binlog_position& from);
    // What is known goes to disk: the user ends.
    [[nodiscard]] protocol::result<void> save(const std::string& user);
    [[nodiscard]] protocol::result<void> forget(const std::string& user);
    // One that rests (a person has stopped it, or must mend it) can be given up when there is no
    // room; the others are only between two runs.
    void set_resting(const std::string& user, bool rests);

    struct need {
        std::string user;
        protocol::binlog_position from;
        bool rests = false;
    };
    [[nodiscard]] std::optional<need> first() const; // of all
    [[nodiscard]] std::optional<need> find(const std::string& user) const;
    [[nodiscard]] std::vector<std::string> users() const;

private:
    struct known {
        protocol::binlog_position from;
        protocol::binlog_position on_disk{};
        bool rests = false;
    };
    explicit log_needs(std::filesystem::path directory) : directory_(std::move(directory)) {}
    [[nodiscard]] protocol::result<void> write(const std::string& user, known& value) const;

    const std::filesystem::path directory_;
    mutable std::mutex mutex_;
    std::map<std::string, known> needs_;
};

} // namespace understudy::relay
