#pragma once

#include "applier/change_writer.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <string_view>

namespace understudy::applier {

// The way of row statements to one target session: one is executed there while the next is put
// together here, so the target never waits for base64. Nothing else may be said on the session
// between send() and drain(). Blocking; one thread at a time.
class statement_pipe {
public:
    explicit statement_pipe(target_session& target) : target_(target) {}

    // A BINLOG statement, after the one before has been answered.
    [[nodiscard]] protocol::result<void> send(std::string_view sql, rbr_mode mode);
    // All that was sent has been executed.
    [[nodiscard]] protocol::result<void> drain();

    // The last error was the target's answer to rows, and trying again will not help.
    [[nodiscard]] bool rows_were_refused() const { return rows_were_refused_; }
    void begin_transaction() { rows_were_refused_ = false; }

private:
    target_session& target_;
    rbr_mode session_mode_ = rbr_mode::strict;
    bool outstanding_ = false; // a statement was sent and its answer not read
    bool rows_were_refused_ = false;
};

} // namespace understudy::applier
