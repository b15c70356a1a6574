#pragma once

#include "protocol/result.hpp"
#include "relay/inspection/ordered_turns.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace understudy::apps {

// What one thread writes of its pieces, on its way to where everything goes in the order of the
// log: at once while the piece is the first that is not through, else kept until then. Memory for
// some megabytes: a piece that gives more waits for its turn. One thread, but for what take()
// gives.
class turn_output {
public:
    // to: is never called by two threads at once.
    using sink = std::function<protocol::result<void>(std::string_view)>;
    explicit turn_output(sink to, std::size_t memory_max = 8U << 20U)
        : to_(std::move(to)), memory_max_(memory_max) {}

    void begin(relay::inspection::ordered_turns& turns, std::size_t number);
    [[nodiscard]] protocol::result<void> write(std::string_view text);
    // Gives out the rest of the piece; to be done when its turn comes.
    [[nodiscard]] relay::inspection::ordered_turns::delivery take();
    void drop() { kept_.clear(); }

private:
    [[nodiscard]] protocol::result<void> write_kept();

    sink to_;
    std::size_t memory_max_;
    relay::inspection::ordered_turns* turns_ = nullptr;
    std::size_t number_ = 0;
    bool is_first_ = false;
    std::string kept_;
};

} // namespace understudy::apps
