#include "protocol/binlog/event_header.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace understudy::protocol {

namespace {

constexpr std::size_t flags_offset = 17;

std::uint32_t crc32_of(std::uint32_t start, std::span<const std::byte> bytes) {
    return static_cast<std::uint32_t>(
        crc32_z(start, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

} // namespace

result<event_header> decode_event_header(std::span<const std::byte> bytes) {
    if (bytes.size() < event_header_size) {
        return fail(errc::truncated,
                    "an event header has 19 bytes, there are only " + std::to_string(bytes.size()));
    }
    byte_reader in(bytes.first(event_header_size));
    event_header header;
    header.timestamp = in.u32();
    header.type = static_cast<event_type>(in.u8());
    header.server_id = in.u32();
    header.length = in.u32();
    header.end_log_pos = in.u32();
    header.flags = in.u16();
    if (header.length < event_header_size) {
        return fail(errc::malformed,
                    to_string(header.type) + " event: its header gives a length of " +
                        std::to_string(header.length) + " bytes, less than the header itself");
    }
    return header;
}

result<event_view> decode_event(std::span<const std::byte> bytes, bool has_checksum) {
    auto header = decode_event_header(bytes);
    if (!header) {
        return std::unexpected(std::move(header.error()));
    }
    if (header->length != bytes.size()) {
        return fail(header->length > bytes.size() ? errc::truncated : errc::malformed,
                    to_string(header->type) + " event: its header gives a length of " +
                        std::to_string(header->length) + " bytes, there are " +
                        std::to_string(bytes.size()));
    }
    const auto footer = has_checksum ? event_checksum_size : 0;
    if (bytes.size() < event_header_size + footer) {
        return fail(errc::truncated,
                    to_string(header->type) + " event: too short for its checksum");
    }
    return event_view{*header, bytes,
                      bytes.subspan(event_header_size, bytes.size() - event_header_size - footer)};
}

bool checksum_matches(std::span<const std::byte> bytes) {
    if (bytes.size() < event_header_size + event_checksum_size) {
        return false;
    }
    const auto covered = bytes.first(bytes.size() - event_checksum_size);
    std::array<std::byte, event_header_size> header{};
    std::copy_n(covered.begin(), header.size(), header.begin());
    // The server sets and clears IN_USE in place, without a new checksum.
    if (static_cast<event_type>(header[4]) == event_type::format_description) {
        header[flags_offset] &= ~std::byte{event_flag::binlog_in_use};
    }
    const auto computed = crc32_of(crc32_of(0, header), covered.subspan(header.size()));
    return byte_reader(bytes.last(event_checksum_size)).u32() == computed;
}

std::uint32_t checksum_of(std::span<const std::byte> bytes) {
    return crc32_of(0, bytes);
}

} // namespace understudy::protocol
