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
    const std::scoped_lock lock(mutex_);
    return current_;
}

} // namespace understudy::state
