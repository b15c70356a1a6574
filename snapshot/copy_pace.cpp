#include "snapshot/copy_pace.hpp"

#include "protocol/net/on_thread.hpp"
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

state::task_spec for_replicas(state::task_spec task) {
    auto& limits = task.apply.throttle;
    limits.threads_running_max = 0;
    limits.replica_lag_max = task.initial.replica_lag_max;
    limits.replicas = task.initial.replicas;
    return task;
}

} // namespace

copy_pace::copy_pace(copy_context& context)
    : context_(&context),
      rates_(context.task->initial.rows_per_second_max, context.task->initial.bytes_per_second_max),
      threads_running_max_(context.task->initial.threads_running_max),
      for_replicas_(for_replicas(*context.task)), replicas_(for_replicas_) {}

awaitable<result<void>> copy_pace::wait(std::uint64_t rows_read, std::uint64_t bytes_read) {
    rates_.take(rows_read, bytes_read, clock::now());
    for (;;) {
        const auto rest = rates_.free_at() - clock::now();
        if (rest < 1ms) break;
        auto waited = co_await pause(context_->executor, *context_->stop,
                                     std::chrono::duration_cast<std::chrono::milliseconds>(rest));
        if (!waited) co_return waited;
    }
    if (threads_running_max_ == 0 && !replicas_.is_wanted()) co_return result<void>{};
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
    auto why = co_await too_many_threads();
    if (!why) co_return std::unexpected(std::move(why.error()));
    if (why->empty() && replicas_.is_wanted()) {
        const auto ask = [this] { return replicas_.reason_to_wait(); };
        *why = co_await protocol::net::on_thread(*context_->pool, ask);
    }
    say(why->empty() ? std::string() : "the copy pauses: " + *why);
    co_return result<void>{};
}

awaitable<result<std::string>> copy_pace::too_many_threads() {
    if (threads_running_max_ == 0) co_return std::string();
    const auto busy = [this](std::string_view where, std::uint64_t threads) {
        return fmt::format("{} threads run at the {} (initial.threads_running_max = {})", threads,
                           where, threads_running_max_);
    };
    auto at_source = co_await running_at_source();
    if (!at_source) co_return std::unexpected(std::move(at_source.error()));
    auto at_target = co_await running_at_target();
    if (!at_target) co_return std::unexpected(std::move(at_target.error()));
    if (*at_target > threads_running_max_) co_return busy("target", *at_target);
    if (*at_source > threads_running_max_) co_return busy("source", *at_source);
    co_return std::string();
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
