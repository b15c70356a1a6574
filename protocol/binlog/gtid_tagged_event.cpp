#include "protocol/binlog/gtid_tagged_event.hpp"

#include "protocol/errc.hpp"
#include "protocol/gtid/gtid_text.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <bit>

// message := version size last_non_ignorable_field {field_id value}     ids ascending, absent
// fields have defaults Integers are varints: n trailing 1-bits in the first byte say that n more
// bytes follow; the value is what the bytes hold, little-endian, above those bits. Signed ones are
// zigzag-coded on top. (mysql-server libs/mysql/binlog/event/control_events.h,
// libs/mysql/serialization)

namespace understudy::protocol {

namespace {

enum class field : std::uint64_t {
    flags = 0,
    source = 1,
    number = 2,
    tag = 3,
    last_committed = 4,
    sequence_number = 5,
    immediate_commit_timestamp = 6,
    original_commit_timestamp = 7,
    transaction_length = 8,
    immediate_server_version = 9,
    original_server_version = 10,
    commit_group_ticket = 11,
};
constexpr std::uint64_t last_known_field = 11;

std::uint64_t read_varint(byte_reader& in) {
    const auto first = in.u8();
    const auto more = static_cast<std::size_t>(std::countr_one(first));
    if (more == 8) {
        return in.u64();
    }
    const auto low = static_cast<std::uint64_t>(first) >> (more + 1);
    // The first byte contributes 7 - more bits; with 7 more bytes it contributes none.
    return in.little_endian(more) << (7 - more) | low;
}

std::int64_t read_signed_varint(byte_reader& in) {
    const auto coded = read_varint(in);
    return static_cast<std::int64_t>(coded >> 1 ^ (std::uint64_t{0} - (coded & 1)));
}

void read_source(byte_reader& in, uuid& source) {
    for (auto& byte : source.bytes) {
        const auto value = read_varint(in);
        if (value > 0xff) {
            in.set_failed();
        }
        byte = static_cast<std::uint8_t>(value);
    }
}

// false: a field that came after this code.
bool read_field(byte_reader& in, std::uint64_t id, gtid_event& decoded, std::string_view& tag) {
    switch (static_cast<field>(id)) {
    case field::flags: decoded.may_have_statements = (read_varint(in) & 1) != 0; return true;
    case field::source: read_source(in, decoded.id.sequence.source); return true;
    case field::number: decoded.id.number = read_signed_varint(in); return true;
    case field::tag: tag = in.text(read_varint(in)); return true;
    case field::last_committed: decoded.last_committed = read_signed_varint(in); return true;
    case field::sequence_number: decoded.sequence_number = read_signed_varint(in); return true;
    case field::immediate_commit_timestamp:
        decoded.immediate_commit_timestamp = read_varint(in);
        return true;
    case field::original_commit_timestamp:
        decoded.original_commit_timestamp = read_varint(in);
        return true;
    case field::transaction_length: decoded.transaction_length = read_varint(in); return true;
    case field::immediate_server_version:
        decoded.immediate_server_version = static_cast<std::uint32_t>(read_varint(in));
        return true;
    case field::original_server_version:
        decoded.original_server_version = static_cast<std::uint32_t>(read_varint(in));
        return true;
    case field::commit_group_ticket: static_cast<void>(read_varint(in)); return true;
    }
    return false;
}

result<void> settle(gtid_event& decoded, std::string_view tag) {
    if (!tag.empty()) {
        auto parsed = parse_gtid_tag(tag);
        if (!parsed) {
            return fail(errc::malformed,
                        "Gtid_tagged event: the tag has characters that tags cannot have");
        }
        decoded.id.sequence.tag = std::move(*parsed);
    }
    if (decoded.id.number < 1 || decoded.id.number > largest_gtid_number) {
        return fail(errc::malformed, "Gtid_tagged event: " + std::to_string(decoded.id.number) +
                                         " is no transaction number");
    }
    if (decoded.original_commit_timestamp == 0) {
        decoded.original_commit_timestamp = decoded.immediate_commit_timestamp;
    }
    if (decoded.original_server_version == 0) {
        decoded.original_server_version = decoded.immediate_server_version;
    }
    return {};
}

} // namespace

result<gtid_event> decode_gtid_tagged_event(const event_view& event) {
    byte_reader in(event.body);
    gtid_event decoded;
    std::string_view tag;
    static_cast<void>(read_varint(in)); // format version
    const auto size = read_varint(in);  // of the whole message, this head included
    const auto last_non_ignorable = read_varint(in);
    if (size > event.body.size()) {
        in.set_failed();
    }
    std::uint64_t next_possible = 0;
    while (in.ok() && !in.at_end()) {
        const auto id = read_varint(in);
        if (in.ok() && id < next_possible) {
            return fail(errc::malformed, "Gtid_tagged event: its fields are out of order");
        }
        next_possible = id + 1;
        if (id > last_known_field && id > last_non_ignorable) {
            // Newer, and said to be ignorable: all that follow are newer still.
            break;
        }
        if (in.ok() && !read_field(in, id, decoded, tag)) {
            return fail(errc::unsupported, "Gtid_tagged event: field " + std::to_string(id) +
                                               " is not known and must not be ignored");
        }
    }
    if (auto read = in.status("Gtid_tagged event"); !read) {
        return std::unexpected(std::move(read.error()));
    }
    if (auto settled = settle(decoded, tag); !settled) {
        return std::unexpected(std::move(settled.error()));
    }
    return decoded;
}

} // namespace understudy::protocol
