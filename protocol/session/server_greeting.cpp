#include "protocol/session/server_greeting.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/capabilities.hpp"

#include <algorithm>
#include <charconv>

namespace understudy::protocol {

namespace {

constexpr std::uint8_t protocol_version = 10;
constexpr std::size_t nonce_size = 20;
constexpr std::string_view mariadb_version_prefix = "5.5.5-";

} // namespace

std::uint32_t parse_version_number(std::string_view version) {
    std::uint32_t number = 0;
    const char* at = version.data();
    const char* const end = at + version.size();
    for (int part = 0; part < 3; ++part) {
        if (part > 0) {
            if (at == end || *at != '.') return part == 1 ? 0 : number * 100;
            ++at;
        }
        std::uint32_t value = 0;
        const auto parsed = std::from_chars(at, end, value);
        if (parsed.ec != std::errc{} || value > 9999) return 0;
        number = number * 100 + std::min(value, 99U + (part == 0 ? 9900U : 0U));
        at = parsed.ptr;
    }
    return number;
}

result<server_greeting> decode_server_greeting(std::span<const std::byte> payload) {
    byte_reader reader(payload);
    const auto version = reader.u8();
    if (reader.ok() && version != protocol_version) {
        return fail(errc::unsupported,
                    "the server speaks protocol version " + std::to_string(version) + ", not " +
                        std::to_string(protocol_version) + ": is it MySQL or MariaDB?");
    }
    server_greeting greeting;
    std::string_view name = reader.nul_text();
    greeting.connection_id = reader.u32();
    const auto nonce_start = reader.bytes(8);
    reader.skip(1);
    greeting.capabilities = reader.u16();
    if (reader.at_end()) {
        return fail(errc::unsupported, "the server's greeting is that of MySQL before 4.1");
    }
    reader.skip(3); // default collation, status
    greeting.capabilities |= std::uint64_t{reader.u16()} << 16U;
    reader.skip(1 + 10); // length of the nonce, which some servers leave 0; filler
    const auto nonce_rest = reader.bytes(nonce_size - 8);
    reader.skip(1);
    // Some servers do not end the name with a NUL.
    const auto plugin = reader.rest_text();
    if (auto status = reader.status("the server's greeting"); !status) {
        return std::unexpected(std::move(status.error()));
    }
    // MariaDB's prefix went away with version 11, its clear bit did not.
    greeting.is_mariadb = (greeting.capabilities & capability::long_password) == 0 ||
                          name.find("MariaDB") != std::string_view::npos;
    if (greeting.is_mariadb && name.starts_with(mariadb_version_prefix)) {
        name.remove_prefix(mariadb_version_prefix.size());
    }
    greeting.version = name;
    greeting.version_number = parse_version_number(name);
    greeting.nonce.assign(nonce_start.begin(), nonce_start.end());
    greeting.nonce.insert(greeting.nonce.end(), nonce_rest.begin(), nonce_rest.end());
    greeting.plugin = plugin.substr(0, plugin.find('\0'));
    return greeting;
}

} // namespace understudy::protocol
