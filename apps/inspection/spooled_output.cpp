#include "apps/inspection/spooled_output.hpp"

#include <algorithm>
#include <utility>

namespace understudy::apps {

using protocol::result;

namespace {

constexpr std::size_t piece_size = 64U << 10U;

} // namespace

result<void> spooled_output::written() {
    if (!held_) return pending_.size() < piece_size ? result<void>{} : flush();
    if (pending_.size() < memory_max_) return {};
    if (auto done = send_free_part(); !done) return done;
    if (auto done = spilled_.append(pending_); !done) return done;
    pending_.clear();
    return {};
}

// What stands before the held part.
result<void> spooled_output::send_free_part() {
    if (held_from_ == 0) return {};
    auto done = to_(std::string_view(pending_).substr(0, held_from_));
    pending_.erase(0, std::exchange(held_from_, 0));
    return done;
}

result<void> spooled_output::flush() {
    if (held_) return send_free_part();
    if (pending_.empty()) return {};
    auto done = to_(pending_);
    pending_.clear();
    return done;
}

void spooled_output::hold() {
    held_ = true;
    held_from_ = pending_.size();
}

result<void> spooled_output::release() {
    if (!std::exchange(held_, false)) return {};
    held_from_ = 0;
    if (spilled_.size() == 0) return {};
    std::string piece;
    for (std::uint64_t at = 0; at < spilled_.size();) {
        piece.resize(
            static_cast<std::size_t>(std::min<std::uint64_t>(piece_size, spilled_.size() - at)));
        if (auto done = spilled_.read_at(at, piece); !done) return done;
        if (auto done = to_(piece); !done) return done;
        at += piece.size();
    }
    return spilled_.clear();
}

result<void> spooled_output::discard() {
    if (!std::exchange(held_, false)) return {};
    pending_.resize(std::exchange(held_from_, 0));
    return spilled_.clear();
}

} // namespace understudy::apps
