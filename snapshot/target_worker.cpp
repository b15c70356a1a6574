#include "snapshot/target_worker.hpp"

#include "snapshot/errc.hpp"
#include "snapshot/source_session.hpp"

#include <algorithm>

namespace understudy::snapshot {

using protocol::fail;
using protocol::result;

target_worker::target_worker(options how) : how_(std::move(how)) {
    stop_hook_ = how_.stop->on_stop([this] { interrupt(); });
}

bool target_worker::is_retryable(const protocol::error& error) {
    return error.code.category() == applier::applier_category() &&
           applier::is_retryable(static_cast<applier::errc>(error.code.value()));
}

result<applier::target_session*> target_worker::connected() {
    {
        const std::lock_guard lock(mutex_);
        if (interrupted_) return fail(errc::cancelled, "the copy was stopped");
        if (session_ && !session_->broken()) return session_.get();
        session_.reset();
    }
    auto opened = applier::target_session::connect(how_.target, how_.warn);
    if (!opened) return std::unexpected(std::move(opened.error()));
    for (const std::string& statement : how_.setup) {
        auto done = (*opened)->execute(statement);
        if (!done) return std::unexpected(std::move(done.error()));
    }
    const std::lock_guard lock(mutex_);
    if (interrupted_) return fail(errc::cancelled, "the copy was stopped");
    session_ = *std::move(opened);
    return session_.get();
}

void target_worker::interrupt() {
    const std::lock_guard lock(mutex_);
    interrupted_ = true;
    if (session_) session_->interrupt();
}

boost::asio::awaitable<result<void>> target_worker::back_off(int attempt) {
    const auto time = std::min(std::chrono::milliseconds(125) * (1 << std::min(attempt, 10)),
                               std::chrono::milliseconds(10'000));
    return pause(how_.executor, *how_.stop, time);
}

} // namespace understudy::snapshot
