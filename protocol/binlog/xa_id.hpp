#pragma once

#include "protocol/binlog/event_header.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::protocol {

// The name of an XA transaction: XA COMMIT X'gtrid',X'bqual',format. Names are compared by bytes;
// gtrid and bqual have at most 64 bytes each.
struct xa_id {
    std::uint32_t format = 1;
    std::string gtrid;
    std::string bqual;

    // As servers write it into statements of the binary log: X'6162',X'',1. At most 275 characters.
    [[nodiscard]] std::string to_string() const;
    // That form, and 'text' instead of X'hex', with the last two parts optional. Behind it only
    // blanks or the word ONE PHASE may come.
    [[nodiscard]] static std::optional<xa_id> parse(std::string_view text);

    bool operator==(const xa_id&) const = default;
};

// XA_PREPARE: the end of an XA transaction in the log, prepared or, in one phase, committed.
struct xa_prepare_event {
    bool one_phase = false;
    xa_id id;
};

[[nodiscard]] result<xa_prepare_event> decode_xa_prepare(const event_view& event);

} // namespace understudy::protocol
