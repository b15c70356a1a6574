#include "state/status_board.hpp"

#include "protocol/assert.hpp"

#include <algorithm>
#include <utility>

namespace understudy::state {

namespace {

constexpr std::size_t warnings_max = 100;

} // namespace

std::string_view to_string(phase value) {
    switch (value) {
    case phase::starting: return "starting";
    case phase::prechecking: return "prechecking";
    case phase::copying_schema: return "copying schema";
    case phase::copying_data: return "copying data";
    case phase::catching_up: return "catching up";
    case phase::streaming: return "streaming";
    case phase::stopping: return "stopping";
    case phase::finished: return "finished";
    case phase::failed: return "failed";
    }
    std::unreachable();
}

double merge_ratio(const status& value) {
    if (value.written_rows == 0) return 1;
    return static_cast<double>(value.applied_rows) / static_cast<double>(value.written_rows);
}

std::chrono::milliseconds lag_at(const status& value, std::chrono::system_clock::time_point now) {
    using std::chrono::milliseconds;
    using time_point = std::chrono::system_clock::time_point;
    const auto since = [&](time_point then) {
        return std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(now - then));
    };
    const auto ahead =
        value.source_clock ? value.source_clock->ahead : std::chrono::microseconds{0};
    milliseconds lag{0};
    if (value.oldest_missing != time_point{}) lag = since(value.oldest_missing - ahead);
    // What it has committed since then we cannot know.
    if (!value.connected && value.heard != time_point{}) lag = std::max(lag, since(value.heard));
    return lag;
}

status_board::status_board(std::string task) {
    current_.task = std::move(task);
    current_.started = std::chrono::system_clock::now();
}

void status_board::update(const std::function<void(status&)>& change) {
    UNDERSTUDY_ASSERT(change != nullptr);
    const std::scoped_lock lock(mutex_);
    change(current_);
}

void status_board::warn(std::string text) {
    const std::scoped_lock lock(mutex_);
    auto& warnings = current_.warnings;
    if (warnings.size() >= warnings_max) return;
    if (std::ranges::find(warnings, text) != warnings.end()) return;
    warnings.push_back(std::move(text));
}

status status_board::read() const {
    status copy;
    {
        const std::scoped_lock lock(mutex_);
        copy = current_;
    }
    copy.lag = lag_at(copy, std::chrono::system_clock::now());
    return copy;
}

} // namespace understudy::state
