#include "state/command_output.hpp"

#include "protocol/assert.hpp"
#include "state/errc.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace understudy::state {

namespace {

constexpr std::size_t output_bytes_max = 64U << 10U;

std::unexpected<protocol::error> failed(const std::string& program, const std::string& why) {
    return protocol::fail(errc::io_failed, program + ": " + why);
}

std::string system_text(int number) {
    return std::generic_category().message(number);
}

enum class reading : std::uint8_t { whole, too_long, too_late };

reading read_all(int fd, std::string& into, std::chrono::steady_clock::time_point give_up) {
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            give_up - std::chrono::steady_clock::now());
        if (left.count() <= 0) return reading::too_late;
        pollfd watched{fd, POLLIN, 0};
        if (::poll(&watched, 1, static_cast<int>(left.count())) <= 0) continue;
        std::array<char, 4096> buffer{};
        const ssize_t count = ::read(fd, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return reading::whole;
        into.append(buffer.data(), static_cast<std::size_t>(count));
        if (into.size() > output_bytes_max) return reading::too_long;
    }
}

protocol::result<pid_t> spawn(const std::vector<std::string>& argv, int output) {
    std::vector<std::string> texts = argv;
    std::vector<char*> pointers;
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    // The signals that our threads block are not blocked in it; a group of its own is killed whole.
    posix_spawnattr_t attributes{};
    ::posix_spawnattr_init(&attributes);
    sigset_t none{};
    sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
    pid_t pid = 0;
    const int number =
        ::posix_spawnp(&pid, pointers.front(), &actions, &attributes, pointers.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
    if (number != 0) return failed(argv.front(), "cannot be run: " + system_text(number));
    return pid;
}

} // namespace

protocol::result<std::string> command_output(const std::vector<std::string>& argv,
                                             std::chrono::milliseconds timeout) {
    UNDERSTUDY_ASSERT(!argv.empty());
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed(argv.front(), system_text(errno));
    const auto pid = spawn(argv, ends[1]);
    ::close(ends[1]);
    if (!pid) {
        ::close(ends[0]);
        return std::unexpected(pid.error());
    }
    std::string text;
    const reading how = read_all(ends[0], text, std::chrono::steady_clock::now() + timeout);
    ::close(ends[0]);
    if (how != reading::whole) ::kill(-*pid, SIGKILL);
    int status = 0;
    while (::waitpid(*pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (how == reading::too_late)
        return failed(argv.front(), "took longer than " + std::to_string(timeout.count()) + " ms");
    if (how == reading::too_long) return failed(argv.front(), "printed more than 64 KiB");
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
    return failed(argv.front(), WIFEXITED(status)
                                    ? "ended with exit code " + std::to_string(WEXITSTATUS(status))
                                    : "was ended by signal " + std::to_string(WTERMSIG(status)));
}

} // namespace understudy::state
