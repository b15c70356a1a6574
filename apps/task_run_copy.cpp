// The initial copy as a step of task_run.

#include "applier/commit.hpp"
#include "applier/errc.hpp"
#include "applier/quarantine_store.hpp"
#include "apps/interruption.hpp"
#include "apps/task_run.hpp"
#include "protocol/net/on_thread.hpp"
#include "snapshot/errc.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace understudy::apps {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

using applier::definition_change;
using applier::definition_changes;
using changes = std::vector<definition_change>;

// Between the two readings of the source's position some views, programs and accounts were read
// before it, and some behind it.
const definition_change* change_among_programs(const changes& found,
                                               const snapshot::copy_outcome& copied) {
    const auto one = std::ranges::find_if(found, [&](const definition_change& change) {
        const bool is_read_with_them = change.of == definition_change::kind::program ||
                                       change.of == definition_change::kind::account;
        return is_read_with_them && change.end <= copied.programs_end &&
               !applier::was_there_at(copied.programs_begin, change);
    });
    return one == found.end() ? nullptr : &*one;
}

} // namespace

std::unique_ptr<snapshot::copier> task_run::make_copier() {
    return std::make_unique<snapshot::copier>(work_loop_.get_executor(), pool_, task_,
                                              checkpoint_->epoch, selection_, board_);
}

task_run::step<snapshot::copy_outcome> task_run::initial_copy() {
    if (checkpoint_->now == applier::checkpoint::stage::streaming) {
        copier_ = make_copier();
        co_return co_await copier_->load_outcome();
    }
    set_phase(task_.initial.schema ? state::phase::copying_schema : state::phase::copying_data);
    auto copied = co_await checked_copy();
    if (!copied) co_return std::unexpected(copied.error());
    if (auto fits = load_fits(); !fits) co_return std::unexpected(fits.error());
    if (auto kept = checkpoints_.finish_copy(*target_, copied->copy_end, checkpoint_->epoch); !kept)
        co_return std::unexpected(kept.error());
    checkpoint_->now = applier::checkpoint::stage::streaming;
    checkpoint_->copy_end = copied->copy_end;
    co_return copied;
}

// What the task itself does not make on the target cannot be made anew by it.
bool task_run::may_part_copy() const {
    return task_.initial.schema && task_.initial.data &&
           task_.conflict.policy == state::task_spec::existing_tables::intercept;
}

// A DDL between the start position and the end of the copy makes what was copied of its tables
// worthless: some chunks are from before it, some from behind it, and definitions may be from
// either side. It may also be what made the copy fail. These tables are copied by themselves later,
// while the stream goes on (a wish to reload them says so, and survives us); the others are not
// touched. Views and programs are read at one position, at the end: what changed them before is in
// them. Where a DDL is about more than that the copy is taken back and begins anew, at a new
// position.
task_run::step<snapshot::copy_outcome> task_run::checked_copy() {
    constexpr unsigned tries_max = 20;
    const bool wanted = task_.initial.schema || task_.initial.data;
    for (unsigned tries = 1;; ++tries) {
        auto parted = parted_tables();
        if (!parted) co_return std::unexpected(parted.error());
        copier_ = make_copier();
        copier_->leave_out(*parted);
        if (stopping_ || receiver_error_) copier_->stop();
        // What a process before us had come to knows nothing of what changed since.
        const auto begun = tries == 1 ? checkpoint_->applied.binlog : supply_->log().end().binlog;
        auto copied = co_await copier_->run();
        // However an operator has decided about them meanwhile, they have no rows of the source.
        const auto& aside = copier_->set_aside();
        parted->insert(aside.begin(), aside.end());
        // A DDL may have made it fail. That is looked for when the task runs again.
        const bool has_failed = !copied && copied.error().code != snapshot::errc::cancelled;
        if (wanted && stopping_ && has_failed && !receiver_error_) {
            board_.warn("stopped where the copy could not go on: " + copied.error().what);
            co_return protocol::fail(snapshot::errc::cancelled, "the copy was stopped");
        }
        if (!wanted || stopping_ || receiver_error_) co_return copied;
        if (!copied && is_interruption(copied.error())) co_return copied;
        auto scanned = co_await changes_during_copy();
        if (!scanned) {
            // What the copy met may be what such a statement did, and nobody could look.
            const bool is_unknown = copied || stopping_ || is_interruption(scanned.error());
            co_return std::unexpected(is_unknown ? scanned.error() : copied.error());
        }
        // Nothing was copied of them.
        if (task_.conflict.policy == state::task_spec::existing_tables::ignore)
            std::erase_if(scanned->found, [&](const definition_change& change) {
                return !change.tables.empty() && std::ranges::includes(*parted, change.tables);
            });
        const changes* const found = &scanned->found;
        const bool is_worthless = !copied && snapshot::is_worthless(copied.error().code);
        if (found->empty() && !is_worthless) co_return keep_parted(*parted, copied);
        const auto other =
            std::ranges::find(*found, definition_change::kind::other, &definition_change::of);
        const bool is_merged = std::ranges::any_of(*found, [this](const auto& change) {
            return std::ranges::any_of(
                change.tables, [this](const auto& table) { return selection_.is_merged(table); });
        });
        // Accounts are read again, whatever the tables are to be.
        const bool is_about_accounts = std::ranges::all_of(*found, [](const auto& change) {
            return change.of == definition_change::kind::account;
        });
        const bool is_parted = (may_part_copy() || is_about_accounts) && !is_merged &&
                               other == found->end() && !scanned->has_inseparable;
        const bool is_gone = !copied && copied.error().code == snapshot::errc::taken_back;
        const bool is_new = !found->empty() && found->back().end > begun;
        if (!is_parted || is_gone || (is_worthless && !is_new)) {
            const auto* why = other != found->end() ? &*other
                              : found->empty()      ? nullptr
                                                    : &found->front();
            co_return std::unexpected(
                co_await discard_copy(why != nullptr ? why->shown : copied.error().what));
        }
        if (!copied && !is_new) co_return copied;
        if (auto asked = part_tables(*found, *parted); !asked)
            co_return std::unexpected(asked.error());
        const auto* program = copied ? change_among_programs(*found, *copied) : nullptr;
        if (copied && program == nullptr) co_return keep_parted(*parted, copied);
        const std::string why = program != nullptr ? program->shown : found->back().shown;
        if (tries == tries_max) {
            co_return protocol::fail(
                snapshot::errc::changed_during_copy,
                fmt::format("definitions were changed each of {} times that the initial copy was "
                            "at its end, the last time by {}{}",
                            tries_max, why, copied ? "" : ": " + copied.error().what));
        }
        if (program != nullptr) {
            if (auto done = co_await copier_->discard_programs(); !done)
                co_return std::unexpected(done.error());
        }
        board_.warn("the initial copy goes on after a definition was changed: " + why);
    }
}

protocol::result<std::set<state::object_name>> task_run::parted_tables() {
    std::set<state::object_name> parted;
    const auto entries = applier::quarantine_store(checkpoints_).load(*target_);
    if (!entries) return std::unexpected(entries.error());
    for (const auto& entry : *entries) {
        // And tables that differ, which are kept until somebody mends them.
        if (entry.now == applier::quarantine_entry::stage::reload_asked || entry.keeps_rows)
            parted.insert(entry.tables.begin(), entry.tables.end());
    }
    return parted;
}

// A wish may have been taken back meanwhile, and then nothing says that the table has no rows yet.
protocol::result<snapshot::copy_outcome>
task_run::keep_parted(const std::set<state::object_name>& parted,
                      protocol::result<snapshot::copy_outcome> copied) {
    const auto wanted = parted_tables();
    if (!wanted) return std::unexpected(wanted.error());
    std::set<state::object_name> lost;
    std::ranges::set_difference(parted, *wanted, std::inserter(lost, lost.end()));
    if (!copied || lost.empty()) return copied;
    if (task_.conflict.policy == state::task_spec::existing_tables::ignore) {
        auto done = target_->run("START TRANSACTION");
        if (done)
            done = applier::quarantine_store(checkpoints_)
                       .leave_uncopied(*target_, lost, "the initial copy has left it out");
        done = applier::commit_or_roll_back(*target_, std::move(done));
        if (!done) return std::unexpected(done.error());
        return copied;
    }
    auto asked = applier::quarantine_store(checkpoints_)
                     .ask_to_reload(*target_, lost, "the initial copy has left it out");
    if (!asked) return std::unexpected(asked.error());
    return copied;
}

protocol::result<void> task_run::part_tables(const changes& found,
                                             const std::set<state::object_name>& parted) {
    if (auto held = checkpoints_.hold(*target_, checkpoint_->epoch); !held) return held;
    auto known = parted;
    for (const definition_change& change : found) {
        if (std::ranges::includes(known, change.tables)) continue;
        const std::string why =
            "its definition was changed while the initial copy was running: " + change.shown;
        auto asked =
            applier::quarantine_store(checkpoints_).ask_to_reload(*target_, change.tables, why);
        if (!asked) return asked;
        board_.warn(applier::list_names(change.tables) +
                    " is copied by itself when the rest is through: " + why);
        known.insert(change.tables.begin(), change.tables.end());
    }
    board_.update([&known](state::status& now) {
        for (const auto& table : known)
            now.copy.erase(table.database + "." + table.object);
    });
    return {};
}

asio::awaitable<protocol::error> task_run::discard_copy(std::string ddl) {
    constexpr unsigned discards_max = 10;
    const std::string why = "a definition was changed while the initial copy was running: " + ddl;
    if (task_.conflict.policy == state::task_spec::existing_tables::ignore) {
        co_return protocol::error{
            make_error_code(snapshot::errc::changed_during_copy),
            why + ", so the copy may hold rows of before and after it. With existing_tables = "
                  "\"ignore\" it cannot be taken back: remove the copied tables, and the task's "
                  "traces, and begin anew",
            {}};
    }
    if (selection_.merges_anything()) {
        co_return protocol::error{
            make_error_code(snapshot::errc::changed_during_copy),
            why + ", so the copy may hold rows of before and after it. Where tables are merged "
                  "(objects.merge) it cannot be taken back: delete this task's rows from these "
                  "tables, remove the other copied tables and the task's traces, and begin anew",
            {}};
    }
    if (++progress_.copies_discarded > discards_max) {
        co_return protocol::error{make_error_code(snapshot::errc::changed_during_copy),
                                  why + ". It has been begun anew " + std::to_string(discards_max) +
                                      " times; let the definitions rest until it is through",
                                  {}};
    }
    board_.warn(why + ". The copy is taken back and begins anew");
    if (auto done = co_await copier_->discard(); !done) co_return done.error();
    board_.update([](state::status& now) { now.copy.clear(); });
    co_return protocol::error{make_error_code(applier::errc::transient), why, {}};
}

// Up to where the source is now: programs were read behind the end of the data.
task_run::step<definition_changes> task_run::changes_during_copy() {
    const auto facts = co_await ask_source();
    if (!facts) co_return std::unexpected(facts.error());
    auto found = co_await changes_until(selection_, facts->written, {});
    if (!found) co_return std::unexpected(std::move(found.error()));
    // What the copy does not bring it cannot have read too early.
    if (!task_.initial.schema) {
        std::erase_if(found->found, [](const definition_change& change) {
            return change.of == definition_change::kind::account;
        });
    }
    co_return found;
}

// Since where the target is; `what` of the source stands there, for an operator who waits.
task_run::step<definition_changes> task_run::changes_until(state::object_selection selection,
                                                           protocol::binlog_position end,
                                                           std::string what) {
    co_await wait_for_relay(end, std::move(what));
    if (receiver_error_) co_return std::unexpected(*receiver_error_);
    if (stopping_) co_return protocol::fail(snapshot::errc::cancelled, "the copy was stopped");
    const auto scan = [this, &end, &selection] {
        return applier::find_changes(supply_->log(), checkpoint_->applied, end, selection,
                                     source_version_);
    };
    co_return co_await protocol::net::on_thread(pool_, scan);
}

} // namespace understudy::apps
