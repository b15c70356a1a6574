#include "applier/statement_pipe.hpp"

#include "applier/errc.hpp"
#include "applier/server_errors.hpp"

#include <utility>

namespace understudy::applier {

using protocol::result;

result<void> statement_pipe::send(std::string_view sql, rbr_mode mode) {
    if (auto done = drain(); !done) return done;
    if (mode != session_mode_) {
        auto set =
            target_.execute(mode == rbr_mode::strict ? "SET SESSION rbr_exec_mode = 'STRICT'"
                                                     : "SET SESSION rbr_exec_mode = 'IDEMPOTENT'");
        if (!set) return std::unexpected(std::move(set.error()));
        session_mode_ = mode;
    }
    if (auto sent = target_.send(sql); !sent) return sent;
    outstanding_ = true;
    return {};
}

result<void> statement_pipe::drain() {
    if (!std::exchange(outstanding_, false)) return {};
    auto done = target_.receive();
    if (done) return {};
    const auto code = static_cast<errc>(done.error().code.value());
    rows_were_refused_ = !is_retryable(code);
    return wrap(std::move(done.error()), "writing rows");
}

} // namespace understudy::applier
