#pragma once

#include "protocol/result.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>

namespace understudy::apps {

// What a daemon leaves in its data directory for the command line, readable by its user alone:
//   serve.lock  locked while it runs, with its pid
//   serve.json  how its API is reached
//   api-token   a token with the role of the owner, made anew at each start
//   api-certificate.pem  what an API with TLS shows at the moment: its own file may be another by
//               now, that of a renewal before the reload
struct daemon_address {
    pid_t pid = 0;
    std::string url;                   // "http://127.0.0.1:8470"
    std::filesystem::path certificate; // of an API with TLS
    std::string token;
};

class daemon_files {
public:
    // Takes the lock and makes a token; state::errc::already_running names the daemon that has it.
    [[nodiscard]] static protocol::result<std::unique_ptr<daemon_files>>
    open(const std::filesystem::path& data_dir);
    ~daemon_files(); // removes all but the lock
    daemon_files(const daemon_files&) = delete;
    daemon_files& operator=(const daemon_files&) = delete;

    [[nodiscard]] const std::string& token() const { return token_; }
    // `certificate` as PEM, empty without TLS. May be told again.
    [[nodiscard]] protocol::result<void> announce(const std::string& url,
                                                  const std::string& certificate);

    // The daemon of that directory, if one runs. An error: it runs, and its files cannot be read
    // (by this user).
    [[nodiscard]] static protocol::result<std::optional<daemon_address>>
    find(const std::filesystem::path& data_dir);

private:
    daemon_files(std::filesystem::path data_dir, int lock_fd, std::string token);
    const std::filesystem::path data_dir_;
    const int lock_fd_;
    const std::string token_;
};

} // namespace understudy::apps
