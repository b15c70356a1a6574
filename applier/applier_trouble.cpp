#include "applier/applier_impl.hpp"

#include "applier/errc.hpp"
#include "applier/refusal.hpp"
#include "applier/server_errors.hpp"
#include "applier/set_aside.hpp"
#include "protocol/net/on_thread.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::applier {

namespace {

using protocol::net::on_thread;

} // namespace

void applier::impl::relax_caution() {
    if (how_ == caution::none || stream_->committed().binlog < careful_until_) return;
    how_ = caution::none;
    stream_->set_caution(how_);
}

asio::awaitable<bool> applier::impl::try_again(protocol::error& error) {
    const bool ours = error.code.category() == applier_category();
    const errc code = ours ? static_cast<errc>(error.code.value()) : errc::target_refused;
    if (code == errc::selection_changed) co_return false;
    // Whoever goes on raises the epoch first: then either that group is seen, or it fails.
    if (end_may_come_later_) {
        error.code = make_error_code(errc::connection_lost);
        co_return false;
    }
    const bool refused = stream_ && stream_->rows().rows_were_refused();
    if (refused && how_ == caution::each_row) {
        const auto explain = [this, &error]() -> protocol::error {
            const refused_row row = stream_->rows().refused();
            auto session = stream_->release_session();
            return session ? explain_refusal(*session, row, std::move(error)) : std::move(error);
        };
        error = co_await on_thread(pool_, explain);
        co_return co_await go_on_without_table(error);
    }
    const bool retryable = ours && is_retryable(code);
    if (failed_in_lanes_ && code != errc::fenced && (!retryable || code == errc::transient)) {
        go_on_alone(error);
        co_await close_stream();
        co_return true;
    }
    // All that comes before the offending transaction is applied before the task stops.
    const bool in_smaller_steps =
        refused || (!retryable && failed_in_group_ && how_ == caution::none);
    if (code == errc::reload_needed) {
        co_await reload_tables(error);
        co_return true;
    }
    if (code == errc::long_statement) {
        co_await part_long_statement(error);
        co_return true;
    }
    if (code == errc::quarantined && co_await take_in_tables(error)) co_return true;
    const bool may_wait = code == errc::quarantined && catch_up_.is_wanted() &&
                          !catch_up_.any_ahead() &&
                          !(stream_ && catch_up_.waits_for_merge(stream_->inseparable()));
    if (may_wait) {
        board_.update([&](state::status& status) {
            status.applier_note = "waits for a table that is catching up: " + error.what;
        });
        co_await close_stream();
        co_await catch_up_.join();
        co_return true;
    }
    if (!in_smaller_steps && !retryable) co_return co_await go_on_without_table(error);

    std::chrono::milliseconds pause{0};
    if (in_smaller_steps) {
        how_ = how_ == caution::none ? caution::each_transaction : caution::each_row;
    } else {
        pause = delay_.next(code);
    }
    board_.update([&](state::status& status) {
        ++status.retries;
        status.applier_note =
            in_smaller_steps ? "looking for the refused change: " + error.what
                             : fmt::format("trying again in {} ms: {}", pause.count(), error.what);
    });
    co_await close_stream();
    co_await sleep_until(clock::now() + pause);
    co_return true;
}

// All that came before its change is applied: it was looked for in the smallest steps.
asio::awaitable<bool> applier::impl::go_on_without_table(const protocol::error& error) {
    if (!stream_ || !stream_->rows().troubled() || !concerns_one_table(error)) co_return false;
    const state::object_name table = *stream_->rows().troubled();
    if (conflicts_.of(table) != conflict_policy::action::quarantine) co_return false;
    stream_.reset(); // what it has open is rolled back with its session
    const auto put = [this, &table, &error] {
        return set_aside(context_, table, error.what, quarantine_entry::stage::aside);
    };
    const auto done = co_await on_thread(pool_, put);
    if (!done) {
        // The same table fails again, and is set aside then.
        co_await wait_after(done.error());
        co_return true;
    }
    how_ = caution::none;
    board_.warn(table.to_string() + " is set aside and the rest goes on: " + error.what);
    board_.update([](state::status& status) { status.applier_note.clear(); });
    co_return true;
}

asio::awaitable<void> applier::impl::wait_after(protocol::error error) {
    board_.update([&](state::status& status) { status.applier_note = std::move(error.what); });
    co_await sleep_until(clock::now() + delay_.next(errc::connection_lost));
}

asio::awaitable<void> applier::impl::reload_tables(protocol::error error) {
    const auto tables = stream_->to_reload();
    co_await close_stream();
    const auto done =
        co_await on_thread(pool_, [&] { return reload(context_, tables, error.what); });
    if (done)
        board_.warn(list_names(tables) + " is copied anew and the rest goes on: " + error.what);
    else
        co_await wait_after(done.error());
}

asio::awaitable<void> applier::impl::part_long_statement(protocol::error error) {
    const state::object_name table = *stream_->long_table();
    co_await close_stream();
    const auto done = co_await on_thread(pool_, [&] {
        return set_aside(context_, table, error.what, quarantine_entry::stage::altering);
    });
    if (!done) co_await wait_after(done.error());
}

asio::awaitable<bool> applier::impl::take_in_tables(protocol::error error) {
    if (!stream_) co_return false;
    const auto tables = stream_->inseparable();
    const auto views = stream_->inseparable_views();
    const auto entry = catch_up_.find(tables);
    if (!entry) co_return false;
    const bool copies = entry->comes_back();
    if (copies && !catch_up_.any_ahead()) co_return false; // the task waits for it
    // A view without data of its own may wait with a table; where that was copied from behind this
    // statement, or the view waits with another table, a person has to look.
    const auto waits = [&](const state::object_name& view) {
        return catch_up_.find({view}).has_value();
    };
    const bool may_wait =
        !views.empty() && !catch_up_.has_passed(*entry) && std::ranges::none_of(views, waits);
    if (!copies && !may_wait) co_return false;
    co_await close_stream();
    const auto call = [&]() -> result<bool> {
        if (copies) return take_in(context_, *entry, tables);
        if (auto added = wait_with(context_, *entry, views); !added)
            return std::unexpected(std::move(added.error()));
        return true;
    };
    const auto done = co_await on_thread(pool_, call);
    if (done && !*done) co_return false;
    if (!done)
        co_await wait_after(done.error());
    else if (copies)
        board_.warn(entry->names() + " is copied anew together with others: " + error.what);
    co_return true;
}

// What one group did to another, or what is wrong by itself, shows when they come one by one.
void applier::impl::go_on_alone(const protocol::error& error) {
    retreat_.failed();
    board_.update([&](state::status& status) {
        ++status.parallel_fallbacks;
        status.applier_note = "one group at a time for a while: " + error.what;
    });
}

} // namespace understudy::applier
