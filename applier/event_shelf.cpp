#include "applier/event_shelf.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace understudy::applier {

namespace {

constexpr std::size_t buffer_size = 256U << 10U;
constexpr std::size_t spare_buffers = 4;

std::array<std::byte, 4> little_endian(std::uint32_t value) {
    std::array<std::byte, 4> bytes{};
    for (auto& byte : bytes) {
        byte = static_cast<std::byte>(value & 0xffU);
        value >>= 8U;
    }
    return bytes;
}

} // namespace

event_shelf::event_shelf()
    : pool_(std::make_shared<relay::buffer_pool>(buffer_size, spare_buffers)) {}

relay::stored_event event_shelf::keep(std::span<const std::byte> event,
                                      const relay::stored_event& origin, bool has_checksum) {
    const auto size = event.size() + (has_checksum ? protocol::event_checksum_size : 0);
    if (!buffer_ || buffer_->room() < size) {
        buffer_ =
            std::make_shared<relay::frame_buffer>(pool_, std::max(size, buffer_size), origin.file);
    }
    constexpr std::size_t length_at = 9;
    const auto start = buffer_->size();
    if (has_checksum) {
        buffer_->append(event.first(length_at));
        buffer_->append(little_endian(static_cast<std::uint32_t>(size)));
        buffer_->append(event.subspan(length_at + 4));
        buffer_->append(little_endian(protocol::checksum_of(buffer_->bytes().subspan(start))));
    } else {
        buffer_->append(event);
    }
    return {buffer_, buffer_->bytes().subspan(start, size), origin.file, origin.end_offset};
}

} // namespace understudy::applier
