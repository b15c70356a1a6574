#include "snapshot/copy_pace.hpp"

#include "snapshot/copy_context.hpp"

#include <fmt/format.h>

#include <charconv>

namespace understudy::snapshot {

using boost::asio::awaitable;
using protocol::result;
using namespace std::chrono_literals;

namespace {

using clock = applier::pace::clock;

constexpr auto look_interval = 1s;
constexpr std::string_view question = "SHOW GLOBAL STATUS LIKE 'Threads_running'";

template<class Rows>
std::uint64_t threads_in(const Rows& rows) {
    std::uint64_t count = 0;
    if (!rows.empty() && rows.front()[1]) {
        const std::string& text = *rows.front()[1];
        std::from_chars(text.data(), text.data() + text.size(), count);
    }
    return count;
}

} // namespace

copy_pace::copy_pace(copy_context& context)
    : context_(&context),
      rates_(context.task->initial.rows_per_second_max, context.task->initial.bytes_per_second_max),
      threads_running_max_(context.task->initial.threads_running_max) {}

awaitable<result<void>> copy_pace::wait(std::uint64_t rows_read, std::uint64_t bytes_read) {
    rates_.take(rows_read, bytes_read, clock::now());
    for (;;) {
        const auto rest = rates_.free_at() - clock::now();
        if (rest < 1ms) break;
        auto waited = co_await pause(context_->executor, *context_->stop,
                                     std::chrono::duration_cast<std::chrono::milliseconds>(rest));
        if (!waited) co_return waited;
    }
    if (threads_running_max_ == 0) co_return result<void>{};
    co_return co_await wait_for_servers();
}

awaitable<result<void>> copy_pace::wait_for_servers() {
    for (;;) {
        const bool due = clock::now() - looked_ >= look_interval;
        if (due && !looking_) {
            looking_ = true;
            auto seen = co_await look();
            looking_ = false;
            looked_ = clock::now();
            if (!seen) co_return seen;
        }
        if (note_.empty()) co_return result<void>{};
        auto waited = co_await pause(context_->executor, *context_->stop, 250ms);
        if (!waited) co_return waited;
    }
}

awaitable<result<void>> copy_pace::look() {
    const auto busy = [this](std::string_view where, std::uint64_t threads) {
        return fmt::format("the copy pauses: {} threads run at the {} "
                           "(initial.threads_running_max = {})",
                           threads, where, threads_running_max_);
    };
    auto at_source = co_await running_at_source();
    if (!at_source) co_return std::unexpected(std::move(at_source.error()));
    auto at_target = co_await running_at_target();
    if (!at_target) co_return std::unexpected(std::move(at_target.error()));
    std::string note;
    if (*at_source > threads_running_max_) note = busy("source", *at_source);
    if (*at_target > threads_running_max_) note = busy("target", *at_target);
    say(std::move(note));
    co_return result<void>{};
}

awaitable<result<std::uint64_t>> copy_pace::running_at_source() {
    for (;;) {
        if (!source_) {
            auto opened = co_await reopen_source(context_->source);
            if (!opened) co_return std::unexpected(std::move(opened.error()));
            source_ = *std::move(opened);
        }
        auto answer = co_await (*source_)->query(std::string(question));
        if (answer) co_return threads_in(answer->rows);
        if (!is_source_lost(answer.error()) || context_->stop->stopped())
            co_return std::unexpected(std::move(answer.error()));
        source_.reset();
    }
}

awaitable<result<std::uint64_t>> copy_pace::running_at_target() {
    if (!target_) target_.emplace(context_->worker({}));
    auto call = [](applier::target_session& target) -> result<std::uint64_t> {
        auto answer = target.query(question);
        if (!answer) return std::unexpected(std::move(answer.error()));
        return threads_in(answer->rows);
    };
    co_return co_await target_->run_retrying(call);
}

void copy_pace::say(std::string note) {
    if (note == note_) return;
    note_ = std::move(note);
    context_->board->update([this](state::status& status) { status.applier_note = note_; });
}

} // namespace understudy::snapshot
