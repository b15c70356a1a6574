#pragma once

#include "protocol/binlog/boundary.hpp"
#include "protocol/binlog/event_header.hpp"
#include "protocol/gtid/gtid.hpp"
#include "protocol/result.hpp"
#include "relay/frame_buffer.hpp"
#include "relay/live_frames.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace understudy::relay {

// Cuts the stream of events into frames. What holds for every closed frame:
//   - its bytes are one unbroken stretch of one file of the source;
//   - it holds whole groups only (kind groups), or bytes of a single group (kind piece), or one
//     format description (kind format).
// So an unfinished group is always taken out by dropping frames, never by rewriting one. The price
// is that the beginning of a group that does not fit any more moves to the next frame: one copy of
// less than a frame.
// Used by the appending thread, and by the writing thread's cut(), never at the same time.
class frame_cutter {
public:
    frame_cutter(live_frames& frames, std::shared_ptr<buffer_pool> pool, std::size_t frame_bytes,
                 const std::string& file);

    void append(const protocol::event_view& event, std::uint64_t end_offset,
                protocol::boundary::role role, const protocol::gtid* id);
    // A format description; artificial: it has no place in the file, `offset` is where we are.
    void append_format(std::span<const std::byte> bytes, std::uint64_t offset, bool artificial);
    void switch_file(const std::string& file);
    // Closes the open frame after its last whole group.
    void cut();
    [[nodiscard]] protocol::result<void> drop_open_group();

    [[nodiscard]] bool in_group() const { return unit_open_; }
    [[nodiscard]] const std::string& file() const { return *file_; }

private:
    // What a frame header counts.
    struct tally {
        std::uint32_t events = 0;
        std::uint32_t time_min = 0;
        std::uint32_t time_max = 0;
        std::optional<std::uint32_t> first_event;

        void add(std::uint32_t timestamp, std::size_t raw_offset);
        void merge_into(frame_header& header) const;
    };

    [[nodiscard]] std::size_t tail_size() const { return open_->size() - open_->readable(); }
    void place(std::span<const std::byte> bytes, std::uint64_t start, std::uint32_t timestamp);
    void place_split(std::span<const std::byte> bytes, std::uint64_t start,
                     std::uint32_t timestamp);
    void open_frame(std::uint64_t start);
    void make_room(std::size_t size);
    void close_all(); // before a jump in the position
    void close_groups();
    void close_piece();
    void move_tail();
    void finish(frame_header& header) const;
    void end_unit(std::uint64_t end_offset, bool is_group);

    live_frames& frames_;
    std::shared_ptr<buffer_pool> pool_;
    std::size_t frame_bytes_;
    std::shared_ptr<const std::string> file_;

    live_frames::frame_pointer open_;
    bool unit_open_ = false; // a group, or an event outside groups while it is placed
    tally tail_;             // of the open unit, as far as it stands in the open frame
    std::optional<protocol::gtid> unit_gtid_;
    std::optional<std::uint64_t> first_piece_; // frame number, once the unit spans frames
    bool inside_event_ = false;                // the open frame begins inside an event
};

} // namespace understudy::relay
