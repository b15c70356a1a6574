#include "protocol/wire/packet_buffer.hpp"

#include "protocol/assert.hpp"
#include "protocol/errc.hpp"
#include "protocol/wire/packet_framing.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>
#include <tuple>

namespace understudy::protocol {

namespace {

std::size_t payload_size_at(const std::byte* header) {
    return std::to_integer<std::size_t>(header[0]) | std::to_integer<std::size_t>(header[1]) << 8U |
           std::to_integer<std::size_t>(header[2]) << 16U;
}

} // namespace

packet_buffer::packet_buffer(std::size_t payload_max, std::size_t capacity)
    : usual_capacity_(capacity), payload_max_(payload_max) {
    UNDERSTUDY_ASSERT(capacity >= 2 * packet_header_size);
    resize(capacity);
}

// realloc, because for large blocks it remaps pages instead of copying them.
void packet_buffer::resize(std::size_t capacity) {
    auto* grown = static_cast<std::byte*>(std::realloc(memory_.get(), capacity));
    if (grown == nullptr) throw std::bad_alloc();
    std::ignore = memory_.release();
    memory_.reset(grown);
    capacity_ = capacity;
}

// How many bytes the fragment under way still lacks, as far as its header tells.
std::size_t packet_buffer::missing() const {
    const auto have = end_ - scan_;
    if (have < packet_header_size) return packet_header_size - have;
    const auto whole = packet_header_size + payload_size_at(memory_.get() + scan_);
    return whole > have ? whole - have : 1;
}

// Not at the first byte too many: a run of packets of a megabyte would pay for fresh pages each
// time.
bool packet_buffer::oversized(std::size_t wanted) const {
    return capacity_ > 4 * usual_capacity_ && wanted <= usual_capacity_;
}

void packet_buffer::move_to_front() {
    std::memmove(memory_.get(), memory_.get() + begin_, end_ - begin_);
    scan_ -= begin_;
    end_ -= begin_;
    begin_ = 0;
}

std::span<std::byte> packet_buffer::free_space() {
    if (!joining_) scan_ = begin_;
    const auto held = end_ - begin_;
    const auto needed = missing();
    if (held == 0) {
        begin_ = end_ = scan_ = 0;
    } else if (capacity_ - end_ < needed || oversized(held + needed) ||
               (capacity_ - end_ < usual_capacity_ / 4 && held <= usual_capacity_ / 8)) {
        // A packet larger than the buffer is moved at most once per fragment; leftovers of a batch
        // of small ones are small.
        move_to_front();
    }
    if (capacity_ - end_ < needed) {
        resize(end_ + needed + usual_capacity_ / 2);
    } else if (oversized(end_ + needed)) {
        resize(usual_capacity_);
    }
    return {memory_.get() + end_, capacity_ - end_};
}

void packet_buffer::commit(std::size_t count) {
    UNDERSTUDY_ASSERT(count <= capacity_ - end_);
    end_ += count;
}

result<std::optional<packet_buffer::packet>> packet_buffer::next() {
    if (!joining_) scan_ = begin_;
    for (;;) {
        if (end_ - scan_ < packet_header_size) return std::nullopt;
        auto* const header = memory_.get() + scan_;
        const auto size = payload_size_at(header);
        if (joined_ + size > payload_max_) {
            return fail(errc::limit_exceeded, "the server sends a packet of more than " +
                                                  std::to_string(payload_max_) + " bytes");
        }
        if (end_ - scan_ < packet_header_size + size) return std::nullopt;

        const auto sequence = std::to_integer<std::uint8_t>(header[3]);
        const auto expected = static_cast<std::uint8_t>(last_sequence_ + 1);
        if (joining_ && sequence != expected) {
            return fail(errc::malformed, "the parts of a large packet are out of order (number " +
                                             std::to_string(sequence) + " where " +
                                             std::to_string(expected) + " comes next)");
        }
        auto* const payload = memory_.get() + begin_ + packet_header_size;
        if (joining_) std::memmove(payload + joined_, header + packet_header_size, size);
        last_sequence_ = sequence;
        joined_ += size;
        scan_ += packet_header_size + size;
        joining_ = true;
        if (size == packet_payload_max) continue;

        packet found{
            {payload, joined_}, std::to_integer<std::uint8_t>(memory_.get()[begin_ + 3]), sequence};
        begin_ = scan_;
        joined_ = 0;
        joining_ = false;
        return found;
    }
}

} // namespace understudy::protocol
