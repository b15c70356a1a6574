#include "applier/applier_impl.hpp"

#include "protocol/net/on_thread.hpp"

#include <boost/asio/experimental/awaitable_operators.hpp>

namespace understudy::applier {

namespace {

using protocol::net::on_thread;

// A position that moved without rows of ours is written at most this often.
constexpr std::chrono::milliseconds save_interval{200};
// By notes of a task that writes to the source: ours are in the log that it reads, if it replicates
// from here, and each would be answered by the other for ever.
constexpr std::chrono::milliseconds note_interval{10'000};

} // namespace

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
    lanes_->warm_up();
}

bool applier::impl::may_use_lanes() const {
    return lanes_ && how_ == caution::none && retreat_.is_over() &&
           !stream_->rows().in_the_middle();
}

asio::awaitable<result<void>> applier::impl::follow_stream() {
    std::optional<read_result> next;
    while (!stop_) {
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

// What arrives while it is read is looked for once more: whoever reads says that nothing has.
asio::awaitable<read_result> applier::impl::read_stream() {
    wake_->data = false;
    const auto read = [this] { return stream_->read(); };
    co_return co_await on_thread(pool_, read);
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
    std::optional<std::uint64_t> committed;
    if (with_lanes) committed = lanes_->committed();
    if (next && !committed) co_return make_unit(*std::exchange(next, std::nullopt), committed);
    if (!next) wake_->data = false;
    if (!next && committed && stream_->has_little_to_read()) {
        auto group = stream_->read();
        // More may have come meanwhile.
        const bool is_made_here =
            !group || !*group ||
            ((*group)->bytes <= small_group_bytes && (*group)->rows <= small_group_rows &&
             stream_->knows_tables(**group));
        if (is_made_here) co_return make_unit(std::move(group), committed);
        next = std::move(group);
    }
    const auto read_and_record = [this, committed, &next] {
        return make_unit(next ? *std::exchange(next, std::nullopt) : stream_->read(), committed);
    };
    co_return co_await on_thread(pool_, read_and_record);
}

// committed: the number of the last group that lanes have committed; nullopt: it is not for them.
result<apply_stream::unit> applier::impl::make_unit(read_result read,
                                                    std::optional<std::uint64_t> committed) {
    if (!read) return std::unexpected(std::move(read.error()));
    apply_stream::unit out;
    if (!*read) return out;
    if (committed) return stream_->record(std::move(**read), *committed);
    out.alone = std::move(*read);
    return out;
}

asio::awaitable<result<void>> applier::impl::execute_in_lane(lane_work work) {
    co_await throttle_.admit(work.source.rows, work.source.bytes);
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
    co_await throttle_.admit(work.rows, work.bytes);
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
        auto [written, following] = co_await (on_thread(pool_, execute) && read_stream());
        done = std::move(written);
        next = std::move(following);
    }
    if (!done) co_return done;
    delay_.succeeded();
    board_.update([&work](state::status& status) { status.applied_bytes += work.bytes; });
    if (!stream_->has_unsaved_position()) saved_ = clock::now();
    publish(false);
    relax_caution();
    const auto patience = std::max<clock::duration>(std::chrono::seconds{1}, until_saved());
    const bool overdue = stream_->has_unsaved_position() && clock::now() - saved_ >= patience;
    if (overdue) done = co_await save_position(false);
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
    if (since < until_saved()) {
        co_await wait(until_saved() - since);
        co_return result<void>{};
    }
    co_return co_await save_position(true);
}

std::chrono::milliseconds applier::impl::until_saved() const {
    const bool is_patient = stream_->unsaved_is_note() && !options_.saves_notes_soon;
    return is_patient ? note_interval : save_interval;
}

asio::awaitable<result<void>> applier::impl::save_position(bool is_drained) {
    const auto save = [this] { return stream_->save_position(); };
    auto done = co_await on_thread(pool_, save);
    if (!done) co_return done;
    saved_ = clock::now();
    publish(is_drained);
    co_return done;
}

} // namespace understudy::applier
