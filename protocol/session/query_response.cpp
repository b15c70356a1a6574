#include "protocol/session/query_response.hpp"

#include "protocol/assert.hpp"
#include "protocol/errc.hpp"
#include "protocol/session/packets.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/packet_framing.hpp"

#include <string>
#include <utility>

namespace understudy::protocol {

namespace {

// The most columns a table can have is 4096; a SELECT may name some more.
constexpr std::size_t column_count_max = 65'535;

result<result_column> decode_column(std::span<const std::byte> payload) {
    byte_reader reader(payload);
    result_column column;
    reader.lenenc_bytes(); // catalog
    reader.lenenc_bytes(); // database
    column.table = reader.lenenc_text();
    reader.lenenc_bytes(); // table before its alias
    column.name = reader.lenenc_text();
    reader.lenenc_bytes(); // column before its alias
    byte_reader fixed(reader.lenenc_bytes());
    column.collation = fixed.u16();
    column.length = fixed.u32();
    column.type = fixed.u8();
    column.flags = fixed.u16();
    column.decimals = fixed.u8();
    if (!reader.ok() || !fixed.ok()) {
        return fail(errc::truncated, "a column definition ends before its last field");
    }
    return column;
}

} // namespace

result<query_response::part> query_response::feed(std::span<const std::byte> payload) {
    UNDERSTUDY_ASSERT(!is_done());
    if (payload.empty()) {
        // Only a row could be, and a row has at least one column with at least one byte.
        return fail(errc::malformed, "the server answers a query with an empty packet");
    }
    if (is_error(payload)) {
        state_ = state::done;
        return std::unexpected(decode_error(payload));
    }
    switch (state_) {
    case state::start: return on_start(payload);
    case state::columns: return on_column(payload);
    case state::columns_end:
        if (!is_eof(payload)) {
            return fail(errc::malformed, "no EOF packet ends the column definitions");
        }
        state_ = state::rows;
        return part::columns;
    case state::rows: return on_row(payload);
    case state::done: break;
    }
    std::unreachable();
}

result<query_response::part> query_response::on_start(std::span<const std::byte> payload) {
    if (payload.front() == ok_header) return finish(decode_ok(payload));
    if (payload.front() == local_infile_header) {
        // We do not agree to LOCAL INFILE, so only a hostile server asks.
        return fail(errc::malformed, "the server asks for a local file, which was not agreed on");
    }
    byte_reader reader(payload);
    const auto count = reader.lenenc();
    if (auto status = reader.finish("a column count"); !status) {
        return std::unexpected(std::move(status.error()));
    }
    if (count == 0 || count > column_count_max) {
        return fail(errc::malformed, "a result of " + std::to_string(count) + " columns");
    }
    column_count_ = static_cast<std::size_t>(count);
    state_ = state::columns;
    return part::more;
}

result<query_response::part> query_response::on_column(std::span<const std::byte> payload) {
    auto column = decode_column(payload);
    if (!column) return std::unexpected(std::move(column.error()));
    columns_.push_back(*std::move(column));
    if (columns_.size() < column_count_) return part::more;
    state_ = deprecate_eof_ ? state::rows : state::columns_end;
    return deprecate_eof_ ? part::columns : part::more;
}

result<query_response::part> query_response::on_row(std::span<const std::byte> payload) {
    // A row that starts with 0xfe has a first value of 16 MB or more, so it fills its packet.
    if (deprecate_eof_ && payload.front() == eof_header && payload.size() < packet_payload_max) {
        return finish(decode_ok(payload));
    }
    if (!deprecate_eof_ && is_eof(payload)) return finish(decode_eof(payload));
    return part::row;
}

result<query_response::part> query_response::finish(result<ok_packet> ok) {
    if (!ok) return std::unexpected(std::move(ok.error()));
    ok_ = *std::move(ok);
    state_ = state::done;
    return part::done;
}

result<void> decode_text_row(std::span<const std::byte> payload, std::size_t column_count,
                             text_row& row) {
    byte_reader reader(payload);
    row.fields.clear();
    for (std::size_t i = 0; i < column_count; ++i) {
        row.fields.push_back(reader.nullable_lenenc_text());
    }
    return reader.finish("a row");
}

} // namespace understudy::protocol
