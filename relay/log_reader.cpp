#include "relay/log_reader.hpp"

#include "protocol/binlog/event_header.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "relay/errc.hpp"

#include <algorithm>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::event_header_size;
using protocol::fail;
using protocol::result;

constexpr std::size_t length_at = 9; // of event_length in the event header
constexpr std::uint32_t event_size_max = 1U << 30U;

} // namespace

result<std::unique_ptr<reader>> log_reader::open(std::shared_ptr<log_parts> log,
                                                 const protocol::binlog_position& position) {
    std::unique_ptr<log_reader> opened(new log_reader(std::move(log)));
    auto& pins = opened->log_->pins;
    pins.set(opened.get(), position);
    const auto spot = opened->frames_.find(position);
    if (!spot) return std::unexpected(spot.error());
    opened->number_ = spot->number;
    opened->skip_to_ = spot->source_offset;
    auto format = opened->frames_.format_before(spot->number);
    if (!format) return std::unexpected(format.error());
    opened->format_ = std::move(*format);
    opened->format_offset_ = position.offset;
    if (opened->skip_to_) {
        // Now, so that a position inside an event is refused here and not at the first event.
        const auto there = opened->reach_bytes();
        if (!there) return std::unexpected(there.error());
    }
    return opened;
}

log_reader::~log_reader() {
    log_->pins.remove(this);
}

void log_reader::release_until(const protocol::binlog_position& applied) {
    log_->pins.set(this, applied);
}

// A place inside the first frame that is still to be reached counts from the frame's beginning.
std::optional<std::uint64_t> log_reader::unread() const {
    return log_->frames.readable_from(number_, offset_);
}

result<std::optional<stored_event>> log_reader::next() {
    for (;;) {
        if (log_->closed.load()) {
            return fail(errc::closed, "the relay log was begun anew at another position");
        }
        if (format_) {
            auto owner = std::exchange(format_, nullptr);
            return stored_event{owner, owner->bytes(), owner->file(), format_offset_};
        }
        const auto there = reach_bytes();
        if (!there) return std::unexpected(there.error());
        if (*there == advance::wait) return std::nullopt;
        auto event = whole_ || event_is_cut() ? take_part() : take();
        if (!event || *event) return event;
    }
}

// To a frame with bytes that were not given yet.
result<log_reader::advance> log_reader::reach_bytes() {
    bool announced = false;
    for (;;) {
        if (!frame_) {
            auto found = frames_.get(number_);
            if (!found) return std::unexpected(found.error());
            frame_ = std::move(*found);
            offset_ = 0;
            if (frame_ && skip_to_) {
                if (auto done = skip_to(*skip_to_); !done) return std::unexpected(done.error());
                skip_to_.reset();
            }
        }
        if (frame_) {
            // closed() first: a closed frame grows no more.
            const bool closed = frame_->closed();
            if (offset_ < frame_->readable()) return advance::ready;
            if (closed) {
                frame_.reset();
                ++number_;
                continue;
            }
        }
        if (announced) return advance::wait;
        log_->frames.announce_waiting();
        announced = true;
    }
}

std::uint64_t log_reader::source_offset() const {
    const auto& header = frame_->header;
    return header.start_offset + (header.has(frame_flag::artificial) ? 0 : offset_);
}

result<std::uint32_t> log_reader::event_size() const {
    const auto rest = frame_->readable_bytes().subspan(offset_);
    if (rest.size() >= event_header_size) {
        const auto size = protocol::byte_reader(rest.subspan(length_at)).u32();
        if (size >= event_header_size && size <= event_size_max) return size;
    }
    return fail(errc::corrupt, frames_.place() + ": the frame holds something that is no event");
}

bool log_reader::event_is_cut() const {
    if (frame_->header.kind != frame_kind::piece) return false;
    const auto size = event_size();
    return size && *size > frame_->readable() - offset_;
}

result<std::optional<stored_event>> log_reader::take() {
    const auto size = event_size();
    if (!size) return std::unexpected(size.error());
    if (*size > frame_->readable() - offset_) {
        return fail(errc::corrupt, frames_.place() + ": an event reaches beyond its frame");
    }
    const auto bytes = frame_->readable_bytes().subspan(offset_, *size);
    offset_ += *size;
    return stored_event{frame_, bytes, frame_->file(), source_offset()};
}

result<std::optional<stored_event>> log_reader::take_part() {
    const auto rest = frame_->readable_bytes().subspan(offset_);
    if (!whole_) {
        const auto size = event_size();
        if (!size) return std::unexpected(size.error());
        if (!frame_->header.has(frame_flag::event_goes_on)) {
            return fail(errc::corrupt, frames_.place() + ": an event reaches beyond its frame");
        }
        whole_ = std::make_shared<frame_buffer>(log_->pool, *size, frame_->file());
    } else if (!frame_->header.has(frame_flag::continues_event)) {
        return fail(errc::corrupt, frames_.place() + ": an event does not go on here");
    }
    const auto part = rest.first(std::min(rest.size(), whole_->room()));
    whole_->append(part);
    offset_ += part.size();
    if (whole_->room() > 0) return std::nullopt;
    std::shared_ptr<const frame_buffer> owner = std::exchange(whole_, nullptr);
    return stored_event{owner, owner->bytes(), owner->file(), source_offset()};
}

result<void> log_reader::skip_to(std::uint64_t target) {
    const auto start = frame_->header.start_offset;
    const auto raw = target - start;
    if (frame_->header.kind == frame_kind::piece) {
        offset_ = static_cast<std::size_t>(raw);
        return {};
    }
    while (offset_ < raw) {
        const auto size = event_size();
        if (!size) return std::unexpected(size.error());
        offset_ += *size;
    }
    if (offset_ == raw) return {};
    return fail(errc::position_not_held,
                protocol::binlog_position{*frame_->file(), target}.to_string() +
                    " is inside an event of the source's log");
}

} // namespace understudy::relay
