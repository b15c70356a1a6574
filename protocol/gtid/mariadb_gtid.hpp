#pragma once

#include "protocol/gtid/gtid.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::protocol {

// One transaction of a MariaDB server: domain-server-sequence, as in "0-1-4711". A value.
//
// Numbers are ordered inside a domain only, and there only where the source runs with
// gtid_strict_mode: then the last GTID of each domain says all about what was executed. Such a
// position ("0-1-4711,3-2-17") is a gtid_set too, with one entry per domain; the relay log, the
// checkpoint and the status hold MySQL's sets and MariaDB's positions alike. Inside, domain and
// server take the place of the UUID.
struct mariadb_gtid {
    std::uint32_t domain = 0;
    std::uint32_t server = 0;
    std::int64_t sequence = 0; // 1 to 2^63-2

    auto operator<=>(const mariadb_gtid&) const = default;

    [[nodiscard]] static result<mariadb_gtid> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;

    [[nodiscard]] gtid to_gtid() const;
    // Nothing for a GTID of MySQL.
    [[nodiscard]] static std::optional<mariadb_gtid> of(const gtid& one);
};

// A UUID that stands for domain and server. No server makes such UUIDs: they have version 8.
[[nodiscard]] bool is_mariadb(const tsid& sequence);
// Two sequences of MariaDB whose domain is the same.
[[nodiscard]] bool same_mariadb_domain(const tsid& left, const tsid& right);
// The first sequence, in their order, that a domain could have; sequence is one of MariaDB.
[[nodiscard]] tsid first_of_mariadb_domain(const tsid& sequence);

} // namespace understudy::protocol
