// The initial copy as a step of task_run.

#include "applier/ddl_scan.hpp"
#include "applier/errc.hpp"
#include "apps/interruption.hpp"
#include "apps/task_run.hpp"
#include "protocol/net/on_thread.hpp"
#include "snapshot/errc.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string>
#include <utility>

namespace understudy::apps {

namespace asio = boost::asio;
using namespace std::chrono_literals;

task_run::step<snapshot::copy_outcome> task_run::initial_copy() {
    copier_ = std::make_unique<snapshot::copier>(work_loop_.get_executor(), pool_, task_,
                                                 checkpoint_->epoch, selection_, board_);
    if (checkpoint_->now == applier::checkpoint::stage::streaming)
        co_return co_await copier_->load_outcome();
    set_phase(task_.initial.schema ? state::phase::copying_schema : state::phase::copying_data);
    auto copied = co_await checked_copy();
    if (!copied) co_return std::unexpected(copied.error());
    if (auto kept = checkpoints_.finish_copy(*target_, copied->copy_end, checkpoint_->epoch); !kept)
        co_return std::unexpected(kept.error());
    checkpoint_->now = applier::checkpoint::stage::streaming;
    checkpoint_->copy_end = copied->copy_end;
    co_return copied;
}

// A DDL between the start position and the end of the copy makes it worthless: some chunks are from
// before it, some from behind it, and definitions may be from either side. It may also be what made
// the copy fail. Then the copy is taken back and begins anew, at a new position.
task_run::step<snapshot::copy_outcome> task_run::checked_copy() {
    auto copied = co_await copier_->run();
    const bool wanted = task_.initial.schema || task_.initial.data;
    if (!wanted || stopping_ || receiver_error_) co_return copied;
    if (!copied && is_interruption(copied.error())) co_return copied;
    auto ddl = co_await ddl_during_copy();
    if (!ddl) co_return std::unexpected(copied ? ddl.error() : copied.error());
    const bool discarded_before =
        !copied && copied.error().code == snapshot::errc::changed_during_copy;
    if (!*ddl && !discarded_before) co_return copied;
    const std::string what = *ddl ? **ddl : copied.error().what;
    if (task_.conflict.policy == state::task_spec::existing_tables::ignore) {
        co_return protocol::fail(
            snapshot::errc::changed_during_copy,
            "a definition was changed while the initial copy was running (" + what +
                "), so the copy may hold rows of before and after it. With existing_tables = "
                "\"ignore\" it cannot be taken back: remove the copied tables, and the task's "
                "traces, and begin anew");
    }
    co_return std::unexpected(co_await discard_copy(what));
}

asio::awaitable<protocol::error> task_run::discard_copy(std::string ddl) {
    constexpr unsigned discards_max = 10;
    const std::string why = "a definition was changed while the initial copy was running: " + ddl;
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
task_run::step<std::optional<std::string>> task_run::ddl_during_copy() {
    const auto facts = co_await ask_source();
    if (!facts) co_return std::unexpected(facts.error());
    asio::steady_timer timer(work_loop_);
    while (relay_->end().binlog < facts->written && !stopping_ && !receiver_error_) {
        timer.expires_after(50ms);
        boost::system::error_code woken;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    if (receiver_error_) co_return std::unexpected(*receiver_error_);
    if (stopping_) co_return protocol::fail(snapshot::errc::cancelled, "the copy was stopped");
    const auto scan = [this, &facts] {
        return applier::find_ddl(*relay_, checkpoint_->applied, facts->written, selection_,
                                 source_version_);
    };
    co_return co_await protocol::net::on_thread(pool_, scan);
}

} // namespace understudy::apps
