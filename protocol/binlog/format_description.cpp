#include "protocol/binlog/format_description.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <tuple>

namespace understudy::protocol {

namespace {

constexpr std::size_t server_version_size = 50;
constexpr std::size_t checksum_algorithm_size = 1;

using version_number = std::tuple<unsigned, unsigned, unsigned>;

// "9.7.4-debug" is 9, 7, 4; what is missing or no number counts as 0.
version_number parse_version(std::string_view text) {
    std::array<unsigned, 3> parts{};
    std::size_t part = 0;
    for (const char c : text) {
        if (c == '.' && part + 1 < parts.size()) {
            ++part;
        } else if (c >= '0' && c <= '9' && parts[part] < 10'000) {
            parts[part] = parts[part] * 10 + static_cast<unsigned>(c - '0');
        } else {
            break;
        }
    }
    return {parts[0], parts[1], parts[2]};
}

bool says_mariadb(std::string_view version) {
    constexpr std::string_view word = "mariadb";
    const auto same_letter = [](char a, char b) { return (a | 0x20) == b; };
    return !std::ranges::search(version, word, same_letter).empty();
}

// Servers that know checksums always write the algorithm byte and a checksum at the end of this
// event.
bool knows_checksums(std::string_view version) {
    return parse_version(version) >=
           (says_mariadb(version) ? version_number{5, 3, 0} : version_number{5, 6, 1});
}

// Post-header lengths as the servers write them, seen
// on 5.6.24, 5.7.30, 8.0.22, 8.0.26, 8.0.28, 8.0.40, 8.4.2, 9.7.4 and MariaDB 10.11.
constexpr std::array<std::uint8_t, 35> lengths_5_6 = {56, 13, 0, 8, 0, 18, 0,  4,  4,  4,  4, 18,
                                                      0,  0,  0, 0, 4, 26, 8,  0,  0,  0,  8, 8,
                                                      8,  2,  0, 0, 0, 10, 10, 10, 25, 25, 0};
constexpr std::array<std::uint8_t, 42> lengths_8_3 = {
    0, 13, 0, 8, 0, 0, 0, 0, 4,  0,  4,  0,  0,  0, 0,  0,  4, 26, 8,  0, 0,
    0, 0,  0, 0, 2, 0, 0, 0, 10, 10, 10, 42, 42, 0, 18, 52, 0, 10, 40, 0, 0};

std::vector<std::uint8_t> mysql_lengths(const version_number& version) {
    std::vector<std::uint8_t> lengths(lengths_8_3.begin(), lengths_8_3.end());
    if (version < version_number{8, 3, 0}) {
        lengths.pop_back();
        std::fill(lengths.begin() + 22, lengths.begin() + 25, std::uint8_t{8}); // V1 rows
    }
    if (version < version_number{8, 0, 27}) {
        lengths.resize(40); // no HEARTBEAT_V2
    }
    if (version < version_number{8, 0, 20}) {
        lengths.resize(39); // nor TRANSACTION_PAYLOAD
    }
    if (version < version_number{8, 0, 0}) {
        std::copy(lengths_5_6.begin(), lengths_5_6.begin() + 29, lengths.begin());
        lengths.resize(38);
    }
    if (version < version_number{5, 7, 0}) {
        lengths.assign(lengths_5_6.begin(), lengths_5_6.end());
    }
    return lengths;
}

std::vector<std::uint8_t> mariadb_lengths() {
    std::vector<std::uint8_t> lengths(lengths_5_6.begin(), lengths_5_6.end());
    std::fill(lengths.begin() + 32, lengths.end(), std::uint8_t{0});
    lengths.resize(171);
    std::fill(lengths.begin() + 38, lengths.begin() + 41, std::uint8_t{10});
    constexpr std::array<std::uint8_t, 12> from_160 = {0, 4, 19, 4, 0, 13, 8, 8, 8, 10, 10, 10};
    std::ranges::copy(from_160, lengths.begin() + 159);
    return lengths;
}

} // namespace

std::uint8_t format_description::post_header_length(event_type type) const {
    const auto number = static_cast<std::size_t>(type);
    return number >= 1 && number <= post_header_lengths.size() ? post_header_lengths[number - 1]
                                                               : 0;
}

bool format_description::is_mariadb() const {
    return says_mariadb(server_version);
}

result<format_description> decode_format_description(std::span<const std::byte> bytes) {
    auto event = decode_event(bytes, false);
    if (!event) {
        return std::unexpected(std::move(event.error()));
    }
    if (event->header.type != event_type::format_description) {
        return fail(errc::malformed,
                    "a Format_desc event was expected, this is " + to_string(event->header.type));
    }
    byte_reader in(event->body);
    format_description decoded;
    decoded.binlog_version = in.u16();
    auto version = in.text(server_version_size);
    decoded.server_version = version.substr(0, version.find('\0'));
    decoded.created = in.u32();
    const auto header_length = in.u8();
    if (auto read = in.status("Format_desc event"); !read) {
        return std::unexpected(std::move(read.error()));
    }
    if (decoded.binlog_version != 4 || header_length != event_header_size) {
        return fail(errc::unsupported,
                    "binary log version " + std::to_string(decoded.binlog_version) +
                        " with event headers of " + std::to_string(header_length) +
                        " bytes; only version 4 (MySQL 5.0 and newer) can be read");
    }
    const bool with_checksum = knows_checksums(decoded.server_version);
    const auto footer = with_checksum ? checksum_algorithm_size + event_checksum_size : 0;
    if (in.remaining() < footer) {
        return fail(errc::truncated, "Format_desc event: too short for its checksum");
    }
    const auto lengths = in.bytes(in.remaining() - footer);
    decoded.post_header_lengths.reserve(lengths.size());
    for (const auto length : lengths) {
        decoded.post_header_lengths.push_back(std::to_integer<std::uint8_t>(length));
    }
    if (with_checksum) {
        const auto algorithm = in.u8();
        if (algorithm > 1 && algorithm != 255) {
            return fail(errc::unsupported,
                        "checksum algorithm " + std::to_string(algorithm) + " is not known");
        }
        // 255: a server that knows checksums took over a log of one that did not.
        decoded.checksum = algorithm == 1 ? checksum_algorithm::crc32 : checksum_algorithm::none;
    }
    return decoded;
}

std::vector<std::byte> encode_format_description(const std::string& server_version) {
    auto lengths = says_mariadb(server_version) ? mariadb_lengths()
                                                : mysql_lengths(parse_version(server_version));
    // The event's own post-header: version, server version, creation time, header length, and the
    // table itself.
    lengths[static_cast<std::size_t>(event_type::format_description) - 1] =
        static_cast<std::uint8_t>(2 + server_version_size + 4 + 1 + lengths.size());

    std::vector<std::byte> bytes;
    byte_writer out(bytes);
    out.u32(0);
    out.u8(static_cast<std::uint8_t>(event_type::format_description));
    out.u32(0);
    out.u32(0); // length, known below
    out.u32(0);
    out.u16(0);
    out.u16(4);
    const auto version = std::string_view(server_version).substr(0, server_version_size - 1);
    out.text(version);
    out.zeros(server_version_size - version.size());
    out.u32(0);
    out.u8(static_cast<std::uint8_t>(event_header_size));
    out.bytes(std::as_bytes(std::span(lengths)));
    const bool with_checksum = knows_checksums(server_version);
    if (with_checksum) {
        out.u8(static_cast<std::uint8_t>(checksum_algorithm::none));
    }
    constexpr std::size_t length_offset = 9;
    out.patch_u32(length_offset, static_cast<std::uint32_t>(
                                     bytes.size() + (with_checksum ? event_checksum_size : 0)));
    if (with_checksum) {
        out.u32(static_cast<std::uint32_t>(
            crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size())));
    }
    return bytes;
}

} // namespace understudy::protocol
