#include "protocol/errc.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "protocol/gtid/gtid_text.hpp"
#include "protocol/gtid/mariadb_gtid.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <algorithm>

// The binary form of gtid_set, as the server's Gtid_set::encode writes it:
//   plain  := count 8, count x (uuid 16, intervals)
//   tagged := 01, count 6, 01, count x (uuid 16, tag length << 1, tag, intervals)     MySQL 8.3+
//   intervals := n 8, n x (first 8, end 8 exclusive)
// Servers refuse intervals that touch (error 1773); we never write such, and join them when we read
// them.

namespace understudy::protocol {

namespace {

constexpr std::size_t interval_size = 16;
constexpr std::size_t sequence_size_min = 24; // UUID and interval count

std::unexpected<error> malformed(const char* why) {
    return fail(errc::malformed, std::string("GTID set: ") + why);
}

uuid read_uuid(byte_reader& in) {
    uuid source;
    std::ranges::transform(in.bytes(source.bytes.size()), source.bytes.begin(),
                           [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
    return source;
}

result<std::string> read_tag(byte_reader& in) {
    // Tags have at most 32 characters, so the varint of the length is always this one byte.
    const auto length = in.u8();
    if ((length & 1U) != 0) {
        return malformed("a tag is longer than 32 characters");
    }
    const auto text = in.text(length >> 1);
    if (text.empty()) {
        return std::string();
    }
    auto tag = parse_gtid_tag(text);
    if (!tag) {
        return malformed("a tag has characters that tags cannot have");
    }
    return std::move(*tag);
}

result<void> read_intervals(byte_reader& in, const tsid& sequence, gtid_set& into) {
    const auto count = in.u64();
    if (count > in.remaining() / interval_size) {
        return fail(errc::truncated, "GTID set: " + std::to_string(count) +
                                         " intervals are announced for " + sequence.to_string() +
                                         ", more than there are bytes for");
    }
    std::uint64_t previous_end = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        const auto first = in.u64();
        const auto end = in.u64();
        if (first < 1 || end <= first ||
            end - 1 > static_cast<std::uint64_t>(largest_gtid_number)) {
            return malformed("an interval is empty or out of range");
        }
        if (first < previous_end) {
            return malformed("intervals overlap or are out of order");
        }
        previous_end = end;
        into.add(sequence, {static_cast<std::int64_t>(first), static_cast<std::int64_t>(end - 1)});
    }
    return {};
}

} // namespace

result<gtid_set> gtid_set::decode(std::span<const std::byte> bytes) {
    byte_reader in(bytes);
    auto count = in.u64();
    if (!in.ok()) {
        return fail(errc::truncated, "GTID set: ends before its first field");
    }
    // A plain count never reaches 2^56: a 1 in the highest byte marks the tagged form.
    const bool tagged = count >> 56 == 1;
    if (tagged) {
        if ((count & 0xff) != 1) {
            return malformed("the two format marks differ");
        }
        count = count >> 8 & 0xffff'ffff'ffff;
    }
    if (count > in.remaining() / sequence_size_min) {
        return fail(errc::truncated, "GTID set: " + std::to_string(count) +
                                         " UUIDs are announced, more than there are bytes for");
    }
    gtid_set decoded;
    for (std::uint64_t i = 0; i < count; ++i) {
        tsid sequence{read_uuid(in), {}};
        if (tagged) {
            auto tag = read_tag(in);
            if (!tag) {
                return std::unexpected(std::move(tag.error()));
            }
            sequence.tag = std::move(*tag);
        }
        // It would stand among the entries of its domain.
        if (!sequence.tag.empty() && is_mariadb({sequence.source, {}})) {
            return malformed("a GTID of MariaDB has a tag");
        }
        if (auto read = read_intervals(in, sequence, decoded); !read) {
            return std::unexpected(std::move(read.error()));
        }
    }
    if (auto done = in.finish("GTID set"); !done) {
        return std::unexpected(std::move(done.error()));
    }
    return decoded;
}

std::vector<std::byte> gtid_set::encode() const {
    std::vector<std::byte> bytes;
    byte_writer out(bytes);
    const bool tagged = has_tags();
    if (tagged) {
        out.u8(1);
        out.u48(sequences_.size());
        out.u8(1);
    } else {
        out.u64(sequences_.size());
    }
    for (const auto& [sequence, ranges] : sequences_) {
        out.bytes(std::as_bytes(std::span(sequence.source.bytes)));
        if (tagged) {
            out.u8(static_cast<std::uint8_t>(sequence.tag.size() << 1));
            out.text(sequence.tag);
        }
        out.u64(ranges.size());
        for (const auto& range : ranges) {
            out.u64(static_cast<std::uint64_t>(range.first));
            out.u64(static_cast<std::uint64_t>(range.last) + 1);
        }
    }
    return bytes;
}

} // namespace understudy::protocol
