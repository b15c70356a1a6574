#pragma once

#include "protocol/result.hpp"
#include "protocol/session/result_set.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace understudy::protocol {

// The answer to COM_QUERY, packet by packet (manual: "COM_QUERY Response"):
//
//   OK | ERR | column count, columns, [EOF], rows, (EOF | OK with header 0xfe | ERR)
//
// Pure. One object per query.
class query_response {
public:
    enum class part : std::uint8_t {
        more,    // nothing to tell yet
        columns, // columns() is complete; rows follow
        row,     // this packet is a row: decode_text_row it
        done,    // ok() is known; no more packets
    };

    // deprecate_eof: whether CLIENT_DEPRECATE_EOF is agreed.
    explicit query_response(bool deprecate_eof) : deprecate_eof_(deprecate_eof) {}

    // An ERR packet is errc::server_error: the query is over, the connection goes on. Every other
    // error means that the conversation cannot be followed any longer.
    [[nodiscard]] result<part> feed(std::span<const std::byte> payload);

    [[nodiscard]] const std::vector<result_column>& columns() const { return columns_; }
    [[nodiscard]] const ok_packet& ok() const { return ok_; }
    [[nodiscard]] bool is_done() const { return state_ == state::done; }

private:
    enum class state : std::uint8_t { start, columns, columns_end, rows, done };

    [[nodiscard]] result<part> on_start(std::span<const std::byte> payload);
    [[nodiscard]] result<part> on_column(std::span<const std::byte> payload);
    [[nodiscard]] result<part> on_row(std::span<const std::byte> payload);
    [[nodiscard]] result<part> finish(result<ok_packet> ok);

    std::vector<result_column> columns_;
    std::size_t column_count_ = 0;
    ok_packet ok_;
    state state_ = state::start;
    bool deprecate_eof_;
};

// Cuts a row packet into `row`, whose memory is used again. Views live as long as the payload.
[[nodiscard]] result<void> decode_text_row(std::span<const std::byte> payload,
                                           std::size_t column_count, text_row& row);

} // namespace understudy::protocol
