#pragma once

#include <span>
#include <string>
#include <string_view>

namespace understudy::protocol {

// Character sets of one byte a character, by the servers' own tables. Parts of text_converter.

// The characters of the bytes from 0x80 on, of a character set whose other half is ASCII. Lives for
// ever; all 0 for a name that has none.
[[nodiscard]] std::span<const char16_t, 128> high_characters_of(std::string_view charset_name);

// Append UTF-8. false: a byte is no character; then nothing was appended.
[[nodiscard]] bool append_single_byte_text(std::string& out, std::span<const char16_t, 128> high,
                                           std::string_view text);
[[nodiscard]] bool append_swe7_text(std::string& out, std::string_view text);

} // namespace understudy::protocol
