#pragma once

#include "applier/change_writer.hpp"
#include "applier/sql_change_writer.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace understudy::applier {

// The way of row statements to one target session: one is executed there while the next is put
// together here, so the target never waits for base64. Nothing else may be said on the session
// between send() and drain(). Blocking; one thread at a time.
class statement_pipe {
public:
    explicit statement_pipe(target_session& target) : target_(target) {}

    // A BINLOG statement, after the one before has been answered. `commits`: COMMIT stands behind
    // it.
    [[nodiscard]] protocol::result<void> send(std::string_view sql, rbr_mode mode,
                                              bool commits = false);
    // The same of SQL statements. drain() compares the rows that they found with those they should
    // have: errc::row_not_found. A warning means that a value was not stored as it is, which is an
    // error too.
    [[nodiscard]] protocol::result<void> send(const sql_packet& packet);
    // send() of rows in strict mode with COMMIT behind them has nothing to ask or wait for.
    [[nodiscard]] bool is_ready_to_commit() const {
        return outstanding_ == 0 && many_allowed_ && session_mode_ == rbr_mode::strict;
    }
    // All that was sent has been executed.
    [[nodiscard]] protocol::result<void> drain();
    // The session is as connect() made it, for statements that are not ours. After drain().
    [[nodiscard]] protocol::result<void> restore();
    // The same, but that several statements may come in one packet: nobody else's do.
    [[nodiscard]] protocol::result<void> restore_checks() { return enter({}); }

    // The last error was the target's answer to rows, and trying again will not help.
    [[nodiscard]] bool rows_were_refused() const { return rows_were_refused_; }
    void begin_transaction() { rows_were_refused_ = false; }

private:
    struct session_state {
        bool foreign_key_checks = true;
        bool unique_checks = true;
        bool check_constraints = true;
        bool operator==(const session_state&) const = default;
    };
    [[nodiscard]] protocol::result<void> enter(const session_state& wanted);
    [[nodiscard]] protocol::result<void> allow_many(bool allowed);
    [[nodiscard]] protocol::result<void> receive_all();
    [[nodiscard]] protocol::result<void> judge(const sql_packet::statement& said,
                                               const execute_info& done, bool is_last);
    [[nodiscard]] protocol::result<void> judge_warnings(const sql_packet::statement& said);

    target_session& target_;
    rbr_mode session_mode_ = rbr_mode::strict;
    session_state state_;
    bool many_allowed_ = false;
    std::size_t outstanding_ = 0;                 // answers that were not read yet
    bool commits_ = false;                        // the second of them is that of COMMIT
    std::vector<sql_packet::statement> expected_; // of an outstanding packet
    bool rows_were_refused_ = false;
};

} // namespace understudy::applier
