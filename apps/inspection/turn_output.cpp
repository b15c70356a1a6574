#include "apps/inspection/turn_output.hpp"

#include "relay/errc.hpp"

#include <utility>

namespace understudy::apps {

using protocol::result;

void turn_output::begin(relay::inspection::ordered_turns& turns, std::size_t number) {
    turns_ = &turns;
    number_ = number;
    is_first_ = false;
    kept_.clear();
}

result<void> turn_output::write_kept() {
    if (kept_.empty()) return {};
    auto done = to_(kept_);
    kept_.clear();
    return done;
}

result<void> turn_output::write(std::string_view text) {
    if (!is_first_) is_first_ = turns_->is_first(number_);
    if (!is_first_ && kept_.size() + text.size() > memory_max_) {
        // It is over because of something that comes before this piece, and that is what is told.
        if (!turns_->wait_until_first(number_))
            return protocol::fail(relay::errc::closed, "the reading has ended");
        is_first_ = true;
    }
    if (!is_first_) {
        kept_ += text;
        return {};
    }
    if (auto done = write_kept(); !done) return done;
    return to_(text);
}

relay::inspection::ordered_turns::delivery turn_output::take() {
    return [this, text = std::exchange(kept_, {})]() -> result<void> {
        return text.empty() ? result<void>{} : to_(text);
    };
}

} // namespace understudy::apps
