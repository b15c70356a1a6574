#pragma once

#include "protocol/binlog/boundary.hpp"
#include "protocol/binlog/format_description.hpp"
#include "relay/inspection/log_piece.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace understudy::relay::inspection {

// Cuts a plain binary log file by the headers of its events. One thread at a time.
class binlog_cutter final : public log_cutter {
public:
    [[nodiscard]] static protocol::result<std::unique_ptr<log_cutter>>
    open(const std::filesystem::path& path, std::uint64_t piece_bytes = piece_bytes_default);
    ~binlog_cutter() override;
    binlog_cutter(const binlog_cutter&) = delete;
    binlog_cutter& operator=(const binlog_cutter&) = delete;

    [[nodiscard]] protocol::result<std::optional<log_piece>> next() override;

private:
    enum class step : std::uint8_t { inside, between, unknown };

    binlog_cutter(int descriptor, std::filesystem::path path, std::uint64_t piece_bytes)
        : descriptor_(descriptor), path_(std::move(path)), piece_bytes_(piece_bytes) {}
    [[nodiscard]] protocol::result<std::span<const std::byte>> look(std::size_t count);
    [[nodiscard]] protocol::result<step> pass_event();
    [[nodiscard]] log_piece piece(std::uint64_t begin, std::optional<std::uint64_t> end) const;

    int descriptor_;
    std::filesystem::path path_;
    std::uint64_t piece_bytes_;
    std::uint64_t offset_ = 0;
    bool over_ = false;
    protocol::boundary boundary_;
    std::optional<protocol::format_description> format_;
    std::shared_ptr<const std::vector<std::byte>> format_event_;
    std::shared_ptr<const std::vector<std::byte>> piece_format_; // at the beginning of the piece
    std::vector<std::byte> window_;                              // bytes from window_begin_ on
    std::uint64_t window_begin_ = 0;
    std::size_t window_size_ = 0;
};

} // namespace understudy::relay::inspection
