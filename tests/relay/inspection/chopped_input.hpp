#pragma once

#include "relay/inspection/byte_input.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace understudy::relay_test {

[[nodiscard]] inline std::vector<std::byte> read_bytes(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path.string());
    const std::string text(std::istreambuf_iterator<char>(in), {});
    std::vector<std::byte> bytes(text.size());
    std::ranges::transform(text, bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
    return bytes;
}

[[nodiscard]] inline std::filesystem::path captured(const std::string& name) {
    return std::filesystem::path(UNDERSTUDY_SOURCE_DIR) / "tests/data/binlog" / name;
}

// Bytes in pieces of random size, up to where it is allowed to read.
class chopped_input final : public relay::inspection::byte_input {
public:
    chopped_input(std::vector<std::byte> bytes, unsigned seed,
                  std::shared_ptr<std::size_t> readable = {})
        : bytes_(std::move(bytes)), random_(seed), readable_(std::move(readable)) {}

    protocol::result<std::size_t> read(std::span<std::byte> into) override {
        const auto limit = readable_ ? std::min(*readable_, bytes_.size()) : bytes_.size();
        const auto piece = std::uniform_int_distribution<std::size_t>(1, 700)(random_);
        const auto count = std::min({into.size(), limit - at_, piece});
        std::ranges::copy(std::span(bytes_).subspan(at_, count), into.begin());
        at_ += count;
        return count;
    }

private:
    std::vector<std::byte> bytes_;
    std::minstd_rand random_;
    std::shared_ptr<std::size_t> readable_;
    std::size_t at_ = 0;
};

} // namespace understudy::relay_test
