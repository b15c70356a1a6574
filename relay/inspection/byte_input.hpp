#pragma once

#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

namespace understudy::relay::inspection {

// Bytes from the front to the back: a file or standard input. Tests make their own. One thread.
class byte_input {
public:
    virtual ~byte_input() = default;
    // How many bytes were read; 0 at the present end. errc::io_failed names the file.
    [[nodiscard]] virtual protocol::result<std::size_t> read(std::span<std::byte> into) = 0;
};

[[nodiscard]] protocol::result<std::unique_ptr<byte_input>>
open_file_input(const std::filesystem::path& path);
// Of a file only the bytes from begin up to end.
[[nodiscard]] protocol::result<std::unique_ptr<byte_input>>
open_file_part(const std::filesystem::path& path, std::uint64_t begin,
               std::optional<std::uint64_t> end);
[[nodiscard]] std::unique_ptr<byte_input> standard_input();

} // namespace understudy::relay::inspection
