#pragma once

#include "protocol/result.hpp"

#include <cstdio>
#include <string>
#include <string_view>

namespace understudy::apps {

// Standard output, behind a pager when it is a terminal: $PAGER, else less, which ends by itself
// when everything fits on the screen. One at a time. The destructor waits for the pager.
class pager {
public:
    enum class use : std::uint8_t { never, on_a_terminal };
    explicit pager(use when);
    ~pager();
    pager(const pager&) = delete;
    pager& operator=(const pager&) = delete;

    // errc::io_failed of the relay room, when nobody reads any more or the disk is full.
    [[nodiscard]] protocol::result<void> write(std::string_view text);
    [[nodiscard]] protocol::result<void> flush();
    // The user has left the pager: no failure.
    [[nodiscard]] bool left() const { return left_; }

private:
    std::FILE* to_ = stdout;
    bool is_pipe_ = false;
    bool left_ = false;
};

} // namespace understudy::apps
