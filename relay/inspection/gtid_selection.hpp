#pragma once

#include "protocol/gtid/gtid_set.hpp"
#include "protocol/result.hpp"
#include "relay/format.hpp"
#include "relay/inspection/transaction.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace understudy::relay::inspection {

// GTIDs that are looked for: a set in MySQL's words ("uuid:1-5:9, uuid:tag:3"), or MariaDB's, where
// "0-1-100" is one transaction and "0-1-100..200" a range of them. A value.
class gtid_selection {
public:
    [[nodiscard]] static protocol::result<gtid_selection> parse(std::string_view text);

    [[nodiscard]] bool holds(const transaction& one) const;
    // No where the frame's GTIDs say that none of its groups is selected.
    [[nodiscard]] bool may_hold(const frame_header& frame) const;

private:
    struct mariadb_range {
        std::uint32_t domain = 0;
        std::uint32_t server = 0;
        std::int64_t first = 0;
        std::int64_t last = 0;
    };
    [[nodiscard]] static protocol::result<mariadb_range> parse_range(std::string_view text);

    protocol::gtid_set mysql_;
    std::vector<mariadb_range> mariadb_;
};

} // namespace understudy::relay::inspection
