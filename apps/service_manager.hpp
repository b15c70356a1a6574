#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace understudy::apps {

// What systemd is told over $NOTIFY_SOCKET (sd_notify(3)); nothing without it. One thread.
class service_manager {
public:
    service_manager();
    ~service_manager();
    service_manager(const service_manager&) = delete;
    service_manager& operator=(const service_manager&) = delete;

    void ready(const std::string& status); // "READY=1"
    void reloading();
    void stopping();
    void alive(); // "WATCHDOG=1"
    // How often alive() is wanted: half of what the unit says; nothing without WatchdogSec=.
    [[nodiscard]] std::optional<std::chrono::milliseconds> watchdog_interval() const {
        return watchdog_;
    }

private:
    void send(const std::string& text) const;

    int socket_ = -1;
    std::string path_;
    std::optional<std::chrono::milliseconds> watchdog_;
};

} // namespace understudy::apps
