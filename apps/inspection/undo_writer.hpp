#pragma once

#include "apps/inspection/reversed_records.hpp"
#include "apps/inspection/row_sql.hpp"
#include "apps/inspection/spooled_output.hpp"
#include "relay/inspection/change.hpp"

#include <string>

namespace understudy::apps {

// SQL that takes back what was logged: the newest transaction first, and in each of them the last
// row first. Nothing is written before everything was read, so that what cannot be taken back (DDL,
// rows of which the log holds only a part) ends it without half an answer. Memory for a few
// megabytes, the rest is in a temporary file. One thread.
class undo_writer final : public relay::inspection::change_writer {
public:
    // records: the output that the gate of the selection holds and takes back; it must give what
    // comes through to `kept`. The statements go to `out` in the end.
    undo_writer(spooled_output& records, const reversed_records& kept, spooled_output& out)
        : records_(records), kept_(kept), out_(out) {}

    done begin(const relay::inspection::transaction& in) override;
    done statement(const relay::inspection::transaction& in, const protocol::query_event& query,
                   relay::inspection::statement_kind kind,
                   const protocol::event_header& header) override;
    done row(const relay::inspection::transaction& in,
             const relay::inspection::described_table& table,
             const relay::inspection::row_change& change) override;
    done other(const relay::inspection::transaction& in,
               const relay::inspection::stream_event& event) override;
    done end(const relay::inspection::transaction& of, relay::inspection::transaction_end how,
             std::uint64_t rows_hidden) override;
    done finish() override;

private:
    [[nodiscard]] done record(std::string_view text);

    spooled_output& records_;
    const reversed_records& kept_;
    spooled_output& out_;
    row_sql sql_;
    std::string text_;
};

} // namespace understudy::apps
