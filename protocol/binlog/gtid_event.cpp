#include "protocol/binlog/gtid_event.hpp"

#include "protocol/binlog/gtid_tagged_event.hpp"
#include "protocol/errc.hpp"
#include "protocol/gtid/gtid_text.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <algorithm>

namespace understudy::protocol {

namespace {

constexpr std::uint8_t logical_clock_type = 2;
constexpr std::uint64_t original_timestamp_follows = std::uint64_t{1} << 55;
constexpr std::uint32_t original_version_follows = std::uint32_t{1} << 31;

// What 5.7, 8.0 and newer append one after the other, each only if bytes remain.
void read_timestamps(byte_reader& in, gtid_event& decoded) {
    if (in.at_end()) {
        return;
    }
    const auto immediate = in.little_endian(7);
    decoded.immediate_commit_timestamp = immediate & ~original_timestamp_follows;
    decoded.original_commit_timestamp = (immediate & original_timestamp_follows) != 0
                                            ? in.little_endian(7)
                                            : decoded.immediate_commit_timestamp;
}

void read_transaction_length(byte_reader& in, gtid_event& decoded) {
    if (!in.at_end()) {
        decoded.transaction_length = in.lenenc();
    }
}

void read_versions(byte_reader& in, gtid_event& decoded) {
    if (in.at_end()) {
        return;
    }
    const auto immediate = in.u32();
    decoded.immediate_server_version = immediate & ~original_version_follows;
    decoded.original_server_version =
        (immediate & original_version_follows) != 0 ? in.u32() : decoded.immediate_server_version;
}

result<gtid_event> decode_untagged(const event_view& event) {
    byte_reader in(event.body);
    gtid_event decoded;
    decoded.may_have_statements = (in.u8() & 1U) != 0;
    std::ranges::transform(in.bytes(16), decoded.id.sequence.source.bytes.begin(),
                           [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
    const auto number = in.u64();
    // 5.6 ends here; early 5.7 wrote another kind of clock, which says nothing to us.
    if (!in.at_end() && in.u8() == logical_clock_type) {
        decoded.last_committed = static_cast<std::int64_t>(in.u64());
        decoded.sequence_number = static_cast<std::int64_t>(in.u64());
        read_timestamps(in, decoded);
        read_transaction_length(in, decoded);
        read_versions(in, decoded);
    }
    if (auto read = in.status(to_string(event.header.type) + " event"); !read) {
        return std::unexpected(std::move(read.error()));
    }
    if (event.header.type == event_type::anonymous_gtid) {
        decoded.id = {};
        return decoded;
    }
    if (number < 1 || number > static_cast<std::uint64_t>(largest_gtid_number)) {
        return fail(errc::malformed,
                    "Gtid event: " + std::to_string(number) + " is no transaction number");
    }
    decoded.id.number = static_cast<std::int64_t>(number);
    return decoded;
}

} // namespace

result<gtid_event> decode_gtid_event(const event_view& event) {
    switch (event.header.type) {
    case event_type::gtid:
    case event_type::anonymous_gtid: return decode_untagged(event);
    case event_type::gtid_tagged: return decode_gtid_tagged_event(event);
    default:
        return fail(errc::malformed,
                    "a GTID event was expected, this is " + to_string(event.header.type));
    }
}

result<gtid_set> decode_previous_gtids(const event_view& event) {
    auto decoded = gtid_set::decode(event.body);
    if (!decoded) {
        return wrap(std::move(decoded.error()), "Previous_gtids event");
    }
    return decoded;
}

} // namespace understudy::protocol
