#pragma once

#include "applier/compressed_columns.hpp"
#include "applier/event_shelf.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/transaction_payload.hpp"
#include "relay/log.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace understudy::applier {

// The relay log as it would be without compression (binlog_transaction_compression, and MariaDB's
// log_bin_compress and its COMPRESSED columns): in place of each TRANSACTION_PAYLOAD event come the
// events inside, with checksums like their neighbours'. All of them end where the payload ends.
// Holds the payload's own bytes and a buffer of events, never the whole transaction. Used like the
// reader it wraps.
class unpacking_reader final : public relay::reader {
public:
    explicit unpacking_reader(std::unique_ptr<relay::reader> packed);

    [[nodiscard]] protocol::result<std::optional<relay::stored_event>> next() override;
    // Nobody knows what comes out of a log that is compressed.
    [[nodiscard]] std::optional<std::uint64_t> unread() const override {
        return is_compressed_ ? std::nullopt : packed_->unread();
    }
    void release_until(const protocol::binlog_position& applied) override {
        packed_->release_until(applied);
    }

private:
    [[nodiscard]] relay::stored_event keep(std::span<const std::byte> event,
                                           const relay::stored_event& packed) {
        return shelf_.keep(event, packed, format_.has_checksum());
    }
    [[nodiscard]] protocol::result<std::optional<relay::stored_event>>
    uncompressed(const relay::stored_event& stored, bool is_compressed);

    std::unique_ptr<relay::reader> packed_;
    event_shelf shelf_;
    protocol::format_description format_;
    std::vector<std::byte> plain_; // an event of MariaDB without its compression
    compressed_columns columns_;
    bool is_compressed_ = false;  // something was
    relay::stored_event payload_; // being unpacked
    std::optional<protocol::payload_events> events_;
};

} // namespace understudy::applier
