#pragma once

#include "applier/ddl/statement_charset.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace understudy::applier {

struct logged_statement;

namespace ddl {

// A statement as a person may see it: in those about accounts (CREATE, ALTER USER, GRANT, SET
// PASSWORD), about servers, and wherever IDENTIFIED stands, each text but the names of accounts and
// plugins is `<secret>`, for it may be a password, its hash, or what an account's attributes hide.
// All other statements, and those without such a text, come out as they went in. For errors, logs,
// and everything else that leaves the process but for the target's session.
//
// What cannot be read to its end is cut off where that begins.
[[nodiscard]] std::string redacted(std::string_view text, std::uint64_t sql_mode,
                                   const statement_charset& charset = {});

// The same of a logged statement, its first `bytes_max` with an ellipsis behind.
[[nodiscard]] std::string shown_text(const logged_statement& statement, std::size_t bytes_max);

} // namespace ddl
} // namespace understudy::applier
