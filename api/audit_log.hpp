#pragma once

#include "protocol/result.hpp"

#include <filesystem>
#include <mutex>
#include <string>

namespace understudy::api {

// Who asked for which change, and what became of it: a JSON object in a line each, only ever
// appended. Bodies are not in it, so neither are passwords. The file is opened for each line: it
// may be moved away at any time. Any thread.
class audit_log {
public:
    explicit audit_log(std::filesystem::path file) : file_(std::move(file)) {}

    struct line {
        std::string peer;
        std::string who;
        std::string role;
        std::string method;
        std::string target; // the path, without the query
        unsigned status = 0;
    };
    // In the file when it returns; a change that cannot be noted is not made (the server refuses).
    [[nodiscard]] protocol::result<void> write(const line& what);

private:
    std::mutex mutex_;
    const std::filesystem::path file_;
};

} // namespace understudy::api
