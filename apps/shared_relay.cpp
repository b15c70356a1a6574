#include "apps/shared_relay.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace understudy::apps {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr auto show_interval = 200ms;

// What the receiver writes on its board.
void copy_figures(const state::status& from, state::status& to) {
    to.connected = from.connected;
    to.receiver_note = from.receiver_note;
    to.received = from.received;
    to.received_bytes = from.received_bytes;
    to.received_events = from.received_events;
    to.relay_stored_bytes = from.relay_stored_bytes;
    to.relay_raw_bytes = from.relay_raw_bytes;
    to.heard = from.heard;
}

void show_gone(state::status& now) {
    now.connected = false;
    now.receiver_note.clear();
}

} // namespace

shared_relay::shared_relay(std::unique_ptr<state::task_directory> directory, bool by_gtid,
                           std::unique_ptr<relay::shared_log> log)
    : directory_(std::move(directory)), by_gtid_(by_gtid), log_(std::move(log)),
      board_(std::make_unique<state::status_board>("relay")), shower_(pump_.executor()) {}

shared_relay::~shared_relay() {
    {
        std::unique_lock lock(mutex_);
        has_ended_.wait(lock, [this] { return now_ == receiving::no; });
    }
    pump_.join();
}

shared_relay::parts::iterator shared_relay::find(const member& who) {
    return std::ranges::find(parts_, &who, &taking_part::who);
}

// From here on, and until it says that it may, no other server is followed.
void shared_relay::arrive() {
    const std::scoped_lock lock(mutex_);
    ++arriving_;
    tell_switch();
}

void shared_relay::start(taking_part what) {
    const std::scoped_lock lock(mutex_);
    --arriving_;
    parts_.push_back(std::move(what));
    if (now_ == receiving::no) begin_receiving();
    tell_switch();
}

void shared_relay::begin_receiving() {
    now_ = receiving::yes;
    const taking_part& first = parts_.front();
    chosen_ = first.who;
    auto options = first.options;
    options.by_gtid = by_gtid_;
    board_ = std::make_unique<state::status_board>("relay");
    warned_.clear();
    pump_.start(log_->all(), std::move(options), *board_,
                [this](const protocol::result<void>& ended) { on_end(ended); });
    asio::post(pump_.executor(), [this] { wait_and_show(); });
}

void shared_relay::stop_receiving() {
    if (now_ == receiving::yes) pump_.stop();
    if (now_ == receiving::yes) now_ = receiving::stopping;
}

void shared_relay::tell_switch() {
    std::optional<protocol::binlog_position> after = protocol::binlog_position{};
    if (arriving_ > 0) after.reset();
    for (const taking_part& part : parts_) {
        if (!part.may_switch) after.reset();
        if (after) after = std::max(*after, *part.may_switch);
    }
    pump_.allow_switch(std::move(after));
}

void shared_relay::stop(const member& who) {
    relay_supply::end_sink ended;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = find(who);
        if (found == parts_.end()) return; // it has been called
        found->leaves = true;
        const bool is_last = std::ranges::all_of(parts_, &taking_part::leaves);
        // Those that stay are served with the options of one of them: a password that is changed
        // task by task is at last the one that is used.
        if (is_last || chosen_ == &who || now_ != receiving::yes) {
            stop_receiving();
            return;
        }
        found->board->update(show_gone);
        ended = std::move(found->ended);
        parts_.erase(found);
        tell_switch();
    }
    ended({});
}

void shared_relay::on_end(const protocol::result<void>& ended) {
    std::vector<relay_supply::end_sink> sinks;
    {
        const std::scoped_lock lock(mutex_);
        show();
        shower_.cancel();
        now_ = receiving::no;
        for (auto at = parts_.begin(); at != parts_.end();) {
            const bool stays = ended && !at->leaves;
            if (!stays) {
                at->board->update(show_gone);
                sinks.push_back(std::move(at->ended));
            }
            at = stays ? std::next(at) : parts_.erase(at);
        }
        if (!parts_.empty()) {
            begin_receiving();
            tell_switch();
        }
        has_ended_.notify_all();
    }
    for (auto& sink : sinks)
        sink(ended);
}

void shared_relay::show() {
    const auto seen = board_->read();
    std::vector<std::string> fresh;
    for (const std::string& warning : seen.warnings) {
        if (warned_.insert(warning).second) fresh.push_back(warning);
    }
    for (const taking_part& part : parts_) {
        part.board->update([&seen](state::status& now) { copy_figures(seen, now); });
        for (const std::string& warning : fresh)
            part.board->warn(warning);
    }
}

void shared_relay::wait_and_show() {
    shower_.expires_after(show_interval);
    shower_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        {
            const std::scoped_lock lock(mutex_);
            if (now_ == receiving::no) return;
            show();
        }
        wait_and_show();
    });
}

void shared_relay::allow_switch(const member& who, protocol::binlog_position after) {
    const std::scoped_lock lock(mutex_);
    const auto found = find(who);
    if (found == parts_.end()) return;
    found->may_switch = std::move(after);
    tell_switch();
}

// Its board and its sink go with it, whatever became of its run.
void shared_relay::leave(const member& who, bool has_started) {
    const std::scoped_lock lock(mutex_);
    if (!has_started) --arriving_;
    if (const auto found = find(who); found != parts_.end()) {
        parts_.erase(found);
        if (parts_.empty() || chosen_ == &who) stop_receiving();
    }
    tell_switch();
}

shared_relay::member::member(shared_relay& of, std::unique_ptr<relay::log> view,
                             std::function<void()> gone)
    : of_(of), view_(std::move(view)), gone_(std::move(gone)) {
    of_.arrive();
}

shared_relay::member::~member() {
    of_.leave(*this, has_started_);
    view_.reset();
    gone_();
}

void shared_relay::member::start(relay::receiver_options options, state::status_board& board,
                                 end_sink ended) {
    has_started_ = true;
    of_.start(
        {.who = this, .options = std::move(options), .board = &board, .ended = std::move(ended)});
}

} // namespace understudy::apps
