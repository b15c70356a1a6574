#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace understudy::protocol {

// The body of a TRANSACTION_PAYLOAD event (binlog_transaction_compression, MySQL 8.0.20): a whole
// transaction from BEGIN to XID as one compressed block. Its fields are type, length and value, all
// length-encoded (mysql::binlog::event::codecs). `data` lives as long as the event's bytes.
struct transaction_payload {
    enum class compression : std::uint8_t { zstd = 0, none = 255 };
    compression algorithm = compression::none;
    // What the source says, not to be believed: nothing is allocated for it.
    std::uint64_t uncompressed_size = 0;
    std::span<const std::byte> data;
};

[[nodiscard]] result<transaction_payload> decode_transaction_payload(const event_view& event);

// The events inside, one after the other; memory for one event and zstd's window, whatever the size
// of the transaction. They have no checksum, whatever the format description says, and end_log_pos
// 0. The payload's bytes must live as long. One thread.
class payload_events {
public:
    explicit payload_events(const transaction_payload& payload);
    ~payload_events();
    payload_events(payload_events&&) noexcept;
    payload_events& operator=(payload_events&&) noexcept;

    // A whole event, good until the next call; nullopt at the end. truncated or malformed when the
    // block or an event in it ends early, limit_exceeded above event_size_max.
    [[nodiscard]] result<std::optional<std::span<const std::byte>>> next();

    static constexpr std::uint32_t event_size_max = 1U << 30U; // the server's max_allowed_packet

private:
    struct decompressor;
    // False: there is nothing more to decompress.
    [[nodiscard]] result<bool> fill();

    std::unique_ptr<decompressor> decompressor_; // none for uncompressed payloads
    std::span<const std::byte> rest_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0; // of what has not been given out
};

} // namespace understudy::protocol
