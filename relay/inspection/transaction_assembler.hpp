#pragma once

#include "protocol/binlog/boundary.hpp"
#include "relay/inspection/event_stream.hpp"
#include "relay/inspection/transaction.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace understudy::relay::inspection {

// Events in, transactions out, as the shared boundary tells them apart. Passes everything on as it
// comes: memory for table maps, never for a transaction. Pure. One thread.
class transaction_assembler {
public:
    explicit transaction_assembler(transaction_visitor& visitor) : visitor_(visitor) {}

    // Errors: those of the visitor, events that break the order of the log, rows without their
    // TABLE_MAP; all with the event's place.
    [[nodiscard]] protocol::result<void> feed(const stream_event& event);
    [[nodiscard]] bool in_transaction() const { return open_; }
    [[nodiscard]] const transaction& current() const { return transaction_; }

private:
    struct known_table {
        std::vector<std::byte> event; // the map's views point into this
        mapped_table table;
        std::uint64_t statement = 0; // in which it came
        bool wanted = false;
    };

    [[nodiscard]] protocol::result<void> feed_packed(const stream_event& event);
    [[nodiscard]] protocol::result<void> feed_unpacked(const stream_event& event);
    [[nodiscard]] protocol::result<void> start(const stream_event& event);
    [[nodiscard]] protocol::result<void> finish(transaction_end how);
    [[nodiscard]] protocol::result<void> content(const stream_event& event);
    [[nodiscard]] protocol::result<void> uncompressed(const stream_event& event);
    [[nodiscard]] protocol::result<void> query(const stream_event& event);
    [[nodiscard]] protocol::result<void> map_table(const stream_event& event);
    [[nodiscard]] protocol::result<void> rows(const stream_event& event);

    transaction_visitor& visitor_;
    protocol::boundary boundary_;
    protocol::boundary inner_; // of the events in a payload
    bool open_ = false;
    bool wanted_ = false;
    bool in_payload_ = false;
    transaction_end how_ = transaction_end::committed;
    transaction transaction_;
    std::map<std::uint64_t, known_table> tables_;
    std::vector<std::byte> plain_; // an event of MariaDB without its compression
    std::uint64_t next_layout_ = 1;
    std::uint64_t statement_ = 1; // maps are good in theirs
};

} // namespace understudy::relay::inspection
