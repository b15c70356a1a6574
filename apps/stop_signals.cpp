#include "apps/stop_signals.hpp"

#include <ctime>
#include <pthread.h>

namespace understudy::apps {

stop_signals::stop_signals() {
    sigemptyset(&taken_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH})
        sigaddset(&taken_, signal);
    ::pthread_sigmask(SIG_BLOCK, &taken_, &before_);
    std::signal(SIGPIPE, SIG_IGN);
}

stop_signals::~stop_signals() {
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> stop_signals::wait(std::chrono::milliseconds timeout) const {
    const timespec limit{.tv_sec = timeout.count() / 1'000,
                         .tv_nsec = timeout.count() % 1'000 * 1'000'000};
    const int signal = ::sigtimedwait(&taken_, nullptr, &limit);
    if (signal < 0) return std::nullopt;
    return signal;
}

} // namespace understudy::apps
