// Routines and events of databases that were selected as a whole later, as a step of task_run.

#include "applier/errc.hpp"
#include "applier/program_copies.hpp"
#include "apps/task_run.hpp"
#include "protocol/net/on_thread.hpp"
#include "snapshot/errc.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace understudy::apps {

namespace {

constexpr unsigned tries_max = 20;

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
    const auto turn = followed_turn();
    const auto facts = co_await ask_source();
    if (!facts) co_return std::unexpected(facts.error());
    if (facts->server_uuid != turn.server) co_return is_other_server(facts->server_uuid);
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
        if (!copied) co_return std::unexpected(copied.error());
        // The relay log has what the stream has applied.
        auto changed = co_await change_of_programs(selection, *copied);
        if (!changed) co_return std::unexpected(std::move(changed.error()));
        if (followed_turn() != turn) co_return is_other_server(facts->server_uuid);
        if (!*changed) {
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

relay::server_turn task_run::followed_turn() const {
    return relay::server_turn::of(supply_->log().end().binlog.file, checkpoint_->source_uuid);
}

// The receiver turns to it, or the next run does.
std::unexpected<protocol::error> task_run::is_other_server(const protocol::uuid& source) const {
    return protocol::fail(applier::errc::transient, "the source is server " + source.to_string() +
                                                        " now, and the relay log still follows " +
                                                        followed_turn().server.to_string());
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
    board_.update([&end](state::status& now) {
        now.applier_note = "waiting until the relay log has " + end.to_string() +
                           ", where routines and events were read";
    });
    co_await wait_for_relay(end);
    board_.update([](state::status& now) { now.applier_note.clear(); });
    if (receiver_error_) co_return std::unexpected(*receiver_error_);
    if (stopping_) co_return protocol::fail(snapshot::errc::cancelled, "the copy was stopped");
    const auto scan = [this, &end, &selection] {
        return applier::find_changes(supply_->log(), checkpoint_->applied, end, selection,
                                     source_version_);
    };
    const auto scanned = co_await protocol::net::on_thread(pool_, scan);
    if (!scanned) co_return std::unexpected(scanned.error());
    for (const applier::definition_change& change : scanned->found) {
        // What is in the log at the first position, and not committed, need not have been there.
        const bool was_there =
            change.end <= begin.binlog &&
            (change.id.empty() || begin.executed.empty() || begin.executed.contains(change.id));
        if (!was_there) co_return change.shown;
    }
    co_return std::nullopt;
}

} // namespace understudy::apps
