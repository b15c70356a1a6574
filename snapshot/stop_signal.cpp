#include "snapshot/stop_signal.hpp"

#include <utility>

namespace understudy::snapshot {

stop_signal::registration::registration(stop_signal& signal, std::function<void()> hook)
    : signal_(&signal) {
    signal.hooks_.push_front(std::move(hook));
    place_ = signal.hooks_.begin();
}

stop_signal::registration::registration(registration&& other) noexcept
    : signal_(std::exchange(other.signal_, nullptr)), place_(other.place_) {}

stop_signal::registration& stop_signal::registration::operator=(registration&& other) noexcept {
    if (this == &other) return *this;
    forget();
    signal_ = std::exchange(other.signal_, nullptr);
    place_ = other.place_;
    return *this;
}

stop_signal::registration::~registration() {
    forget();
}

void stop_signal::registration::forget() noexcept {
    if (signal_ != nullptr) signal_->hooks_.erase(place_);
    signal_ = nullptr;
}

void stop_signal::stop() {
    stopped_ = true;
    for (const auto& hook : hooks_)
        hook();
}

stop_signal::registration stop_signal::on_stop(std::function<void()> hook) {
    if (stopped_) hook();
    return registration(*this, std::move(hook));
}

} // namespace understudy::snapshot
