#include "applier/statement_pipe.hpp"

#include "applier/errc.hpp"
#include "applier/server_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

result<void> statement_pipe::send(std::string_view sql, rbr_mode mode, bool commits) {
    if (auto done = drain(); !done) return done;
    if (commits) {
        if (auto done = allow_many(true); !done) return done;
    }
    if (mode != session_mode_) {
        auto set =
            target_.execute(mode == rbr_mode::strict ? "SET SESSION rbr_exec_mode = 'STRICT'"
                                                     : "SET SESSION rbr_exec_mode = 'IDEMPOTENT'");
        if (!set) return std::unexpected(std::move(set.error()));
        session_mode_ = mode;
    }
    if (auto sent = target_.send(sql); !sent) return sent;
    outstanding_ = commits ? 2 : 1;
    commits_ = commits;
    return {};
}

result<void> statement_pipe::enter(const session_state& wanted) {
    if (wanted == state_) return {};
    std::string set = fmt::format("SET SESSION foreign_key_checks = {}, unique_checks = {}",
                                  wanted.foreign_key_checks ? 1 : 0, wanted.unique_checks ? 1 : 0);
    if (wanted.check_constraints != state_.check_constraints)
        set += fmt::format(", check_constraint_checks = {}", wanted.check_constraints ? 1 : 0);
    auto done = target_.execute(set);
    if (!done) return std::unexpected(std::move(done.error()));
    state_ = wanted;
    return {};
}

result<void> statement_pipe::allow_many(bool allowed) {
    if (many_allowed_ == allowed) return {};
    auto done = target_.allow_many_statements(allowed);
    if (done) many_allowed_ = allowed;
    return done;
}

result<void> statement_pipe::send(const sql_packet& packet) {
    auto ready = drain();
    if (ready) {
        ready = enter({packet.foreign_key_checks, packet.unique_checks, packet.check_constraints});
    }
    if (ready && packet.statements.size() > 1) ready = allow_many(true);
    if (!ready) return ready;
    if (auto sent = target_.send(packet.text); !sent) return sent;
    commits_ = false;
    expected_.assign(packet.statements.begin(), packet.statements.end());
    outstanding_ = expected_.size();
    return {};
}

result<void> statement_pipe::restore() {
    auto done = allow_many(false);
    return done ? enter({}) : done;
}

result<void> statement_pipe::drain() {
    if (outstanding_ == 0) return {};
    auto done = receive_all();
    expected_.clear();
    if (done) return {};
    const auto code = static_cast<errc>(done.error().code.value());
    rows_were_refused_ = !is_retryable(code);
    return wrap(std::move(done.error()), "writing rows");
}

// The first complaint is the one to tell; the other answers have to be read all the same.
result<void> statement_pipe::receive_all() {
    const std::size_t count = std::exchange(outstanding_, 0);
    result<void> judged;
    for (std::size_t i = 0; i < count; ++i) {
        auto answer = i == 0     ? target_.receive()
                      : commits_ ? target_.receive_behind_rows()
                                 : target_.receive_next();
        if (!answer && judged && commits_ && i > 0)
            return wrap(std::move(answer.error()), "COMMIT behind them");
        if (!answer) return judged ? std::unexpected(std::move(answer.error())) : judged;
        if (judged && i < expected_.size()) judged = judge(expected_[i], *answer, i + 1 == count);
    }
    return judged;
}

result<void> statement_pipe::judge(const sql_packet::statement& said, const execute_info& done,
                                   bool is_last) {
    const std::string table = said.table->target.name.to_string();
    // The session counts rows that were found, changed or not (CLIENT_FOUND_ROWS).
    if (said.strict && done.affected_rows != said.rows) {
        return fail(errc::row_not_found,
                    fmt::format("a statement for {} rows of table {} found {}", said.rows, table,
                                done.affected_rows),
                    {1032, "HY000", "the row was not found"});
    }
    if (done.warnings == 0) return {};
    if (is_last) return judge_warnings(said);
    return fail(errc::target_refused,
                fmt::format("the target would store rows of table {} with {} warnings", table,
                            done.warnings));
}

result<void> statement_pipe::judge_warnings(const sql_packet::statement& said) {
    auto warnings = target_.query("SHOW WARNINGS");
    if (!warnings) return std::unexpected(std::move(warnings.error()));
    for (const auto& row : warnings->rows) {
        const std::string code = row[1].value_or("");
        // Deprecated words; a column without a default, which the source gave its implicit one,
        // too.
        static constexpr std::string_view harmless[] = {"1287", "3719", "3720", "1364", "1592"};
        if (std::ranges::find(harmless, code) != std::end(harmless)) continue;
        // ENUM's number 0 is what a value became that was not allowed, and warns again.
        if (said.may_warn && code == "1265") continue;
        const std::string message = row[2].value_or("");
        return fail(errc::target_refused,
                    fmt::format("the target would not store a row of table {} as it is: {} "
                                "(warning {})",
                                said.table->target.name.to_string(), message, code),
                    {0, "01000", message});
    }
    return {};
}

} // namespace understudy::applier
