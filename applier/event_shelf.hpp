#pragma once

#include "protocol/binlog/format_description.hpp"
#include "relay/frame_buffer.hpp"
#include "relay/log.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace understudy::applier {

// Keeps events that were made from others, for as long as anybody holds one: they lie one behind
// the other in shared buffers, so that there is no allocation for each. One thread.
class event_shelf {
public:
    event_shelf();

    // `event` has no checksum; it gets one where its neighbours in the log have them. It stands
    // where `origin` does.
    [[nodiscard]] relay::stored_event keep(std::span<const std::byte> event,
                                           const relay::stored_event& origin, bool has_checksum);
    // The buffer is not added to any more.
    void close() { buffer_.reset(); }

private:
    std::shared_ptr<relay::buffer_pool> pool_;
    std::shared_ptr<relay::frame_buffer> buffer_;
};

} // namespace understudy::applier
