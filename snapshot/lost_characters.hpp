#pragma once

#include "protocol/net/connection.hpp"
#include "protocol/result.hpp"
#include "snapshot/source_table.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::snapshot {

// SHOW CREATE TABLE prints defaults, and labels of ENUM and SET, in utf8mb3: a character beyond it
// becomes "?" (labels on all servers, defaults on all but newer ones of MySQL 8.0 and later).

// A literal of the text with a "?" in it, which may be such a character.
struct doubtful_literal {
    std::string column;
    std::size_t label = 0; // of ENUM or SET, from 1; 0: the default
    bool is_of_set = false;
    std::size_t begin = 0; // of the literal, in bytes
    std::size_t end = 0;
};

// Those of the text of SHOW CREATE TABLE, in its order. Pure.
[[nodiscard]] std::vector<doubtful_literal> doubtful_literals(std::string_view text);

struct whole_definition {
    std::string text;
    std::string doubt; // why the text may still be wrong; empty: it is right
};

// The text with the characters that the source has in their place: it is asked for the default, and
// for a row with the label. Where no row has it, it is not known what the label is.
[[nodiscard]] boost::asio::awaitable<protocol::result<whole_definition>>
with_lost_characters(protocol::net::connection& source, source_table table, std::string text);

} // namespace understudy::snapshot
