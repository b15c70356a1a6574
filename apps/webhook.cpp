#include "apps/webhook.hpp"

#include "state/json_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <stop_token>
#include <utility>

namespace understudy::apps {

using namespace std::chrono_literals;

std::string to_json(const state_change& change) {
    return boost::json::serialize(boost::json::object{
        {"task", change.task},
        {"from", to_string(change.from)},
        {"to", to_string(change.to)},
        {"time", state::time_text(change.at)},
        {"position", state::as_utf8(change.position)},
        {"error", state::as_utf8(change.error)},
        {"advice", state::as_utf8(change.advice)},
    });
}

webhook::webhook(options with)
    : options_(std::move(with)), token_(options_.token),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

webhook::~webhook() = default;

void webhook::tell(const state_change& change) {
    bool dropped = false;
    {
        const std::scoped_lock lock(mutex_);
        if (waiting_.size() >= options_.waiting_max) {
            waiting_.pop_front();
            dropped = true;
        }
        waiting_.push_back(to_json(change));
    }
    more_.notify_one();
    if (dropped)
        options_.complain("the webhook's receiver is behind: the oldest change was given up");
}

void webhook::use_token(std::string token) {
    const std::scoped_lock lock(mutex_);
    token_ = std::move(token);
}

void webhook::run(const std::stop_token& stop) {
    while (true) {
        std::string body;
        {
            std::unique_lock lock(mutex_);
            if (!more_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
            body = std::move(waiting_.front());
            waiting_.pop_front();
        }
        if (!deliver(body, stop) && !stop.stop_requested())
            options_.complain("the webhook could not be told of: " + body);
    }
}

bool webhook::deliver(const std::string& body, const std::stop_token& stop) {
    auto delay = options_.first_delay;
    for (unsigned tries = 1; !stop.stop_requested(); ++tries) {
        http_call call{.to = options_.to,
                       .method = "POST",
                       .body = body,
                       .token = {},
                       .certificate = {},
                       .timeout = options_.timeout};
        {
            const std::scoped_lock lock(mutex_);
            call.token = token_;
        }
        const auto answer = ask(call, stop);
        if (stop.stop_requested()) return false;
        if (answer && answer->status / 100 == 2) return true;
        const std::string why =
            answer ? fmt::format("status {}", answer->status) : answer.error().what;
        if (tries == 1) options_.complain("the webhook does not take a change: " + why);
        if (tries == options_.tries_max) return false;
        std::unique_lock lock(mutex_);
        more_.wait_for(lock, stop, delay, [] { return false; });
        delay = std::min(delay * 2, std::chrono::milliseconds(60s));
    }
    return false;
}

} // namespace understudy::apps
