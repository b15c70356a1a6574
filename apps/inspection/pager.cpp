#include "apps/inspection/pager.hpp"

#include "relay/errc.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <unistd.h>

namespace understudy::apps {

using protocol::result;

pager::pager(use when) {
    // Whoever reads us may leave; that must not be the end of us by a signal.
    std::signal(SIGPIPE, SIG_IGN);
    if (when == use::never || ::isatty(STDOUT_FILENO) == 0) return;
    const char* const chosen = std::getenv("PAGER");
    if (chosen != nullptr && *chosen == '\0') return;
    // -F: end at once if it fits, -R: colours, -X: leave it on the screen.
    ::setenv("LESS", "FRX", 0);
    const std::string command = chosen != nullptr ? chosen : "less";
    if (command.starts_with("less") && ::system("command -v less >/dev/null 2>&1") != 0) return;
    std::fflush(stdout);
    std::FILE* const pipe = ::popen(command.c_str(), "we");
    if (pipe == nullptr) return;
    to_ = pipe;
    is_pipe_ = true;
}

pager::~pager() {
    if (is_pipe_)
        ::pclose(to_);
    else
        std::fflush(to_);
}

result<void> pager::write(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), to_) == text.size()) return {};
    left_ = errno == EPIPE;
    return protocol::fail(relay::errc::io_failed, "cannot write to standard output: " +
                                                      std::generic_category().message(errno));
}

result<void> pager::flush() {
    if (std::fflush(to_) == 0) return {};
    left_ = errno == EPIPE;
    return protocol::fail(relay::errc::io_failed, "cannot write to standard output: " +
                                                      std::generic_category().message(errno));
}

} // namespace understudy::apps
