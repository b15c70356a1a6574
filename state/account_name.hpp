#pragma once

#include "protocol/result.hpp"

#include <compare>
#include <string>
#include <string_view>

namespace understudy::state {

// 'user'@'host', of a DEFINER clause or of a statement about accounts. Hosts in small letters, as
// servers store them, where it was read from a statement.
struct account_name {
    std::string user;
    std::string host = "%";
    auto operator<=>(const account_name&) const = default;

    // "user", "user@host", quotes around either part; the last @ outside of quotes divides.
    [[nodiscard]] static protocol::result<account_name> parse(std::string_view text);
    [[nodiscard]] std::string to_string() const; // 'user'@'host', quoted for SQL
    // `user`@`host`: quoted for SQL whatever the sql_mode.
    [[nodiscard]] std::string quoted() const;
    // Users compare with their case, hosts without.
    [[nodiscard]] bool is_same(const account_name& other) const;
};

// One part of an account, as a task file has it: quoted with ', " or ` or bare up to the last @.
struct account_part {
    std::string text;
    bool is_quoted = false;
};
// Takes it off the front of `rest`. errc::selection_invalid: a quote is not closed.
[[nodiscard]] protocol::result<account_part> take_account_part(std::string_view& rest);

} // namespace understudy::state
