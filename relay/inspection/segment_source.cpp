#include "relay/inspection/segment_source.hpp"

#include "protocol/binlog/event_header.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "relay/errc.hpp"
#include "relay/posix_directory.hpp"
#include "relay/recovery.hpp"

#include <algorithm>
#include <utility>

namespace understudy::relay::inspection {

namespace {

using protocol::fail;
using protocol::result;
using outcome = segment_reader::outcome;

constexpr std::uint32_t event_size_max = 1U << 30U;

} // namespace

frame_header merge_run(std::span<const frame_entry> run) {
    auto header = run.front().header;
    for (const auto& [offset, size, next] : run.subspan(1)) {
        if (next.time_min != 0) {
            header.time_min =
                header.time_min == 0 ? next.time_min : std::min(header.time_min, next.time_min);
        }
        header.time_max = std::max(header.time_max, next.time_max);
        header.end_offset = next.end_offset;
        header.gtids.add(next.gtids);
    }
    return header;
}

bool is_relay_path(const std::filesystem::path& path) {
    std::error_code failure;
    return parse_segment_name(path.filename().string()).has_value() ||
           std::filesystem::is_directory(path, failure);
}

result<std::unique_ptr<event_source>> segment_source::open(const std::filesystem::path& path,
                                                           bool follow, frame_test wanted,
                                                           key_ring keys, index_test* indexed) {
    std::unique_ptr<segment_source> opened(
        new segment_source(follow, std::move(wanted), std::move(keys), indexed));
    const auto one = parse_segment_name(path.filename().string());
    auto folder = one ? path.parent_path() : path;
    if (folder.empty()) folder = ".";
    auto where = open_posix_directory(folder);
    if (!where) return std::unexpected(where.error());
    opened->where_ = std::move(*where);
    opened->one_ = one.has_value();
    std::uint64_t first = 0;
    if (one) {
        first = *one;
    } else {
        const auto numbers = segment_numbers(*opened->where_);
        if (!numbers) return std::unexpected(numbers.error());
        if (numbers->empty()) {
            if (follow) return opened;
            return fail(errc::position_not_held, path.string() + " holds no segments");
        }
        first = numbers->front();
    }
    if (auto done = opened->open_segment(first); !done) return std::unexpected(done.error());
    opened->format_ = opened->segment_->header().format_description;
    return opened;
}

result<std::unique_ptr<event_source>> segment_source::open_part(const part& which, key_ring keys,
                                                                index_test* indexed) {
    std::unique_ptr<segment_source> opened(new segment_source(false, {}, std::move(keys), indexed));
    auto where = open_posix_directory(which.folder);
    if (!where) return std::unexpected(std::move(where.error()));
    opened->where_ = std::move(*where);
    opened->one_ = true;
    auto reader = segment_reader::open(*opened->where_, segment_name(which.number), opened->keys_);
    if (!reader) return std::unexpected(std::move(reader.error()));
    opened->segment_ = std::move(*reader);
    opened->number_ = which.number;
    opened->sealed_ = true;
    opened->planned_.assign(which.frames.begin(), which.frames.end());
    opened->format_ = opened->segment_->header().format_description;
    if (indexed != nullptr) indexed->enter(which.index);
    return opened;
}

result<std::unique_ptr<event_source>> segment_source::open_from(const std::filesystem::path& folder,
                                                                std::uint64_t number,
                                                                frame_test wanted, key_ring keys,
                                                                index_test* indexed) {
    std::unique_ptr<segment_source> opened(
        new segment_source(false, std::move(wanted), std::move(keys), indexed));
    auto where = open_posix_directory(folder);
    if (!where) return std::unexpected(std::move(where.error()));
    opened->where_ = std::move(*where);
    if (auto done = opened->open_segment(number); !done)
        return std::unexpected(std::move(done.error()));
    opened->format_ = opened->segment_->header().format_description;
    return opened;
}

std::string segment_source::place() const {
    return segment_ ? segment_->place(frame_.offset) : where_->path_of("");
}

result<void> segment_source::open_segment(std::uint64_t number) {
    auto reader = segment_reader::open(*where_, segment_name(number), keys_);
    if (!reader) return std::unexpected(reader.error());
    segment_ = std::move(*reader);
    number_ = number;
    sealed_ = false;
    planned_until_ = segment_->first_offset();
    size_seen_ = 0;
    if (indexed_ != nullptr) {
        // What cannot be read of an index costs time only.
        auto index = read_key_index(*where_, number, keys_);
        const bool good = index && *index;
        indexed_->enter(good ? std::make_shared<const key_index>(std::move(**index)) : nullptr);
    }
    const auto planned = plan_more();
    if (!planned) return std::unexpected(planned.error());
    return {};
}

// Frames that no plan holds yet, up to the end of the last whole group. Whether there were some.
result<bool> segment_source::plan_more() {
    if (sealed_) return false;
    const auto size = segment_->size();
    if (!size) return std::unexpected(size.error());
    if (*size == size_seen_) return false;
    const bool first_look = size_seen_ == 0;
    size_seen_ = *size;
    auto footer = segment_->footer();
    if (!footer) return std::unexpected(footer.error());
    std::vector<frame_entry> frames;
    if (*footer) {
        sealed_ = true;
        torn_bytes_ = 0;
        frames = std::move((*footer)->frames);
        std::erase_if(frames, [&](const frame_entry& one) { return one.offset < planned_until_; });
        planned_until_ = (*footer)->frames_end;
    } else if (first_look) {
        // Judges damage, too: what is torn here must not have been on the disk once.
        auto scan = scan_segment(*segment_, *size, false);
        if (!scan) return std::unexpected(scan.error());
        frames = std::move(scan->frames);
        planned_until_ = scan->frames_end;
        torn_bytes_ = *size - planned_until_;
    } else {
        auto offset = planned_until_;
        for (;;) {
            auto step = segment_->read(offset, *size);
            if (!step) return std::unexpected(step.error());
            if (step->what != outcome::frame) break; // still being written
            offset = step->entry.next_offset();
            frames.push_back(std::move(step->entry));
        }
        while (!frames.empty() && frames.back().header.has(frame_flag::group_goes_on))
            frames.pop_back();
        if (!frames.empty()) planned_until_ = frames.back().next_offset();
        torn_bytes_ = *size - planned_until_;
    }
    plan(frames);
    return !frames.empty();
}

void segment_source::plan(const std::vector<frame_entry>& frames) {
    for_each_run(frames, [&](std::span<const frame_entry> run) {
        const bool wanted =
            !wanted_ || run.front().header.kind == frame_kind::format || wanted_(merge_run(run));
        if (wanted) planned_.insert(planned_.end(), run.begin(), run.end());
    });
}

result<bool> segment_source::find_next_segment() {
    if (one_) return false;
    const auto numbers = segment_numbers(*where_);
    if (!numbers) return std::unexpected(numbers.error());
    const auto next = segment_ ? std::ranges::upper_bound(*numbers, number_) : numbers->begin();
    if (next == numbers->end()) return false;
    if (segment_ && *next != number_ + 1) {
        return fail(errc::position_not_held, where_->path_of(segment_name(number_ + 1)) +
                                                 " was deleted by retention while it was awaited");
    }
    if (segment_ && !sealed_) {
        // It was sealed before the next one appeared.
        size_seen_ = 0;
        const auto more = plan_more();
        if (!more || *more) return more;
        if (!sealed_) {
            return fail(errc::corrupt, segment_->place(planned_until_) +
                                           ": the segment is not sealed, but there is a newer one");
        }
    }
    const bool first = !segment_;
    if (auto done = open_segment(*next); !done) return std::unexpected(done.error());
    if (first) format_ = segment_->header().format_description;
    return true;
}

// Whether the run that is next was turned down, and is gone from the plan.
bool segment_source::skip_run() {
    const auto goes_on = [](const frame_entry& one) {
        return one.header.has(frame_flag::group_goes_on) ||
               one.header.has(frame_flag::event_goes_on);
    };
    if (indexed_ != nullptr && !in_run_ && planned_.front().header.kind != frame_kind::format &&
        !indexed_->may_hold(planned_.front().header.number)) {
        bool more = true;
        while (more && !planned_.empty()) {
            more = goes_on(planned_.front());
            planned_.pop_front();
        }
        return true;
    }
    in_run_ = goes_on(planned_.front());
    return false;
}

// Whether raw_ is a new frame.
result<bool> segment_source::load_frame() {
    while (planned_.empty() || skip_run()) {
        if (!planned_.empty()) continue;
        if (segment_ && follow_) {
            const auto more = plan_more();
            if (!more) return more;
            if (*more) continue;
        }
        const auto next = find_next_segment();
        if (!next || !*next) return next;
    }
    frame_ = std::move(planned_.front());
    planned_.pop_front();
    const auto step = segment_->read(frame_.offset, frame_.next_offset());
    if (!step) return std::unexpected(step.error());
    if (step->what != outcome::frame || step->entry.header.number != frame_.header.number) {
        return fail(errc::corrupt,
                    place() + ": " +
                        (step->why.empty() ? "this is not the frame that stood here" : step->why));
    }
    frame_.header = step->entry.header;
    raw_.resize(frame_.header.raw_size);
    if (auto done = decoder_.decode(frame_.header, step->stored, raw_); !done) {
        return protocol::wrap(done.error(), place());
    }
    offset_ = 0;
    if (frame_.header.has(frame_flag::continues_event) == whole_.empty()) {
        return fail(errc::corrupt, place() + ": the frame does not go on where the last one ended");
    }
    return true;
}

// The next event of this frame; nothing when its rest belongs to an event that goes on.
result<std::optional<raw_event>> segment_source::cut() {
    const auto rest = std::span<const std::byte>(raw_).subspan(offset_);
    const auto head = whole_.empty() ? rest : std::span<const std::byte>(whole_);
    constexpr std::size_t length_at = 9;
    const auto size = head.size() >= protocol::event_header_size
                          ? protocol::byte_reader(head.subspan(length_at)).u32()
                          : 0U;
    if (size < protocol::event_header_size || size > event_size_max || size <= whole_.size()) {
        return fail(errc::corrupt, place() + ": the frame holds something that is no event");
    }
    const auto missing = size - whole_.size();
    if (missing > rest.size()) {
        if (!frame_.header.has(frame_flag::event_goes_on)) {
            return fail(errc::corrupt, place() + ": an event reaches beyond its frame");
        }
        whole_.insert(whole_.end(), rest.begin(), rest.end());
        offset_ = raw_.size();
        return std::nullopt;
    }
    raw_event event;
    event.bytes = rest.first(missing);
    offset_ += missing;
    if (!whole_.empty()) {
        whole_.insert(whole_.end(), event.bytes.begin(), event.bytes.end());
        event.bytes = whole_;
        whole_given_ = true;
    }
    const auto& header = frame_.header;
    event.file = header.file;
    event.artificial = header.has(frame_flag::artificial);
    event.end_offset = header.start_offset + (event.artificial ? 0 : offset_);
    event.start_offset = event.end_offset - (event.artificial ? 0 : size);
    return event;
}

result<std::optional<raw_event>> segment_source::next() {
    if (std::exchange(whole_given_, false)) whole_.clear();
    if (!format_.empty()) {
        raw_ = std::exchange(format_, {});
        offset_ = raw_.size();
        const auto& begin = segment_->header().base.binlog;
        return raw_event{raw_, begin.file, begin.offset, begin.offset, true};
    }
    for (;;) {
        if (offset_ == raw_.size()) {
            const auto loaded = load_frame();
            if (!loaded) return std::unexpected(loaded.error());
            if (!*loaded) return std::nullopt;
        }
        auto event = cut();
        if (!event || *event) return event;
    }
}

} // namespace understudy::relay::inspection
