#include "protocol/gtid/mariadb_gtid.hpp"

#include "protocol/errc.hpp"
#include "protocol/gtid/gtid_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace understudy::protocol {

namespace {

// "MariaD" and the version 8 of RFC 9562, then domain and server, highest byte first.
constexpr std::array<std::uint8_t, 8> mark{'M', 'a', 'r', 'i', 'a', 'D', 0x80, 0x00};
constexpr std::size_t domain_at = 8;
constexpr std::size_t server_at = 12;

void put(uuid& into, std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) {
        into.bytes[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
    }
}

std::uint32_t get(const uuid& from, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        value = value << 8U | from.bytes[at + i];
    }
    return value;
}

std::optional<std::uint32_t> parse_id(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

} // namespace

result<mariadb_gtid> mariadb_gtid::parse(std::string_view text) {
    auto rest = without_blanks_around(text);
    const auto domain = parse_id(take_until(rest, '-'));
    const auto server = parse_id(take_until(rest, '-'));
    const auto sequence = parse_gtid_number(rest);
    if (!domain || !server || !sequence) {
        return fail(errc::malformed, "'" + std::string(text.substr(0, 120)) +
                                         "' is not a GTID of MariaDB (domain-server-sequence)");
    }
    return mariadb_gtid{*domain, *server, *sequence};
}

std::string mariadb_gtid::to_string() const {
    return std::to_string(domain) + "-" + std::to_string(server) + "-" + std::to_string(sequence);
}

gtid mariadb_gtid::to_gtid() const {
    gtid made;
    std::ranges::copy(mark, made.sequence.source.bytes.begin());
    put(made.sequence.source, domain_at, domain);
    put(made.sequence.source, server_at, server);
    made.number = sequence;
    return made;
}

std::optional<mariadb_gtid> mariadb_gtid::of(const gtid& one) {
    if (!is_mariadb(one.sequence)) {
        return std::nullopt;
    }
    return mariadb_gtid{get(one.sequence.source, domain_at), get(one.sequence.source, server_at),
                        one.number};
}

bool is_mariadb(const tsid& sequence) {
    return sequence.tag.empty() &&
           std::equal(mark.begin(), mark.end(), sequence.source.bytes.begin());
}

bool same_mariadb_domain(const tsid& left, const tsid& right) {
    return is_mariadb(left) &&
           std::equal(left.source.bytes.begin(), left.source.bytes.begin() + server_at,
                      right.source.bytes.begin());
}

tsid first_of_mariadb_domain(const tsid& sequence) {
    tsid first{sequence.source, {}};
    put(first.source, server_at, 0);
    return first;
}

} // namespace understudy::protocol
