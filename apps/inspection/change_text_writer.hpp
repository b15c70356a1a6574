#pragma once

#include "apps/inspection/shown_value.hpp"
#include "apps/inspection/spooled_output.hpp"
#include "apps/styled_line.hpp"
#include "protocol/value/value_writer.hpp"
#include "relay/inspection/change.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::apps {

// Changes for a person to read: a line for each transaction, below it its statements and rows, and
// for updates a line for each changed column with its old and new value. One thread.
class change_text_writer final : public relay::inspection::change_writer {
public:
    struct options {
        bool colour = false;
        std::size_t value_bytes_max = 200; // 0: whole values
        bool shows_secrets = false;        // of statements about accounts
    };
    change_text_writer(spooled_output& out, options how) : out_(out), how_(how) {}

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
    done end(const relay::inspection::transaction& of, relay::inspection::transaction_end how,
             std::uint64_t rows_hidden) override;
    done finish() override { return out_.flush(); }

private:
    void styled(std::string_view text, style how);
    void describe(const relay::inspection::described_table& table);
    [[nodiscard]] done value(const relay::inspection::described_table& table, std::size_t column,
                             const protocol::row_image& image, style how,
                             const protocol::row_image* before = nullptr);
    [[nodiscard]] done columns(const relay::inspection::described_table& table,
                               const protocol::row_image& image);
    [[nodiscard]] done key(const relay::inspection::described_table& table,
                           const protocol::row_image& image);
    [[nodiscard]] done changes(const relay::inspection::described_table& table,
                               const protocol::row_image& before, const protocol::row_image& after);

    // Of a column of the table of layout_.
    struct column_texts {
        std::string name;    // harmless
        std::string leading; // ", name="
        std::size_t width;   // of the name on a terminal
        shown_column how;
    };

    spooled_output& out_;
    options how_;
    protocol::value_writer text_{protocol::value_form::text};
    std::uint64_t layout_ = 0;
    std::string table_name_; // harmless, with spaces around
    std::vector<column_texts> columns_;
    std::vector<std::size_t> changed_; // columns, of the update that is written
};

// "2026-02-03 12:34:56.123456", UTC.
[[nodiscard]] std::string moment_text(std::uint64_t microseconds);

// The same bytes in both images, or in neither.
[[nodiscard]] bool is_same_value(const protocol::row_image::column& left,
                                 const protocol::row_image::column& right);

} // namespace understudy::apps
