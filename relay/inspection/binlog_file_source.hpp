#pragma once

#include "protocol/binlog/event_header.hpp"
#include "relay/inspection/byte_input.hpp"
#include "relay/inspection/event_source.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy::relay::inspection {

// Cuts a plain binary log of MySQL or MariaDB into events: a file, or files one after the other on
// standard input. Memory for one event, allocated as its bytes arrive.
class binlog_file_source final : public event_source {
public:
    // name: what the file is called until a ROTATE event says otherwise.
    binlog_file_source(std::unique_ptr<byte_input> input, std::string name);
    // follow: when the file ends and the directory holds the one with the next number, goes on
    // there.
    [[nodiscard]] static protocol::result<std::unique_ptr<event_source>>
    open(const std::filesystem::path& path, bool follow);

    // Bytes of a file between two transactions, and the format description in force there, which
    // comes first; none at the beginning of the file.
    struct part {
        std::uint64_t begin = 0;
        std::optional<std::uint64_t> end; // nothing: to the end of the file
        std::shared_ptr<const std::vector<std::byte>> format;
    };
    [[nodiscard]] static protocol::result<std::unique_ptr<event_source>>
    open_part(const std::filesystem::path& path, part which);

    [[nodiscard]] protocol::result<std::optional<raw_event>> next() override;
    [[nodiscard]] std::uint64_t unfinished_bytes() const override { return end_ - begin_; }
    [[nodiscard]] std::string place() const override;

    static constexpr std::uint32_t event_size_max = 1U << 30U; // max_allowed_packet of the server

private:
    // False: there are not so many bytes (yet).
    [[nodiscard]] protocol::result<bool> have(std::size_t count);
    [[nodiscard]] protocol::result<bool> take_magic();
    [[nodiscard]] protocol::result<bool> enter_next_file();
    void look_at(std::span<const std::byte> bytes, const protocol::event_header& header);
    [[nodiscard]] std::span<const std::byte> buffered() const {
        return std::span(buffer_).subspan(begin_, end_ - begin_);
    }

    std::unique_ptr<byte_input> input_;
    std::string name_;
    std::string next_name_; // a ROTATE event told
    std::filesystem::path followed_;
    std::vector<std::byte> buffer_;
    std::size_t begin_ = 0; // of what was not given out
    std::size_t end_ = 0;
    std::uint64_t offset_ = 0; // of begin_ in the file
    bool has_checksum_ = false;
    std::shared_ptr<const std::vector<std::byte>> format_; // to be given first
    bool file_over_ = false;                               // ROTATE or STOP was its last event
};

// The file that follows: "binlog.000009" gives "binlog.000010". Empty for names without a number.
[[nodiscard]] std::string next_binlog_name(const std::string& name);

} // namespace understudy::relay::inspection
