#include "apps/service_manager.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace understudy::apps {

namespace {

std::optional<std::uint64_t> number_of(const char* variable) {
    const char* text = std::getenv(variable);
    if (text == nullptr) return std::nullopt;
    std::uint64_t value = 0;
    const char* end = text + std::strlen(text);
    const auto [stopped, failed] = std::from_chars(text, end, value);
    return failed == std::errc() && stopped == end ? std::optional(value) : std::nullopt;
}

} // namespace

service_manager::service_manager() {
    const char* path = std::getenv("NOTIFY_SOCKET");
    if (path == nullptr || std::strlen(path) < 2 ||
        std::strlen(path) >= sizeof(sockaddr_un::sun_path))
        return;
    path_ = path;
    socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const auto meant_for = number_of("WATCHDOG_PID");
    const bool ours = !meant_for || *meant_for == static_cast<std::uint64_t>(::getpid());
    if (const auto usec = number_of("WATCHDOG_USEC"); usec && *usec > 0 && ours)
        watchdog_ = std::chrono::milliseconds(*usec / 2'000);
}

service_manager::~service_manager() {
    if (socket_ >= 0) ::close(socket_);
}

// A name that begins with @ is in the abstract namespace: its first byte is NUL.
void service_manager::send(const std::string& text) const {
    if (socket_ < 0) return;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path, path_.data(), path_.size());
    if (path_.front() == '@') to.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
    const void* address = &to;
    ::sendto(socket_, text.data(), text.size(), MSG_NOSIGNAL, static_cast<const sockaddr*>(address),
             size);
}

void service_manager::ready(const std::string& status) {
    send("READY=1\nSTATUS=" + status + "\n");
}

// Type=notify-reload wants the time with it.
void service_manager::reloading() {
    timespec now{};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    const auto microseconds = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000U +
                              static_cast<std::uint64_t>(now.tv_nsec) / 1'000U;
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds) + "\n");
}

void service_manager::stopping() {
    send("STOPPING=1\n");
}

void service_manager::alive() {
    send("WATCHDOG=1\n");
}

} // namespace understudy::apps
