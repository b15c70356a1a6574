#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

// A program that a test runs. It dies with the test process, even when that is killed with
// SIGKILL: the kernel sends SIGKILL to the child then (PR_SET_PDEATHSIG).
//
//   child_process server = child_process::start({.argv = {"/path/mysqld", "--datadir=…"},
//                                                .output_file = log, .error_file = log});
//   server.kill(SIGTERM);
//   std::optional<exit_status> end = server.wait(10s);
//
// Any thread may start one; one thread at a time may use it. What fails here is a test that cannot
// go on, so errors are std::runtime_error.
namespace understudy::test {

struct command {
    std::vector<std::string> argv;        // the program's path, or a name found in PATH
    std::vector<std::string> environment; // "NAME=value", beside the test's own
    std::filesystem::path output_file{};  // empty: /dev/null; both may be the same file
    std::filesystem::path error_file{};
};

struct exit_status {
    int code = 0;            // -1 when a signal ended it
    int signal = 0;          // 0 when it ended by itself
    long memory_max_kib = 0; // largest resident set it ever had
};

class child_process {
public:
    [[nodiscard]] static child_process start(const command& what);

    child_process(child_process&& other) noexcept;
    child_process& operator=(child_process&& other) noexcept;
    child_process(const child_process&) = delete;
    child_process& operator=(const child_process&) = delete;
    ~child_process(); // kills it with SIGKILL and reaps it

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool running();
    void kill(int signal);
    // Empty when it still runs after that time. Once it has ended, every call gives its status.
    [[nodiscard]] std::optional<exit_status> wait(std::chrono::milliseconds timeout);

private:
    child_process(pid_t pid, int pid_descriptor);
    void end() noexcept;

    pid_t pid_ = -1;
    int pid_descriptor_ = -1;
    std::optional<exit_status> status_;
};

struct finished_process {
    exit_status status;
    std::string output;
    std::string error;
};

// Runs to the end; throws when that takes longer than `timeout` (and kills it).
[[nodiscard]] finished_process run_to_end(command what, std::chrono::milliseconds timeout);

// The same for a program that must succeed; gives what it wrote on its standard output.
std::string run_successfully(command what, std::chrono::milliseconds timeout);

[[nodiscard]] std::string file_text(const std::filesystem::path& file);

} // namespace understudy::test
