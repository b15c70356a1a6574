#include "relay/inspection/segment_cutter.hpp"

#include "relay/errc.hpp"
#include "relay/posix_directory.hpp"
#include "relay/recovery.hpp"
#include "relay/segment_reader.hpp"

#include <span>
#include <utility>

namespace understudy::relay::inspection {

using protocol::result;

result<std::unique_ptr<log_cutter>> segment_cutter::open(const std::filesystem::path& path,
                                                         options how) {
    std::unique_ptr<segment_cutter> opened(new segment_cutter(path, std::move(how)));
    const auto one = parse_segment_name(path.filename().string());
    opened->one_ = one.has_value();
    opened->folder_ = one ? path.parent_path() : path;
    if (opened->folder_.empty()) opened->folder_ = ".";
    auto where = open_posix_directory(opened->folder_);
    if (!where) return std::unexpected(std::move(where.error()));
    opened->where_ = std::move(*where);
    if (one) {
        opened->numbers_.push_back(*one);
        return opened;
    }
    auto numbers = segment_numbers(*opened->where_);
    if (!numbers) return std::unexpected(std::move(numbers.error()));
    if (numbers->empty())
        return protocol::fail(errc::position_not_held, path.string() + " holds no segments");
    opened->numbers_ = std::move(*numbers);
    return opened;
}

log_piece segment_cutter::rest(std::uint64_t number) const {
    return {[path = path_, folder = folder_, one = one_, number,
             how = how_](const piece_context& context) {
        if (context.entered) context.entered(path);
        return one ? segment_source::open(path, false, how.wanted, how.keys, context.indexed)
                   : segment_source::open_from(folder, number, how.wanted, how.keys,
                                               context.indexed);
    }};
}

void segment_cutter::cut(std::vector<frame_entry> frames,
                         const std::shared_ptr<const key_index>& index) {
    const auto number = numbers_[next_ - 1];
    std::optional<frame_entry> format; // in force, where the segment's header has another one
    std::uint64_t bytes = 0;
    segment_source::part open;
    bool has_runs = false;
    const auto begin = [&] {
        open = {.folder = folder_, .number = number, .frames = {}, .index = index};
        if (format) open.frames.push_back(*format);
        bytes = 0;
        has_runs = false;
    };
    begin();
    for_each_run(frames, [&](std::span<const frame_entry> run) {
        if (run.front().header.kind == frame_kind::format) {
            format = run.front();
            open.frames.push_back(*format);
            return;
        }
        if (how_.wanted && !how_.wanted(merge_run(run))) return;
        open.frames.insert(open.frames.end(), run.begin(), run.end());
        has_runs = true;
        for (const auto& frame : run)
            bytes += frame.header.raw_size;
        if (how_.whole_segments || bytes < how_.piece_bytes) return;
        parts_.push_back(std::move(open));
        begin();
    });
    if (has_runs) parts_.push_back(std::move(open));
}

result<std::optional<log_piece>> segment_cutter::enter_segment(std::uint64_t number) {
    auto segment = segment_reader::open(*where_, segment_name(number), how_.keys);
    if (!segment) return std::unexpected(std::move(segment.error()));
    auto footer = segment->footer();
    if (!footer) return std::unexpected(std::move(footer.error()));
    if (!*footer) {
        over_ = true;
        return rest(number);
    }
    std::shared_ptr<const key_index> index;
    if (how_.with_index) {
        // What cannot be read of an index costs time only.
        auto read = read_key_index(*where_, number, how_.keys);
        if (read && *read) index = std::make_shared<const key_index>(std::move(**read));
    }
    cut(std::move((*footer)->frames), index);
    return std::nullopt;
}

result<std::optional<log_piece>> segment_cutter::next() {
    while (parts_.empty()) {
        if (over_ || next_ == numbers_.size()) return std::nullopt;
        const auto number = numbers_[next_];
        if (next_ > 0 && number != numbers_[next_ - 1] + 1) {
            return protocol::fail(errc::position_not_held,
                                  where_->path_of(segment_name(numbers_[next_ - 1] + 1)) +
                                      " was deleted by retention while it was awaited");
        }
        ++next_;
        auto unsealed = enter_segment(number);
        if (!unsealed || *unsealed) return unsealed;
    }
    auto part = std::make_shared<const segment_source::part>(std::move(parts_.front()));
    parts_.pop_front();
    return log_piece{[path = path_, part, keys = how_.keys](const piece_context& context) {
        if (context.entered) context.entered(path);
        return segment_source::open_part(*part, keys, context.indexed);
    }};
}

} // namespace understudy::relay::inspection
