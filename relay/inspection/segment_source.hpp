#pragma once

#include "relay/compression.hpp"
#include "relay/file.hpp"
#include "relay/inspection/event_source.hpp"
#include "relay/key_index.hpp"
#include "relay/key_ring.hpp"
#include "relay/segment_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace understudy::relay::inspection {

// Whether a frame may hold something that is looked for, by what its header says. Frames that hold
// one group are asked for as if they were one.
using frame_test = std::function<bool(const frame_header&)>;

// Whether a run of frames may hold something that is looked for, by the index of keys; asked for
// one after the other, just before each would be read.
class index_test {
public:
    virtual ~index_test() = default;
    // A segment begins. nullptr: it has no index that can be read.
    virtual void enter(std::shared_ptr<const key_index> index) = 0;
    // The run that begins with this frame.
    [[nodiscard]] virtual bool may_hold(std::uint64_t frame) = 0;
};

// Events of a relay directory or of one segment file, also beside the task that writes it: a reader
// of the files that takes no lock and writes nothing. The format description in force at the
// beginning comes first. Only whole groups are given. Frames that the test turns down are not even
// read (format descriptions always are), nor runs that the index test turns down. Memory for one
// frame, or one event that is larger.
class segment_source final : public event_source {
public:
    // follow: at the end of the log next() gives nothing, and later what was written since.
    [[nodiscard]] static protocol::result<std::unique_ptr<event_source>>
    open(const std::filesystem::path& where, bool follow, frame_test wanted = {},
         key_ring keys = {}, index_test* indexed = nullptr);

    // Some of the frames of one segment: whole runs, and before them the format description that is
    // in force there, where that is not the one of the segment's header.
    struct part {
        std::filesystem::path folder;
        std::uint64_t number = 0;
        std::vector<frame_entry> frames;
        std::shared_ptr<const key_index> index; // nullptr: none that can be read
    };
    [[nodiscard]] static protocol::result<std::unique_ptr<event_source>>
    open_part(const part& which, key_ring keys, index_test* indexed);
    // A directory from this segment on.
    [[nodiscard]] static protocol::result<std::unique_ptr<event_source>>
    open_from(const std::filesystem::path& folder, std::uint64_t number, frame_test wanted,
              key_ring keys, index_test* indexed);

    [[nodiscard]] protocol::result<std::optional<raw_event>> next() override;
    [[nodiscard]] std::uint64_t unfinished_bytes() const override { return torn_bytes_; }
    [[nodiscard]] std::string place() const override;

private:
    segment_source(bool follow, frame_test wanted, key_ring keys, index_test* indexed)
        : follow_(follow), wanted_(std::move(wanted)), keys_(std::move(keys)), indexed_(indexed) {}
    [[nodiscard]] protocol::result<void> open_segment(std::uint64_t number);
    [[nodiscard]] protocol::result<bool> find_next_segment();
    [[nodiscard]] protocol::result<bool> plan_more();
    void plan(const std::vector<frame_entry>& frames);
    [[nodiscard]] bool skip_run();
    [[nodiscard]] protocol::result<bool> load_frame();
    [[nodiscard]] protocol::result<std::optional<raw_event>> cut();

    std::unique_ptr<directory> where_;
    bool follow_;
    bool one_ = false; // a single segment
    frame_test wanted_;
    key_ring keys_;
    index_test* indexed_; // may be nullptr
    bool in_run_ = false; // the next frame belongs to the last one's run
    std::uint64_t number_ = 0;
    std::optional<segment_reader> segment_;
    bool sealed_ = false;
    std::deque<frame_entry> planned_;
    std::uint64_t planned_until_ = 0; // offset in the segment
    std::uint64_t size_seen_ = 0;
    std::uint64_t torn_bytes_ = 0;

    frame_decoder decoder_;
    frame_entry frame_; // whose bytes raw_ are
    std::vector<std::byte> raw_;
    std::size_t offset_ = 0;
    std::vector<std::byte> whole_; // an event from several frames
    bool whole_given_ = false;
    std::vector<std::byte> format_; // to be given first
};

// Runs of frames that hold one group; a frame of whole groups is a run by itself.
template<class Visit>
void for_each_run(const std::vector<frame_entry>& frames, Visit visit) {
    for (std::size_t begin = 0; begin < frames.size();) {
        auto end = begin;
        while (end + 1 < frames.size() && frames[end].header.has(frame_flag::group_goes_on))
            ++end;
        visit(std::span<const frame_entry>(frames).subspan(begin, end + 1 - begin));
        begin = end + 1;
    }
}

// A run as if it were one frame: its GTIDs stand in the last one, its first event in the first.
[[nodiscard]] frame_header merge_run(std::span<const frame_entry> run);

// A path that names a segment file, or a directory with segments.
[[nodiscard]] bool is_relay_path(const std::filesystem::path& path);

} // namespace understudy::relay::inspection
