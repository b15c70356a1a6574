#pragma once

#include "apps/inspection/row_sql.hpp"
#include "apps/inspection/spooled_output.hpp"
#include "relay/inspection/change.hpp"

#include <string>
#include <string_view>

namespace understudy::apps {

// SQL for the mysql client that does again what was logged, transaction by transaction. One thread.
class redo_writer final : public relay::inspection::change_writer {
public:
    // Without secrets, statements that have some are comments.
    redo_writer(spooled_output& out, bool shows_secrets)
        : out_(out), shows_secrets_(shows_secrets) {}

    // What comes now may be executed behind anything.
    void begin_session() { for_rows_ = false; }

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
    done finish() override { return out_.flush(); }

private:
    void enter_rows(std::uint16_t flags);
    void enter_transaction();

    spooled_output& out_;
    bool shows_secrets_;
    row_sql sql_;
    bool for_rows_ = false; // the session has row_session_settings
    bool begun_ = false;
    bool in_xa_ = false;      // XA START is written
    std::uint16_t flags_ = 0; // rows_flag that decide about checks, as the session has them
};

// "-- 2026-02-03 12:34:56  uuid:5  binlog.000003:157"
[[nodiscard]] std::string transaction_comment(const relay::inspection::transaction& of);

} // namespace understudy::apps
