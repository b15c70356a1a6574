#pragma once

#include "relay/file.hpp"
#include "relay/inspection/log_piece.hpp"
#include "relay/key_ring.hpp"
#include "relay/segment_index.hpp"

#include <cstdint>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

namespace understudy::relay::inspection {

// Cuts a relay directory (or one segment) by the footers of its sealed segments; from the first
// segment on that is not sealed all is one piece. One thread at a time.
class segment_cutter final : public log_cutter {
public:
    struct options {
        frame_test wanted; // runs that it turns down are in no piece
        key_ring keys{};
        bool with_index = false;     // pieces know their segment's index of keys
        bool whole_segments = false; // what is learned for the index is learned once in each
        std::uint64_t piece_bytes = piece_bytes_default;
    };
    [[nodiscard]] static protocol::result<std::unique_ptr<log_cutter>>
    open(const std::filesystem::path& path, options how);

    [[nodiscard]] protocol::result<std::optional<log_piece>> next() override;

private:
    segment_cutter(std::filesystem::path path, options how)
        : path_(std::move(path)), how_(std::move(how)) {}
    [[nodiscard]] protocol::result<std::optional<log_piece>> enter_segment(std::uint64_t number);
    void cut(std::vector<frame_entry> frames, const std::shared_ptr<const key_index>& index);
    [[nodiscard]] log_piece rest(std::uint64_t number) const;

    std::filesystem::path path_;
    options how_;
    std::filesystem::path folder_;
    bool one_ = false;
    std::unique_ptr<directory> where_;
    std::vector<std::uint64_t> numbers_;
    std::size_t next_ = 0; // in numbers_
    bool over_ = false;
    std::deque<segment_source::part> parts_; // of the segment that was entered last
};

} // namespace understudy::relay::inspection
