#pragma once

#include "tests/api/http_conversation.hpp"
#include "tests/support/child_process.hpp"

#include <boost/json/value.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::test {

// `understudy serve` with a data directory of its own, on a free loopback port unless `more` has a
// --listen, and how one speaks to it (without TLS). Ends with the object; errors of starting are
// std::runtime_error. One thread.
class serving_daemon {
public:
    explicit serving_daemon(std::filesystem::path data_dir, std::vector<std::string> more = {},
                            std::vector<std::string> environment = {});

    void start(); // once more, after it has ended

    [[nodiscard]] std::filesystem::path output() const { return data_dir_.string() + ".log"; }
    [[nodiscard]] child_process& process() { return *process_; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] const std::string& token() const { return token_; } // of the owner

    void kill_9();
    std::chrono::milliseconds terminate(); // how long it took

    [[nodiscard]] http_reply call(std::string_view method, std::string_view path,
                                  std::string_view body = {});
    // The body of an answer that has to be 200.
    [[nodiscard]] boost::json::value get(const std::string& path);
    [[nodiscard]] std::string state(const std::string& task);
    [[nodiscard]] bool wait_for(const std::string& task, const std::string& wanted,
                                std::chrono::milliseconds timeout = std::chrono::seconds(60));
    // The command line, against this daemon.
    [[nodiscard]] finished_process run(std::vector<std::string> arguments);

private:
    [[nodiscard]] bool read_address();

    std::filesystem::path data_dir_;
    std::vector<std::string> more_;
    std::vector<std::string> environment_;
    std::optional<child_process> process_;
    std::uint16_t port_ = 0;
    std::string token_;
};

} // namespace understudy::test
