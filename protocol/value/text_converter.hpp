#pragma once

#include "protocol/value/character_set.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace understudy::protocol {

// Makes UTF-8 of the bytes of MySQL's character sets. Keeps what the C library needs for each
// character set that it met. One thread at a time.
class text_converter {
public:
    text_converter();
    ~text_converter();
    text_converter(text_converter&&) noexcept;
    text_converter& operator=(text_converter&&) noexcept;

    // false: the bytes are no text of this character set, or the C library does not know it; then
    // nothing was appended.
    [[nodiscard]] bool append_utf8(std::string& out, const character_set& from,
                                   std::span<const std::byte> bytes);

private:
    [[nodiscard]] bool append_by_iconv(std::string& out, const character_set& from,
                                       std::string_view text);

    struct handles;
    std::unique_ptr<handles> handles_;
};

} // namespace understudy::protocol
