// Routines and events of databases that were selected as a whole later, as a step of task_run.

#include "applier/errc.hpp"
#include "applier/program_copies.hpp"
#include "apps/interruption.hpp"
#include "apps/task_run.hpp"
#include "snapshot/errc.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace understudy::apps {

namespace asio = boost::asio;

namespace {

constexpr unsigned tries_max = 20;
constexpr const char* where_read = "where routines and events were read";
constexpr std::chrono::seconds turn_time_max{30};

std::vector<std::string> quoted(const std::set<std::string>& names) {
    std::vector<std::string> all;
    std::ranges::transform(names, std::back_inserter(all),
                           [](const std::string& name) { return state::quote_identifier(name); });
    return all;
}

} // namespace

// They are read between two positions of the source, again when one of them changed there, and
// what changed them before is left out of the stream. Tables that they use may come later: no
// server looks for these when a routine or an event is made.
task_run::step<> task_run::copy_programs(std::set<std::string> databases) {
    const applier::program_copies copies(task_.apply.meta_database, task_.name);
    const auto known = copies.load(*target_, checkpoint_->applied.binlog, selection_);
    if (!known) co_return std::unexpected(known.error());
    std::erase_if(databases, [&](const std::string& one) { return known->contains(one); });
    if (databases.empty()) co_return protocol::result<void>{};
    const auto facts = co_await ask_source();
    if (!facts) co_return std::unexpected(facts.error());
    co_await wait_for_turn(facts->server_uuid);
    const auto turn = followed_turn();
    if (facts->server_uuid != turn.server)
        co_return snapshot::other_server(facts->server_uuid, followed_turn());
    const std::string names = fmt::format("{}", fmt::join(quoted(databases), ", "));
    board_.warn("routines and events of " + names + " are copied: the task's objects were changed");

    auto spec = task_;
    spec.initial.data = false;
    state::status_board unseen(task_.name);
    const auto selection = selection_.only_databases(databases);
    const auto progress = copies.progress_name(databases, selection_, turn.server.to_string());
    // What it refers to goes with this call.
    const std::unique_ptr<task_run, void (*)(task_run*)> at_end(
        this, [](task_run* self) { self->copier_.reset(); });
    for (unsigned tries = 1;; ++tries) {
        copier_ =
            std::make_unique<snapshot::copier>(work_loop_.get_executor(), pool_, spec,
                                               checkpoint_->epoch, selection, unseen, progress);
        if (stopping_ || receiver_error_) copier_->stop();
        const auto copied = co_await copier_->run();
        const bool may_pass = !copied && (stopping_ || receiver_error_ ||
                                          copied.error().code == snapshot::errc::cancelled ||
                                          is_interruption(copied.error()));
        if (may_pass) co_return std::unexpected(copied.error());
        // What it has come to without an end; one of them may be gone since they were listed.
        auto changed = copied ? co_await change_of_programs(selection, *copied)
                              : co_await change_behind_failure(selection, copied.error());
        if (!changed) co_return std::unexpected(std::move(changed.error()));
        if (followed_turn() != turn)
            co_return snapshot::other_server(facts->server_uuid, followed_turn());
        if (!*changed && !copied) {
            // What is wrong may be mended by dropping something there: nothing of ours is then.
            if (auto done = co_await copier_->discard_programs(); !done) co_return done;
            co_return std::unexpected(copied.error());
        }
        if (!*changed) {
            // Or a crash could leave the stream at a server that is behind them.
            if (auto flushed = supply_->log().flush(true); !flushed)
                co_return std::unexpected(std::move(flushed.error()));
            const auto& end = copied->programs_end;
            co_return copies.add(*target_, checkpoints_, checkpoint_->epoch, copied->databases,
                                 selection_, {turn.name_of(end.file), end.offset});
        }
        if (tries == tries_max) {
            co_return protocol::fail(
                snapshot::errc::changed_during_copy,
                fmt::format("routines or events of {} were changed each of {} times that they were "
                            "copied, the last time by {}",
                            names, tries_max, **changed));
        }
        if (auto done = co_await copier_->discard_programs(); !done) co_return done;
    }
}

// The receiver was allowed only now to turn to another of source.hosts.
asio::awaitable<void> task_run::wait_for_turn(protocol::uuid server) {
    asio::steady_timer timer(work_loop_);
    const auto until = std::chrono::steady_clock::now() + turn_time_max;
    while (followed_turn().server != server && !stopping_ && !receiver_error_ &&
           std::chrono::steady_clock::now() < until) {
        timer.expires_after(std::chrono::milliseconds(50));
        boost::system::error_code woken;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
}

relay::server_turn task_run::followed_turn() const {
    return relay::server_turn::of(supply_->log().end().binlog.file, checkpoint_->source_uuid);
}

// What makes them worthless: a change between the two positions, as some were read before it and
// some behind it. Or the stream has come beyond the first since an earlier run read them.
task_run::step<std::optional<std::string>>
task_run::change_of_programs(state::object_selection selection, snapshot::copy_outcome copied) {
    const auto turn = followed_turn();
    auto begin = copied.programs_begin;
    begin.binlog.file = turn.name_of(begin.binlog.file);
    const protocol::binlog_position end{turn.name_of(copied.programs_end.file),
                                        copied.programs_end.offset};
    if (begin.binlog < checkpoint_->applied.binlog)
        co_return "what came after an earlier try, which was given up";
    const auto scanned = co_await changes_until(selection, end, where_read);
    if (!scanned) co_return std::unexpected(scanned.error());
    for (const applier::definition_change& change : scanned->found) {
        if (!applier::was_there_at(begin, change)) co_return change.shown;
    }
    co_return std::nullopt;
}

// A statement that came after the last one which an earlier failure was laid to.
task_run::step<std::optional<std::string>>
task_run::change_behind_failure(state::object_selection selection, protocol::error why) {
    const auto facts = co_await ask_source();
    if (!facts) co_return std::unexpected(facts.error());
    const protocol::binlog_position end{followed_turn().name_of(facts->written.file),
                                        facts->written.offset};
    const auto scanned = co_await changes_until(selection, end, where_read);
    if (!scanned) co_return std::unexpected(scanned.error());
    const auto& found = scanned->found;
    if (found.empty() || found.back().end <= programs_looked_at_) co_return std::nullopt;
    programs_looked_at_ = found.back().end;
    co_return found.back().shown + ": " + why.what;
}

} // namespace understudy::apps
