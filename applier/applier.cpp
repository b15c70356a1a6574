#include "applier/applier.hpp"

#include "applier/apply_rules.hpp"
#include "applier/apply_stream.hpp"
#include "applier/catch_up.hpp"
#include "applier/errc.hpp"
#include "applier/lane_retreat.hpp"
#include "applier/lanes.hpp"
#include "applier/pace.hpp"
#include "applier/refusal.hpp"
#include "applier/retry_delay.hpp"
#include "applier/server_errors.hpp"
#include "applier/set_aside.hpp"
#include "applier/target_load.hpp"
#include "protocol/net/on_thread.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>

#include <atomic>
#include <mutex>

namespace understudy::applier {

namespace asio = boost::asio;
using protocol::result;
using clock = std::chrono::steady_clock;
using clock_of_source = std::chrono::system_clock;

namespace {

using protocol::net::on_thread;
using read_result = result<std::optional<group>>;

// A position that moved without rows of ours is written at most this often.
constexpr std::chrono::milliseconds save_interval{200};
// A statement that runs longer than this after stop() is interrupted; the journal or the checkpoint
// tells its end later.
constexpr std::chrono::seconds stop_grace{3};

void note_choice(state::status& status, const table_choice& choice) {
    constexpr std::size_t shown_max = 1'000;
    const std::string name = choice.table.database + "." + choice.table.object;
    if (choice.why_sql.empty()) {
        status.sql_tables.erase(name);
    } else if (status.sql_tables.size() < shown_max) {
        status.sql_tables[name] = choice.why_sql;
    }
}

// From the commit on the source to one on the target that was a moment ago.
std::chrono::milliseconds delay_of(const state::status& status,
                                   std::chrono::system_clock::time_point source_time) {
    const auto ahead =
        status.source_clock ? status.source_clock->ahead : std::chrono::microseconds{0};
    const auto behind = std::chrono::system_clock::now() - (source_time - ahead);
    return std::max(std::chrono::milliseconds{0},
                    std::chrono::duration_cast<std::chrono::milliseconds>(behind));
}

// What wakes the coordinator; shared with the relay's callback, which may still run while the
// applier goes.
struct wake_up {
    explicit wake_up(const asio::any_io_executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    std::atomic<bool> data{false};
    bool finished = false; // run() has ended: the applier may be gone
};

} // namespace

struct applier::impl {
    impl(asio::any_io_executor executor, asio::thread_pool& pool, relay::log& relay,
         applier_options options, const state::object_selection& selection,
         state::status_board& board)
        : executor_(executor), pool_(pool), relay_(relay), options_(std::move(options)),
          board_(board), store_(options_.task.apply.meta_database, options_.task.name),
          rules_(options_.from.copy_end, options_.from.by_gtid, options_.start_after,
                 options_.copied),
          conflicts_(options_.task), context_{options_.task,
                                              selection,
                                              store_,
                                              rules_,
                                              conflicts_,
                                              relay_,
                                              options_.copied,
                                              options_.from.epoch,
                                              options_.source_version,
                                              options_.source_end,
                                              stop_,
                                              options_.on_step},
          wake_(std::make_shared<wake_up>(executor_)), grace_(executor_),
          pace_(options_.task.apply.throttle.rows_per_second,
                options_.task.apply.throttle.bytes_per_second),
          load_(options_.task),
          catch_up_(executor_, pool_, context_, board_, [this] { wake_->timer.cancel(); }),
          catch_up_ended_(executor_), applied_(options_.from.applied) {}

    [[nodiscard]] asio::awaitable<result<void>> run();
    void stop();

    asio::any_io_executor executor_;
    asio::thread_pool& pool_;
    relay::log& relay_;
    applier_options options_;
    state::status_board& board_;
    checkpoint_store store_;
    apply_rules rules_;
    conflict_policy conflicts_;
    std::atomic<bool> stop_{false};
    stream_context context_;
    std::shared_ptr<wake_up> wake_;
    asio::steady_timer grace_;
    std::unique_ptr<apply_stream> stream_;
    std::unique_ptr<target_session> session_; // left over from the last try
    caution how_ = caution::none;
    protocol::binlog_position careful_until_;
    bool failed_in_group_ = false; // the last try ended while rows were written
    bool failed_in_lanes_ = false; // ... side by side
    retry_delay delay_;
    std::unique_ptr<lanes> lanes_; // of the stream
    std::size_t lane_count_ = 0;
    lane_retreat retreat_;
    clock::time_point saved_{};
    pace pace_;
    target_load load_;
    clock::time_point load_asked_{};

    catch_up catch_up_;
    asio::steady_timer catch_up_ended_;

    mutable std::mutex applied_mutex_;
    bool opened_ = false; // once: what is set aside is known
    state::source_position applied_;
    std::function<void(const state::source_position&)> on_commit_;

private:
    void listen();
    void stop_listening();
    // Until the end, with one stream after the other.
    [[nodiscard]] asio::awaitable<result<void>> follow();
    // Success: the stream is to be opened anew.
    [[nodiscard]] asio::awaitable<result<void>> try_once();
    // True when the task goes on without the table that stopped it.
    [[nodiscard]] asio::awaitable<bool> go_on_without_table(const protocol::error& error);
    [[nodiscard]] asio::awaitable<result<void>> follow_stream();
    [[nodiscard]] asio::awaitable<result<void>> execute_alone(group work,
                                                              std::optional<read_result>& next);
    [[nodiscard]] asio::awaitable<result<void>> execute_in_lane(lane_work work);
    [[nodiscard]] asio::awaitable<result<void>> nothing_to_do();
    [[nodiscard]] asio::awaitable<result<apply_stream::unit>>
    read(std::optional<read_result>& next);
    [[nodiscard]] bool may_use_lanes() const;
    void open_lanes(std::size_t count);
    void committed_in_lane(const lane_work& work, clock::duration took);
    [[nodiscard]] asio::awaitable<result<void>> drained();
    [[nodiscard]] asio::awaitable<result<void>> write(const group& work,
                                                      std::optional<read_result>& next);
    [[nodiscard]] asio::awaitable<void> wait(std::chrono::milliseconds at_most);
    // Waits for as long as apply.throttle says; the relay holds what comes meanwhile.
    [[nodiscard]] asio::awaitable<void> hold_back(std::uint64_t rows, std::uint64_t bytes);
    [[nodiscard]] asio::awaitable<void> sleep_until(clock::time_point until);
    // True when another try is to be made, after the wait that it takes.
    [[nodiscard]] asio::awaitable<bool> try_again(protocol::error& error);
    [[nodiscard]] asio::awaitable<void> close_stream();
    void go_on_alone(const protocol::error& error);
    void publish(bool is_drained);
    // Of what is not committed on the target; 0: there is nothing.
    void note_oldest(clock_of_source::time_point committed);
    void relax_caution();
};

void applier::impl::listen() {
    relay_.on_data([wake = wake_, executor = executor_] {
        if (wake->data.exchange(true)) return;
        asio::post(executor, [wake] { wake->timer.cancel(); });
    });
}

void applier::impl::stop() {
    if (stop_.exchange(true)) return;
    wake_->timer.cancel();
    catch_up_.stop();
    grace_.expires_after(stop_grace);
    grace_.async_wait([this, wake = wake_](const boost::system::error_code& error) {
        if (error || wake->finished) return;
        if (stream_) stream_->interrupt();
        catch_up_.interrupt();
        if (lanes_) lanes_->interrupt();
    });
}

void applier::impl::stop_listening() {
    relay_.on_data({});
    grace_.cancel();
    wake_->finished = true;
}

asio::awaitable<void> applier::impl::wait(std::chrono::milliseconds at_most) {
    if (stop_ || wake_->data || catch_up_.wants_task_held()) co_return;
    wake_->timer.expires_after(at_most);
    co_await wake_->timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

asio::awaitable<result<void>> applier::impl::run() {
    listen();
    // However this ends: the relay outlives the executor that its callback posts to.
    const std::unique_ptr<impl, void (*)(impl*)> listening(
        this, [](impl* self) { self->stop_listening(); });
    bool catching_up = true;
    std::exception_ptr thrown;
    catch_up_ended_.expires_at(clock::time_point::max());
    asio::co_spawn(executor_, catch_up_.run(), [&, this](std::exception_ptr exception) {
        catching_up = false;
        catch_up_ended_.cancel();
        if (!exception) return;
        thrown = exception;
        stop();
    });
    result<void> ended;
    try {
        ended = co_await follow();
    } catch (...) {
        thrown = std::current_exception();
    }
    stream_.reset();
    session_.reset();
    catch_up_.stop();
    while (catching_up)
        co_await catch_up_ended_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (thrown) std::rethrow_exception(thrown);
    co_return ended;
}

asio::awaitable<result<void>> applier::impl::follow() {
    for (;;) {
        auto ended = co_await try_once();
        // The session is rolled back when it is closed.
        if (stop_) co_return result<void>{};
        if (ended) {
            co_await close_stream();
            co_await catch_up_.join();
            continue;
        }
        const bool again = co_await try_again(ended.error());
        if (!again) co_return ended;
    }
}

asio::awaitable<void> applier::impl::close_stream() {
    if (!stream_) co_return;
    const auto give_back = [this] { return stream_->release_session(); };
    session_ = co_await on_thread(pool_, give_back);
    stream_.reset();
}

// Ends with an error, or with stop_ set.
asio::awaitable<result<void>> applier::impl::try_once() {
    failed_in_group_ = false;
    std::size_t workers = 1;
    const auto open = [this, &workers] {
        auto opened = apply_stream::open(context_, std::move(session_), how_);
        if (opened) workers = lane_count(options_.task, (*opened)->session());
        return opened;
    };
    auto opened = co_await on_thread(pool_, open);
    if (!opened) co_return std::unexpected(std::move(opened.error()));
    stream_ = std::move(*opened);
    catch_up_.learn(stream_->share().entries());
    publish(false);
    open_lanes(workers);
    auto ended = co_await follow_stream();
    if (!lanes_) co_return ended;
    // What is on its way when the task is stopped is taken back.
    if (stop_) co_await lanes_->abandon();
    auto drained = co_await lanes_->drain();
    // It comes before whatever else there is to say.
    if (!stop_ && !drained) {
        ended = std::move(drained);
        failed_in_lanes_ = true;
    }
    lanes_.reset();
    co_return ended;
}

void applier::impl::open_lanes(std::size_t count) {
    failed_in_lanes_ = false;
    if (count < 2) return;
    lane_count_ = count;
    lanes::hooks hooks;
    hooks.open = [this] { return lane::open(options_.task, store_, context_.epoch, stop_); };
    hooks.on_commit = [this](const lane_work& work, clock::duration took) {
        committed_in_lane(work, took);
    };
    hooks.on_change = [this] { wake_->timer.cancel(); };
    hooks.warn = [this](std::string text) { board_.warn(std::move(text)); };
    lanes_ = std::make_unique<lanes>(executor_, count, std::move(hooks));
}

bool applier::impl::may_use_lanes() const {
    return lanes_ && how_ == caution::none && retreat_.is_over() &&
           !stream_->rows().in_the_middle();
}

asio::awaitable<result<void>> applier::impl::follow_stream() {
    std::optional<read_result> next;
    while (!stop_) {
        wake_->data = false;
        const bool inside = stream_->rows().in_the_middle();
        if (catch_up_.wants_task_held() && !inside) co_return result<void>{};
        auto work = co_await read(next);
        if (!work) co_return std::unexpected(std::move(work.error()));
        result<void> done;
        if (work->for_lane) {
            done = co_await execute_in_lane(std::move(*work->for_lane));
        } else if (work->alone) {
            done = co_await execute_alone(std::move(*work->alone), next);
        } else {
            done = co_await nothing_to_do();
        }
        if (!done) co_return done;
    }
    co_return result<void>{};
}

// A group is whatever has arrived when there is somebody to execute it.
asio::awaitable<result<apply_stream::unit>> applier::impl::read(std::optional<read_result>& next) {
    const bool with_lanes = may_use_lanes();
    if (with_lanes) {
        auto ready = co_await lanes_->free_lane();
        if (!ready) co_return std::unexpected(std::move(ready.error()));
        if (lanes_->idle()) stream_->begin_lanes();
    }
    stream_->share_limits(with_lanes ? lane_count_ : 1);
    stream_->release_relay();
    if (!next) {
        const auto read = [this] { return stream_->read(); };
        next = co_await on_thread(pool_, read);
    }
    if (!*next) co_return std::unexpected(std::move(next->error()));
    std::optional<group> work = std::move(**next);
    next.reset();
    apply_stream::unit out;
    if (!work) co_return out;
    if (!with_lanes) {
        out.alone = std::move(work);
        co_return out;
    }
    const std::uint64_t committed = lanes_->committed();
    const auto record = [this, committed, &work] {
        return stream_->record(std::move(*work), committed);
    };
    co_return co_await on_thread(pool_, record);
}

asio::awaitable<result<void>> applier::impl::execute_in_lane(lane_work work) {
    co_await hold_back(work.source.rows, work.source.bytes);
    if (stop_) co_return result<void>{};
    // A lane was free before the group was read.
    if (lanes_->failed()) co_return co_await lanes_->drain();
    const auto& last = work.source.transactions.back();
    retreat_.began({*last.file, last.end_offset});
    lanes_->execute(std::move(work));
    note_oldest(lanes_->oldest()->source.transactions.front().committed);
    co_return result<void>{};
}

void applier::impl::committed_in_lane(const lane_work& work, clock::duration took) {
    stream_->rows().take_over(work.after, work.counts, work.source_time);
    stream_->rows().note_rate(work.source.bytes, took);
    delay_.succeeded();
    saved_ = clock::now();
    retreat_.committed();
    board_.update([&work](state::status& status) { status.applied_bytes += work.source.bytes; });
    const lane_work* const oldest = lanes_->oldest();
    note_oldest(oldest == nullptr ? clock_of_source::time_point{}
                                  : oldest->source.transactions.front().committed);
    publish(false);
}

asio::awaitable<result<void>> applier::impl::execute_alone(group work,
                                                           std::optional<read_result>& next) {
    if (lanes_) {
        auto drained = co_await lanes_->drain();
        if (!drained) co_return drained;
    }
    note_oldest(work.transactions.empty() ? clock_of_source::time_point{}
                                          : work.transactions.front().committed);
    co_await hold_back(work.rows, work.bytes);
    if (stop_) co_return result<void>{};
    auto done = co_await write(work, next);
    if (done) {
        retreat_.executed_alone(stream_->committed().binlog);
        co_return done;
    }
    failed_in_group_ = !work.statement;
    // What was refused lies in this group; in smaller steps it is found.
    if (how_ == caution::none && !work.transactions.empty()) {
        const source_transaction& last = work.transactions.back();
        careful_until_ = {*last.file, last.end_offset};
    }
    co_return done;
}

asio::awaitable<result<void>> applier::impl::nothing_to_do() {
    if (lanes_ && lanes_->failed()) co_return co_await lanes_->drain();
    if (lanes_ && !lanes_->idle()) {
        co_await wait(std::chrono::seconds{1});
        co_return result<void>{};
    }
    note_oldest({});
    co_return co_await drained();
}

// While a group executes, the next one is put together from what has arrived.
asio::awaitable<result<void>> applier::impl::write(const group& work,
                                                   std::optional<read_result>& next) {
    const auto execute = [this, &work] { return stream_->write(work); };
    result<void> done;
    // A step of caution may end with this group, and a statement changes what the next group may
    // be.
    if (work.statement || how_ != caution::none) {
        done = co_await on_thread(pool_, execute);
    } else {
        using namespace asio::experimental::awaitable_operators;
        const auto read = [this] { return stream_->read(); };
        auto [written, following] = co_await (on_thread(pool_, execute) && on_thread(pool_, read));
        done = std::move(written);
        next = std::move(following);
    }
    if (!done) co_return done;
    delay_.succeeded();
    board_.update([&work](state::status& status) { status.applied_bytes += work.bytes; });
    if (!stream_->has_unsaved_position()) saved_ = clock::now();
    publish(false);
    relax_caution();
    const bool overdue =
        stream_->has_unsaved_position() && clock::now() - saved_ >= std::chrono::seconds{1};
    if (overdue) {
        const auto save = [this] { return stream_->save_position(); };
        done = co_await on_thread(pool_, save);
        if (!done) co_return done;
        saved_ = clock::now();
        publish(false);
    }
    co_return done;
}

// Nothing more to read: the position is written if it moved, then we sleep until something arrives.
asio::awaitable<result<void>> applier::impl::drained() {
    if (!stream_->has_unsaved_position()) {
        publish(true);
        co_await wait(std::chrono::seconds{1});
        co_return result<void>{};
    }
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - saved_);
    if (since < save_interval) {
        co_await wait(save_interval - since);
        co_return result<void>{};
    }
    const auto save = [this] { return stream_->save_position(); };
    auto done = co_await on_thread(pool_, save);
    if (!done) co_return done;
    saved_ = clock::now();
    publish(true);
    co_return done;
}

void applier::impl::relax_caution() {
    if (how_ == caution::none || stream_->committed().binlog < careful_until_) return;
    how_ = caution::none;
    stream_->set_caution(how_);
}

void applier::impl::note_oldest(clock_of_source::time_point committed) {
    board_.update([committed](state::status& status) { status.oldest_missing = committed; });
}

void applier::impl::publish(bool is_drained) {
    const state::source_position& position = stream_->committed();
    bool moved = false;
    {
        const std::lock_guard lock(applied_mutex_);
        moved = applied_ != position;
        if (moved) applied_ = position;
        opened_ = true;
    }
    catch_up_.advance(position.binlog);
    const apply_counts counts = stream_->rows().take_counts();
    const std::uint64_t statements = stream_->take_statement_count();
    const auto source_time = stream_->rows().source_time();
    const auto choices = stream_->rows().take_choices();
    board_.update([&](state::status& status) {
        status.applied = position.binlog;
        if (moved) status.applied_gtids = position.executed.to_string();
        status.applied_rows += counts.rows;
        status.written_rows += counts.written;
        status.conflicts_overwritten += counts.overwritten;
        status.conflicts_ignored += counts.ignored;
        status.applied_transactions += counts.transactions + statements;
        status.applied_groups += counts.groups;
        status.applied_ddl += statements;
        for (const table_choice& choice : choices)
            note_choice(status, choice);
        if (counts.groups + statements > 0) status.applier_note.clear();
        if (counts.transactions + statements > 0) status.delay = delay_of(status, source_time);
        if (is_drained) status.applier_note.clear();
        if (is_drained || pace_.free_at() <= clock::now()) status.throttled.clear();
    });
    if (moved && on_commit_) on_commit_(position);
}

asio::awaitable<bool> applier::impl::try_again(protocol::error& error) {
    const bool ours = error.code.category() == applier_category();
    const errc code = ours ? static_cast<errc>(error.code.value()) : errc::target_refused;
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
    if (code == errc::quarantined && catch_up_.is_wanted()) {
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
    const auto put = [this, &table, &error] { return set_aside(context_, table, error.what); };
    const auto done = co_await on_thread(pool_, put);
    if (!done) {
        // The same table fails again, and is set aside then.
        board_.update([&](state::status& status) { status.applier_note = done.error().what; });
        co_await sleep_until(clock::now() + delay_.next(errc::connection_lost));
        co_return true;
    }
    how_ = caution::none;
    board_.warn(table.to_string() + " is set aside and the rest goes on: " + error.what);
    board_.update([](state::status& status) { status.applier_note.clear(); });
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

asio::awaitable<void> applier::impl::sleep_until(clock::time_point until) {
    while (!stop_ && clock::now() < until) {
        wake_->timer.expires_at(until);
        co_await wake_->timer.async_wait(asio::as_tuple(asio::use_awaitable));
    }
}

asio::awaitable<void> applier::impl::hold_back(std::uint64_t rows, std::uint64_t bytes) {
    const auto tell = [this](std::string reason) {
        board_.update([&](state::status& status) { status.throttled = std::move(reason); });
    };
    const auto free_at = pace_.free_at();
    if (clock::now() < free_at) {
        tell("rows_per_second or bytes_per_second is reached");
        co_await sleep_until(free_at);
    }
    constexpr std::chrono::seconds asked_every{1};
    while (load_.is_wanted() && !stop_ && clock::now() - load_asked_ >= asked_every) {
        const auto ask = [this] { return load_.reason_to_wait(); };
        std::string reason = co_await on_thread(pool_, ask);
        load_asked_ = clock::now();
        if (reason.empty()) break;
        tell(std::move(reason));
        co_await sleep_until(load_asked_ + asked_every);
    }
    pace_.take(rows, bytes, clock::now());
}

applier::applier(asio::any_io_executor executor, asio::thread_pool& pool, relay::log& relay,
                 applier_options options, const state::object_selection& selection,
                 state::status_board& board)
    : impl_(std::make_unique<impl>(std::move(executor), pool, relay, std::move(options), selection,
                                   board)) {}

applier::~applier() = default;

asio::awaitable<result<void>> applier::run() {
    return impl_->run();
}

void applier::stop() {
    impl_->stop();
}

state::source_position applier::applied() const {
    const std::lock_guard lock(impl_->applied_mutex_);
    return impl_->applied_;
}

std::optional<protocol::binlog_position> applier::needed() const {
    const auto waiting = impl_->catch_up_.needed();
    const std::lock_guard lock(impl_->applied_mutex_);
    if (!impl_->opened_) return std::nullopt;
    const auto& applied = impl_->applied_.binlog;
    return waiting && *waiting < applied ? *waiting : applied;
}

bool applier::is_catching_up() const {
    return impl_->catch_up_.is_wanted();
}

void applier::on_commit(std::function<void(const state::source_position&)> callback) {
    impl_->on_commit_ = std::move(callback);
}

} // namespace understudy::applier
