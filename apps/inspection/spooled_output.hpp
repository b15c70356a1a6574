#pragma once

#include "apps/inspection/temporary_file.hpp"
#include "relay/inspection/change_selector.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace understudy::apps {

// Text on its way out, of which the last part can be held and taken back. Memory for some
// megabytes: what is held beyond goes to a temporary file. One thread.
class spooled_output final : public relay::inspection::output_gate {
public:
    using sink = std::function<protocol::result<void>(std::string_view)>;
    explicit spooled_output(sink to, std::size_t memory_max = 4U << 20U)
        : to_(std::move(to)), memory_max_(memory_max) {}

    // Writers append here and call written() when a piece is whole.
    [[nodiscard]] std::string& text() { return pending_; }
    [[nodiscard]] protocol::result<void> written();
    // Everything that is not held.
    [[nodiscard]] protocol::result<void> flush();

    void hold() override;
    [[nodiscard]] protocol::result<void> release() override;
    [[nodiscard]] protocol::result<void> discard() override;

private:
    [[nodiscard]] protocol::result<void> send_free_part();

    sink to_;
    std::size_t memory_max_;
    std::string pending_;
    bool held_ = false;
    std::size_t held_from_ = 0; // in pending_
    temporary_file spilled_;    // of what is held, before pending_
};

} // namespace understudy::apps
