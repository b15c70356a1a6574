#pragma once

#include "relay/inspect.hpp"
#include "relay/inspection/transaction.hpp"

#include <cstdint>
#include <optional>

namespace understudy::relay::inspection {

// What is looked at in the events of a log beyond what reading them does (framing, checksums, the
// order of events in transactions): that positions go on without a gap inside of transactions, and
// that rows fit their maps. Counts on the way. One thread.
class event_checks final : public transaction_visitor {
public:
    done event(const stream_event& event, const transaction* inside) override;
    protocol::result<bool> begin(const transaction&) override { return true; }
    done statement(const transaction&, const protocol::query_event&,
                   const protocol::event_header&) override {
        return {};
    }
    done rows(const transaction&, const table_rows& change) override;
    done end(const transaction& one, transaction_end) override;

    [[nodiscard]] segment_summary& summary() { return summary_; }
    // Whether the server closed the file; nothing: these events do not say.
    [[nodiscard]] std::optional<bool> closed() const { return closed_; }

private:
    [[nodiscard]] done check_position(const stream_event& event, const transaction* inside);

    segment_summary summary_;
    std::uint32_t end_log_pos_ = 0; // of the event before
    std::uint64_t inside_ = 0;      // where its transaction begins; 0: in none
    std::optional<bool> closed_;
};

} // namespace understudy::relay::inspection
