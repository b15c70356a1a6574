#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <span>

namespace understudy::protocol {

// The receive buffer of one connection and the packets in it: read into free_space(), commit(),
// then next() until it has none. Packets are handed out where they were received; payloads of
// 16 MB and more are joined in place. Grows only for packets that do not fit and shrinks back when
// they are gone. Used by one connection, on its thread.
class packet_buffer {
public:
    static constexpr std::size_t usual_capacity = 512U << 10U;

    struct packet {
        std::span<const std::byte> payload; // until the next free_space()
        std::uint8_t first_sequence = 0;
        std::uint8_t last_sequence = 0;
    };

    // payload_max: a larger packet is errc::limit_exceeded.
    explicit packet_buffer(std::size_t payload_max, std::size_t capacity = usual_capacity);

    // Room to receive into, never empty. Ends the life of all packets handed out.
    [[nodiscard]] std::span<std::byte> free_space();
    void commit(std::size_t count);

    // The next complete packet, if there is one.
    [[nodiscard]] result<std::optional<packet>> next();

    // No byte received that has not been handed out as a packet.
    [[nodiscard]] bool empty() const { return begin_ == end_; }
    void set_payload_max(std::size_t limit) { payload_max_ = limit; }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }

private:
    struct release {
        void operator()(std::byte* memory) const { std::free(memory); }
    };

    void resize(std::size_t capacity);
    void move_to_front();
    [[nodiscard]] std::size_t missing() const;
    [[nodiscard]] bool oversized(std::size_t wanted) const;

    std::unique_ptr<std::byte, release> memory_;
    std::size_t usual_capacity_;
    std::size_t capacity_ = 0;
    std::size_t payload_max_;

    // memory_[begin_, end_) is received and not handed out. When the packet at begin_ has more than
    // one fragment, joined_ bytes of its payload stand behind its header, and the rest of it
    // continues at scan_ (where a packet header is).
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t scan_ = 0;
    std::size_t joined_ = 0;
    bool joining_ = false;
    std::uint8_t last_sequence_ = 0;
};

} // namespace understudy::protocol
