#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::applier::ddl {

// The character set a logged statement is written in: character_set_client of its session, which is
// logged as the number of a collation. The dictionary, and so the task's selection, knows names in
// UTF-8 only. A value.
//
// Names are converted as the server converts them (THD::convert_string into system_charset_info,
// which is utf8mb3): what cannot be converted becomes '?', and so does each character outside the
// basic plane.
class statement_charset {
public:
    statement_charset() = default; // utf8mb4
    // Numbers of collations are the same in every version (mysys/charset-def.cc). Unknown ones make
    // a character set that reads ASCII only.
    [[nodiscard]] static statement_charset of_collation(std::uint16_t id);

    [[nodiscard]] bool is_utf8() const;
    // Bytes of the character at `at`. More than 1 only where a following byte can look like ASCII
    // (a back-tick, a quote, a backslash): big5, gbk, gb18030, sjis, cp932.
    [[nodiscard]] std::size_t length_at(std::string_view text, std::size_t at) const;
    // nullopt: it is not ASCII, and the character set is not one that we can read.
    [[nodiscard]] std::optional<std::string> name_to_utf8(std::string_view bytes) const;
    // nullopt: it has characters that this character set lacks.
    [[nodiscard]] std::optional<std::string> from_utf8(std::string_view text) const;

private:
    enum class shape : std::uint8_t { single, big5, gbk, gb18030, sjis };
    const char* iconv_name_ = "UTF-8"; // nullptr: only ASCII can be read
    shape shape_ = shape::single;
};

} // namespace understudy::applier::ddl
