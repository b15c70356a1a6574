#pragma once

#include "protocol/result.hpp"
#include "protocol/value/json_binary.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace understudy::protocol {

// A binary JSON document as the server's SELECT prints it. Takes no more stack than 100 levels
// need and gives no more text than the document's size allows, whatever its offsets say.
// errc::malformed for bytes that are no document; then nothing usable was appended.
[[nodiscard]] result<void> append_json_text(std::string& out, std::span<const std::byte> document);

// One value that is no container; false if its bytes do not fit.
[[nodiscard]] bool append_json_scalar(std::string& out, const json_value& value);

} // namespace understudy::protocol
