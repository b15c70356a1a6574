#include "snapshot/key_maker.hpp"

#include "snapshot/errc.hpp"
#include "snapshot/index_stage.hpp"
#include "snapshot/part_copy.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace understudy::snapshot {

using boost::asio::awaitable;
using protocol::result;

key_maker::key_maker(copy_context& context, bool& failed)
    : context_(&context), failed_(&failed),
      changed_(context.executor, boost::asio::steady_timer::time_point::max()) {
    stop_hook_ = context.stop->on_stop([this] { wake(); });
}

void key_maker::add(const source_table& table) {
    waiting_.push_back(&table);
    wake();
}

void key_maker::close() {
    closed_ = true;
    wake();
}

void key_maker::wake() {
    changed_.cancel();
}

void key_maker::say_why(const std::string& what) const {
    if (making_ == 0) return;
    context_->board->warn("the copy gives up once the keys are there that are being made now: " +
                          what);
}

void key_maker::give_up() {
    *failed_ = true;
    wake();
}

awaitable<result<void>> key_maker::make_keys() {
    target_worker worker = key_worker(*context_);
    while (!*failed_) {
        if (context_->stop->stopped())
            co_return protocol::fail(errc::cancelled, "the copy was stopped");
        if (!waiting_.empty()) {
            const source_table& table = *waiting_.front();
            waiting_.pop_front();
            ++making_;
            auto made = co_await make_late_keys(*context_, worker, table.name);
            --making_;
            if (!made) co_return made;
            show_finished(*context_, table.name);
            continue;
        }
        if (closed_) break;
        co_await changed_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
    co_return result<void>{};
}

awaitable<result<void>> key_maker::run() {
    try {
        auto made = co_await make_keys();
        if (!made) give_up();
        co_return made;
    } catch (...) {
        give_up(); // the others would wait for ever
        throw;
    }
}

} // namespace understudy::snapshot
