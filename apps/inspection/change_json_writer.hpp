#pragma once

#include "apps/inspection/spooled_output.hpp"
#include "protocol/value/value_writer.hpp"
#include "relay/inspection/change.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::apps {

// A JSON object in a line for each row and each statement, with its transaction's GTID, place and
// time; values whole, as protocol::value_form::json. One thread.
class change_json_writer final : public relay::inspection::change_writer {
public:
    change_json_writer(spooled_output& out, bool shows_secrets)
        : out_(out), shows_secrets_(shows_secrets) {}

    done begin(const relay::inspection::transaction& in) override;
    done annotation(const relay::inspection::transaction& in, std::string_view text) override;
    done statement(const relay::inspection::transaction& in, const protocol::query_event& query,
                   relay::inspection::statement_kind kind,
                   const protocol::event_header& header) override;
    done row(const relay::inspection::transaction& in,
             const relay::inspection::described_table& table,
             const relay::inspection::row_change& change) override;
    done other(const relay::inspection::transaction& in,
               const relay::inspection::stream_event& event) override;
    done end(const relay::inspection::transaction&, relay::inspection::transaction_end,
             std::uint64_t) override {
        return {};
    }
    done finish() override { return out_.flush(); }

private:
    void open_line(std::string_view kind);
    [[nodiscard]] done close_line();
    [[nodiscard]] done image(std::string_view name, const relay::inspection::described_table& table,
                             const protocol::row_image& values, const protocol::row_image* before);

    spooled_output& out_;
    bool shows_secrets_;
    std::string head_; // what all lines of the transaction begin with
    protocol::value_writer values_{protocol::value_form::json};
    protocol::text_converter converter_;
    std::string text_;
};

} // namespace understudy::apps
