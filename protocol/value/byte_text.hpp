#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace understudy::protocol {

// Bytes and text in the notations of text, JSON and SQL. All append.

void append_hex(std::string& out, std::span<const std::byte> bytes); // upper case
// Of a lone line; the server's own JSON text breaks lines after 76 characters instead.
void append_base64(std::string& out, std::span<const std::byte> bytes, std::size_t line_size = 0);

// In double quotes, with JSON's escapes as the server writes them. The text must be UTF-8.
void append_json_string(std::string& out, std::string_view text);

// Only printable ASCII characters other than quotes (", ') and the backslash: UTF-8, the same in
// every character set that is ASCII-compatible, and without need of an escape anywhere.
[[nodiscard]] bool is_plain(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

// A string literal that means these bytes of this character set in every session, whatever its
// sql_mode and character sets: 'abc' where all are letters, digits and plain punctuation,
// _latin1 x'E9' otherwise. name: of the character set; ascii_compatible: of it.
void append_sql_string(std::string& out, std::string_view charset_name, bool ascii_compatible,
                       std::span<const std::byte> bytes);

} // namespace understudy::protocol
