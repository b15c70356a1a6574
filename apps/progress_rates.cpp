#include "apps/progress_rates.hpp"

namespace understudy::apps {

namespace {

// Long enough to be steady, short enough to tell when something stalls.
constexpr std::chrono::seconds window{5};

} // namespace

void progress_rates::add(const state::status& value, std::chrono::steady_clock::time_point now) {
    sample next{.at = now,
                .applied_rows = value.applied_rows,
                .applied_bytes = value.applied_bytes,
                .applied_transactions = value.applied_transactions,
                .received_bytes = value.received_bytes};
    for (const auto& [name, table] : value.copy) {
        next.copied_rows += table.rows;
        next.copied_bytes += table.bytes;
    }
    samples_.push_back(next);
    while (samples_.size() > 2 && now - samples_[1].at >= window)
        samples_.pop_front();
}

rates progress_rates::current() const {
    if (samples_.size() < 2) return {};
    const sample& first = samples_.front();
    const sample& last = samples_.back();
    const double seconds = std::chrono::duration<double>(last.at - first.at).count();
    if (seconds <= 0) return {};
    // A copy that starts a table anew counts backwards for a moment.
    const auto rate = [seconds](std::uint64_t from, std::uint64_t to) {
        return to > from ? static_cast<double>(to - from) / seconds : 0.0;
    };
    return {.copied_rows = rate(first.copied_rows, last.copied_rows),
            .copied_bytes = rate(first.copied_bytes, last.copied_bytes),
            .applied_rows = rate(first.applied_rows, last.applied_rows),
            .applied_bytes = rate(first.applied_bytes, last.applied_bytes),
            .applied_transactions = rate(first.applied_transactions, last.applied_transactions),
            .received_bytes = rate(first.received_bytes, last.received_bytes)};
}

} // namespace understudy::apps
