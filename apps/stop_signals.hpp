#pragma once

#include <chrono>
#include <csignal>
#include <optional>

namespace understudy::apps {

// SIGINT, SIGTERM, SIGHUP and SIGWINCH, taken one by one by the thread that made this instead of
// interrupting any. Make it before other threads start: they inherit that these are blocked.
// SIGPIPE is ignored from then on.
class stop_signals {
public:
    stop_signals();
    ~stop_signals();
    stop_signals(const stop_signals&) = delete;
    stop_signals& operator=(const stop_signals&) = delete;

    // The next signal; nothing if none came in that time.
    [[nodiscard]] std::optional<int> wait(std::chrono::milliseconds timeout) const;

private:
    sigset_t taken_{};
    sigset_t before_{};
};

} // namespace understudy::apps
