#include "applier/catch_up.hpp"

#include "applier/errc.hpp"
#include "applier/linked_tables.hpp"
#include "applier/quarantine_store.hpp"
#include "applier/refusal.hpp"
#include "applier/row_session.hpp"
#include "applier/server_errors.hpp"
#include "applier/set_aside.hpp"
#include "protocol/net/on_thread.hpp"
#include "relay/errc.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace understudy::applier {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using protocol::fail;
using protocol::result;
using protocol::net::on_thread;

namespace {

constexpr auto poll_interval = 1s;
constexpr auto merge_patience = 1s; // of a table that waits for others it is merged with
constexpr auto patience = 5s;       // before wishes are asked for again where that failed

errc code_of(const protocol::error& error) {
    const bool ours = error.code.category() == applier_category();
    return ours ? static_cast<errc>(error.code.value()) : errc::target_refused;
}

result<std::unique_ptr<target_session>> connect(const stream_context& context) {
    return target_session::connect(context.task.target, {});
}

// A view that a copy has read may be made of what the task, or another entry, has not brought yet.
bool may_wait_for_others(const protocol::error& error) {
    constexpr unsigned no_such_column = 1054, no_such_table = 1146, no_such_program = 1305,
                       view_invalid = 1356;
    const unsigned number = error.server.number;
    return number == no_such_column || number == no_such_table || number == no_such_program ||
           number == view_invalid;
}

} // namespace

// The context of the task with another checkpoint, and only the entry's tables.
struct catch_up::entry_stream {
    // `brought`: what a reload has left.
    entry_stream(const stream_context& of_task, quarantine_entry of, reloaded_tables brought)
        : entry(std::move(of)), store(of_task.store.meta_database(), entry.task()),
          copied(std::move(brought.copied)),
          rules(of_task.rules.of_copy(entry.copy_end, std::move(brought.start_after), copied)),
          bound(entry.from),
          context{.task = of_task.task,
                  .selection = of_task.selection,
                  .store = store,
                  .rules = copied.empty() ? of_task.rules : rules,
                  .conflicts = of_task.conflicts,
                  .relay = of_task.relay,
                  .copied = copied.empty() ? of_task.copied : copied,
                  .epoch = 0,
                  .source_version = of_task.source_version,
                  .source_end = of_task.source_end,
                  .stop = of_task.stop,
                  .hook = of_task.hook,
                  .only = &entry,
                  .bound = &bound,
                  .source_explicit_timestamps = of_task.source_explicit_timestamps,
                  .was_reloaded = !copied.empty()} {}

    // Up to the end of its copy the task's stream must not meet the entry's rows: it would find
    // them ahead of itself.
    [[nodiscard]] bool may_join() const {
        // A copy that brought no rows (the table is gone by then, or a view) is ahead as well.
        if (entry.from > bound) return false;
        if (!context.was_reloaded || bound >= entry.copy_end) return true;
        const auto received = context.relay.end().binlog;
        return received >= entry.copy_end && bound >= received;
    }

    quarantine_entry entry;
    checkpoint_store store;
    std::set<state::object_name> copied;
    apply_rules rules;
    protocol::binlog_position bound;
    stream_context context;
    std::unique_ptr<apply_stream> stream;
    std::unique_ptr<target_session> session; // left over from the last try
    caution how = caution::none;
    protocol::binlog_position careful_until;
    bool failed_in_group = false;
    retry_delay delay;
    std::set<state::object_name> linked; // that it has to take in
};

catch_up::catch_up(asio::any_io_executor executor, asio::thread_pool& pool,
                   const stream_context& of_task, throttle& throttle, state::status_board& board,
                   std::function<void()> wake)
    : executor_(std::move(executor)), pool_(pool), of_task_(of_task), throttle_(throttle),
      board_(board), wake_task_(std::move(wake)), timer_(executor_), held_timer_(executor_) {}

catch_up::~catch_up() = default;

void catch_up::stop() {
    stop_ = true;
    if (of_task_.reload != nullptr) of_task_.reload->stop();
    release_task();
    timer_.cancel();
}

void catch_up::interrupt() {
    if (current_ != nullptr && current_->stream) current_->stream->interrupt();
}

void catch_up::learn(std::vector<quarantine_entry> entries) {
    reopen_ = false;
    {
        const std::scoped_lock lock(entries_mutex_);
        entries_ = std::move(entries);
    }
    publish();
    timer_.cancel();
}

void catch_up::advance(const protocol::binlog_position& applied) {
    applied_ = applied;
    if (near_) timer_.cancel();
}

bool catch_up::is_wanted() const {
    const std::scoped_lock lock(entries_mutex_);
    return std::ranges::any_of(entries_, &quarantine_entry::comes_back);
}

std::optional<protocol::binlog_position> catch_up::needed() const {
    const std::scoped_lock lock(entries_mutex_);
    std::optional<protocol::binlog_position> oldest;
    for (const quarantine_entry& one : entries_) {
        // Its changes are in the copy that comes first.
        const bool is_uncopied =
            one.keeps_rows && !one.is_half_copied && one.now == quarantine_entry::stage::aside;
        if (one.is_asked() || is_uncopied) continue;
        if (!oldest || one.from < *oldest) oldest = one.from;
    }
    return oldest;
}

bool catch_up::is_ahead(const quarantine_entry& one) const {
    return one.now == quarantine_entry::stage::reloading ||
           (one.comes_back() && one.copy_end > applied_);
}

bool catch_up::any_ahead() const {
    const std::scoped_lock lock(entries_mutex_);
    return std::ranges::any_of(entries_, [this](const auto& one) { return is_ahead(one); });
}

std::optional<quarantine_entry> catch_up::find(const std::set<state::object_name>& tables) const {
    const std::scoped_lock lock(entries_mutex_);
    std::optional<quarantine_entry> found;
    for (const quarantine_entry& one : entries_) {
        const auto is_of_it = [&](const auto& table) { return one.tables.contains(table); };
        if (one.is_asked() || std::ranges::none_of(tables, is_of_it)) continue;
        if (!found || one.comes_back()) found = one;
        if (one.comes_back()) break;
    }
    return found;
}

asio::awaitable<void> catch_up::join() {
    held_ = !reopen_ && !stop_ && !failed_;
    timer_.cancel();
    while (held_) {
        held_timer_.expires_at(asio::steady_timer::time_point::max());
        co_await held_timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

void catch_up::release_task() {
    near_ = false;
    held_ = false;
    held_timer_.cancel();
}

asio::awaitable<void> catch_up::wait(std::chrono::milliseconds at_most) {
    if (stop_) co_return;
    timer_.expires_after(at_most);
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<void> catch_up::run() {
    while (!stop_) {
        std::optional<quarantine_entry> next;
        bool any = false;
        {
            const std::scoped_lock lock(entries_mutex_);
            any = !entries_.empty();
            next = choose_next();
        }
        if (next) {
            if (next->now == quarantine_entry::stage::reloading)
                co_await reload(*std::move(next));
            else
                co_await bring(*std::move(next));
            note_.clear();
            release_task();
            if (!stop_) co_await poll();
        } else if (any) {
            // It may have come to wait for one that has been given up meanwhile.
            release_task();
            co_await wait(poll_interval);
            if (!stop_) co_await poll();
        } else {
            session_.reset();
            // Nothing can join what nobody set aside.
            release_task();
            co_await wait(1h);
        }
    }
    session_.reset();
}

// The oldest that comes back; what waits for others when those are through, and the task has come
// to where the source was. Of tables that wait for those they are merged with, all have to come to
// their statement: whoever looked longest ago looks first.
std::optional<quarantine_entry> catch_up::choose_next() const {
    const auto now = std::chrono::steady_clock::now();
    const quarantine_entry* postponed = nullptr;
    const quarantine_entry* waiting = nullptr;
    auto longest = now;
    for (const quarantine_entry& one : entries_) {
        if (!one.comes_back()) continue;
        if (const auto waits = waiting_.find(one.id); waits != waiting_.end()) {
            if (waits->second.until <= longest) {
                longest = waits->second.until;
                waiting = &one;
            }
            continue;
        }
        const auto until = postponed_.find(one.id);
        if (until == postponed_.end()) return one;
        if (postponed == nullptr && until->second <= applied_) postponed = &one;
    }
    if (waiting != nullptr) return *waiting;
    return postponed == nullptr ? std::nullopt : std::optional(*postponed);
}

// Wishes of operators come by way of the target.
asio::awaitable<void> catch_up::poll() {
    const auto ask = [this]() -> result<std::vector<quarantine_entry>> {
        if (session_ == nullptr) {
            auto made = connect(of_task_);
            if (!made) return std::unexpected(std::move(made.error()));
            session_ = std::move(*made);
        }
        return quarantine_store(of_task_.store).load(*session_);
    };
    auto entries = co_await on_thread(pool_, ask);
    if (!entries) {
        session_.reset();
        co_await wait(patience);
        co_return;
    }
    const bool asked = std::ranges::any_of(*entries, &quarantine_entry::is_asked);
    {
        const std::scoped_lock lock(entries_mutex_);
        entries_ = std::move(*entries);
    }
    publish();
    if (!asked || reopen_) co_return;
    reopen_ = true;
    wake_task_();
}

asio::awaitable<void> catch_up::reload(quarantine_entry entry) {
    if (of_task_.reload == nullptr) {
        co_await give_up(std::move(entry), {make_error_code(errc::unsupported_statement),
                                            "tables cannot be copied anew in this process",
                                            {}});
        co_return;
    }
    retry_delay delay;
    while (!stop_) {
        auto done = co_await of_task_.reload->reload(
            entry, of_task_.epoch,
            [this, entry](std::string text) { note(entry, std::move(text)); });
        if (done || stop_) co_return;
        const errc code = code_of(done.error());
        // Another process has the task, which its own stream will find out, or the entry has
        // changed.
        if (code == errc::fenced || code == errc::cancelled) {
            co_await wait(poll_interval);
            co_return;
        }
        const bool is_first = !postponed_.contains(entry.id);
        if (is_first && may_wait_for_others(done.error())) {
            postponed_[entry.id] = of_task_.relay.end().binlog;
            note(entry, "waits for others: " + done.error().what);
            co_return;
        }
        if (!is_retryable(code)) {
            postponed_.erase(entry.id);
            co_await give_up(std::move(entry), std::move(done.error()));
            co_return;
        }
        const auto pause = delay.next(errc::transient);
        note(entry, fmt::format("trying again in {} ms: {}", pause.count(), done.error().what));
        co_await wait(pause);
    }
}

// nullptr when it is to stop.
asio::awaitable<std::unique_ptr<catch_up::entry_stream>>
catch_up::begin_stream(quarantine_entry entry) {
    while (!stop_) {
        result<reloaded_tables> brought;
        if (of_task_.reload != nullptr) brought = co_await of_task_.reload->load(entry);
        if (brought) {
            co_return std::make_unique<entry_stream>(of_task_, std::move(entry),
                                                     *std::move(brought));
        }
        note(entry, "trying again: " + brought.error().what);
        co_await wait(patience);
    }
    co_return nullptr;
}

asio::awaitable<void> catch_up::bring(quarantine_entry entry) {
    const auto begun = co_await begin_stream(std::move(entry));
    if (begun == nullptr) co_return;
    entry_stream& stream = *begun;
    current_ = &stream;
    bool waits = false;
    while (!stop_) {
        auto ended = co_await follow(stream);
        if (stop_ || ended) break;
        const bool again = co_await recover(stream, ended.error());
        if (again) continue;
        stream.stream.reset();
        stream.session.reset();
        if (code_of(ended.error()) == errc::cancelled) break;
        // What the task selects has changed: it begins anew.
        if (code_of(ended.error()) == errc::selection_changed) {
            current_ = nullptr;
            co_await stop_task(std::move(ended.error()));
            co_return;
        }
        if (code_of(ended.error()) == errc::merge_waits) {
            waits = true;
            waiting_[stream.entry.id] = {ended.error().what,
                                         std::chrono::steady_clock::now() + merge_patience};
            break;
        }
        if (!stream.linked.empty()) {
            co_await take_in_linked(stream.entry, stream.linked);
            break;
        }
        if (code_of(ended.error()) == errc::reload_needed) {
            co_await copy_instead(stream.entry, ended.error().what);
            break;
        }
        co_await give_up(stream.entry, std::move(ended.error()));
        break;
    }
    if (!waits) waiting_.erase(stream.entry.id);
    current_ = nullptr;
}

// The task must not write to them any more before they are dropped: its stream is opened anew.
asio::awaitable<void> catch_up::take_in_linked(quarantine_entry entry,
                                               std::set<state::object_name> tables) {
    near_ = true;
    wake_task_();
    while (!stop_ && !held_)
        co_await wait(poll_interval);
    if (stop_) co_return;
    const auto taken = co_await on_thread(pool_, [&] { return take_in(of_task_, entry, tables); });
    if (taken && *taken) {
        board_.warn(entry.names() + " is copied anew together with what foreign keys link with it");
    } else if (taken) {
        co_await give_up(std::move(entry),
                         {make_error_code(errc::definition_mismatch),
                          "a foreign key of the target links it with a table that is set aside by "
                          "itself: drop that key there until the table has caught up",
                          {}});
    }
}

// What waits for its tables need not be caught up with.
asio::awaitable<void> catch_up::copy_instead(quarantine_entry entry, std::string why) {
    while (!stop_) {
        auto done = co_await on_thread(pool_, [&] { return copy_anew(of_task_, entry); });
        if (done) break;
        co_await wait(patience);
    }
    board_.warn(entry.names() + " is copied anew: " + why);
}

// On the pool.
result<void> catch_up::open(entry_stream& stream) {
    if (stream.session == nullptr) {
        auto made = connect_for_rows(of_task_.task);
        if (!made) return std::unexpected(std::move(made.error()));
        stream.session = std::move(*made);
    }
    target_session& target = *stream.session;
    // An older process of this task must not take its entries from a newer one.
    if (auto held = of_task_.store.hold(target, of_task_.epoch); !held) return held;
    auto same = quarantine_store(of_task_.store).check_unchanged(target, stream.entry);
    if (!same) return same;
    auto epoch = stream.store.take_over(target);
    if (!epoch) return std::unexpected(std::move(epoch.error()));
    stream.context.epoch = *epoch;
    const auto links = read_links(target, of_task_.selection);
    if (!links) return std::unexpected(links.error());
    const auto linked = linked_by(*links, stream.entry.tables);
    for (const state::object_name& table : linked) {
        if (stream.entry.tables.contains(table)) continue;
        // The key came with the copy, before the task has come to the statement that made it.
        if (stream.context.was_reloaded || stream.entry.copy_end > stream.bound) {
            stream.linked = linked;
            return fail(errc::quarantined, stream.entry.names() + " is copied with others");
        }
        return fail(errc::definition_mismatch,
                    fmt::format("a foreign key of the target links {} with {}, which was not set "
                                "aside together with it: drop that key there until the table has "
                                "caught up",
                                stream.entry.names(), table.to_string()));
    }
    auto opened = apply_stream::open(stream.context, std::move(stream.session), stream.how);
    if (!opened) return std::unexpected(std::move(opened.error()));
    stream.stream = std::move(*opened);
    return {};
}

asio::awaitable<result<catch_up::outcome>> catch_up::follow(entry_stream& stream) {
    stream.failed_in_group = false;
    stream.bound = applied_;
    auto done = co_await on_thread(pool_, [&] { return open(stream); });
    if (!done) co_return std::unexpected(std::move(done.error()));
    while (!stop_) {
        stream.entry.from = stream.stream->committed().binlog;
        note(stream.entry, {});
        stream.bound = applied_;
        auto work = co_await on_thread(pool_, [&] {
            stream.stream->release_relay();
            return stream.stream->read();
        });
        if (!work) co_return std::unexpected(std::move(work.error()));
        if (!*work) {
            auto at_end = co_await at_bound(stream);
            if (!at_end || *at_end != outcome::stopped) co_return at_end;
            continue;
        }
        co_await throttle_.admit((*work)->rows, (*work)->bytes);
        if (stop_) break;
        auto written = co_await on_thread(pool_, [&] {
            auto done = stream.stream->write(**work);
            if (of_task_.hook) of_task_.hook("after group of catch-up");
            return done;
        });
        if (!written) {
            stream.failed_in_group = !(*work)->statement;
            if (stream.how == caution::none && !(*work)->transactions.empty()) {
                const source_transaction& last = (*work)->transactions.back();
                stream.careful_until = {*last.file, last.end_offset};
            }
            co_return std::unexpected(std::move(written.error()));
        }
        stream.delay.succeeded();
        board_.update([&](state::status& status) {
            const apply_counts counts = stream.stream->rows().take_counts();
            counts.add_rows_to(status);
            status.applied_ddl += stream.stream->take_statement_count();
        });
        if (stream.how != caution::none &&
            stream.stream->committed().binlog >= stream.careful_until) {
            stream.how = caution::none;
            stream.stream->set_caution(stream.how);
        }
    }
    co_return outcome::stopped;
}

// Everything before the bound is applied. `stopped`: the bound is to be moved on.
asio::awaitable<result<catch_up::outcome>> catch_up::at_bound(entry_stream& stream) {
    if (stream.stream->has_unsaved_position()) {
        auto saved = co_await on_thread(pool_, [&] { return stream.stream->save_position(); });
        if (!saved) co_return std::unexpected(std::move(saved.error()));
    }
    if (stream.bound != applied_) co_return outcome::stopped;
    if (!stream.may_join()) {
        co_await wait(poll_interval);
        co_return outcome::stopped;
    }
    if (held_) {
        auto joined = co_await on_thread(
            pool_, [this, &stream, where = applied_] { return join_on_target(stream, where); });
        if (!joined) co_return std::unexpected(std::move(joined.error()));
        co_return outcome::joined;
    }
    near_ = true;
    wake_task_();
    co_await wait(poll_interval);
    co_return outcome::stopped;
}

result<void> catch_up::join_on_target(entry_stream& stream,
                                      const protocol::binlog_position& where) {
    if (of_task_.hook) of_task_.hook("before join");
    auto done = quarantine_store(of_task_.store)
                    .join(stream.stream->session(), stream.entry, of_task_.epoch,
                          stream.context.epoch, where);
    if (of_task_.hook) of_task_.hook("after join");
    return done;
}

// True when another try is to be made, after the wait that it takes: as the applier does it.
asio::awaitable<bool> catch_up::recover(entry_stream& stream, protocol::error& error) {
    const errc code = code_of(error);
    const bool refused = stream.stream && stream.stream->rows().rows_were_refused();
    if (refused && stream.how == caution::each_row) {
        error = co_await on_thread(pool_, [&]() -> protocol::error {
            const refused_row row = stream.stream->rows().refused();
            auto session = stream.stream->release_session();
            return session ? explain_refusal(*session, row, std::move(error)) : std::move(error);
        });
        co_return false;
    }
    // Another process has it; the task's own stream will find out, or has.
    const bool lost = code == errc::fenced || code == errc::checkpoint_invalid;
    const bool retryable = error.code.category() == applier_category() && is_retryable(code);
    const bool in_smaller_steps =
        refused || (!retryable && !lost && stream.failed_in_group && stream.how == caution::none);
    if (!in_smaller_steps && !retryable && !lost) co_return false;
    std::chrono::milliseconds pause{0};
    if (in_smaller_steps) {
        stream.how = stream.how == caution::none ? caution::each_transaction : caution::each_row;
    } else {
        pause = stream.delay.next(errc::transient);
        note(stream.entry, fmt::format("trying again in {} ms: {}", pause.count(), error.what));
    }
    // The task goes on meanwhile, and so do its fencing and its reconnecting.
    if (!in_smaller_steps) release_task();
    if (stream.stream) {
        stream.session =
            co_await on_thread(pool_, [&] { return stream.stream->release_session(); });
        stream.stream.reset();
    }
    if (pause.count() > 0) co_await wait(pause);
    co_return true;
}

// Its table would have stopped the task if it had not been set aside for the time that it takes.
bool catch_up::stops_task(const quarantine_entry& entry) const {
    return entry.now == quarantine_entry::stage::altering &&
           std::ranges::any_of(entry.tables, [this](const state::object_name& table) {
               return of_task_.conflicts.of(table) != conflict_policy::action::quarantine;
           });
}

asio::awaitable<void> catch_up::stop_task(protocol::error why) {
    failed_ = std::move(why);
    release_task();
    wake_task_();
    while (!stop_)
        co_await wait(1h);
}

asio::awaitable<void> catch_up::give_up(quarantine_entry entry, protocol::error why) {
    if (stops_task(entry) && why.code != relay::errc::position_not_held) {
        co_await stop_task(std::move(why));
        co_return;
    }
    std::string text = why.what;
    if (why.code == relay::errc::position_not_held) {
        text = "the relay log no longer holds the changes from " + entry.from.to_string() +
               " on that waited for it: have the table copied anew (understudy reload), or exclude "
               "it in the task (" +
               why.what + ")";
    }
    while (!stop_) {
        auto told = co_await on_thread(pool_, [&]() -> result<void> {
            auto target = connect(of_task_);
            if (!target) return std::unexpected(std::move(target.error()));
            return quarantine_store(of_task_.store).give_up(**target, entry, text);
        });
        if (told) break;
        release_task();
        co_await wait(patience);
    }
    const bool copies = entry.now == quarantine_entry::stage::reloading;
    board_.warn(entry.names() + " could not " + (copies ? "be copied anew" : "catch up") +
                " and stays set aside: " + text);
}

void catch_up::note(const quarantine_entry& entry, std::string text) {
    {
        const std::scoped_lock lock(entries_mutex_);
        for (quarantine_entry& one : entries_) {
            if (one.id == entry.id) one.from = entry.from;
        }
    }
    note_ = std::move(text);
    publish();
}

void catch_up::publish() {
    std::vector<state::status::quarantined> shown;
    {
        const std::scoped_lock lock(entries_mutex_);
        for (const quarantine_entry& one : entries_) {
            state::status::quarantined entry;
            for (const state::object_name& table : one.tables)
                entry.tables.push_back(table.database + "." + table.object);
            entry.from = one.from;
            entry.resuming = one.comes_back() && one.now != quarantine_entry::stage::reloading;
            entry.reloading = one.now == quarantine_entry::stage::reloading;
            entry.why = one.comes_back() && !note_.empty() ? note_ : one.why;
            if (const auto waits = waiting_.find(one.id); waits != waiting_.end())
                entry.why = waits->second.for_whom;
            shown.push_back(std::move(entry));
        }
    }
    board_.update([&](state::status& status) { status.quarantine = std::move(shown); });
}

} // namespace understudy::applier
