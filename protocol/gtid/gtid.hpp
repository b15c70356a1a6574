#pragma once

#include "protocol/gtid/uuid.hpp"
#include "protocol/result.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::protocol {

// UUID and tag (MySQL 8.3+; empty for plain GTIDs): the sequence a GTID number belongs to.
struct tsid {
    uuid source;
    std::string tag; // lower case, at most 32 characters

    auto operator<=>(const tsid&) const = default;
    [[nodiscard]] std::string to_string() const;
};

// One transaction: uuid[:tag]:number. Numbers run from 1 to 2^63-2; 0 means "no GTID" (anonymous).
// MariaDB's GTIDs, domain-server-sequence, are kept in the same form (mariadb_gtid.hpp).
struct gtid {
    tsid sequence;
    std::int64_t number = 0;

    auto operator<=>(const gtid&) const = default;
    [[nodiscard]] bool empty() const { return number == 0; }
    [[nodiscard]] static result<gtid> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const;
};

} // namespace understudy::protocol
