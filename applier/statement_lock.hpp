#pragma once

#include "applier/checkpoint_store.hpp"
#include "applier/named_lock.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <utility>

namespace understudy::applier {

// The right to execute statements that commit by themselves (DDL) for a task, held by one session
// of the target. An epoch cannot fence those: between the look at it and the statement, another
// process may take the task over, look whether the statement was executed and execute it too. So
// whoever executes them, or looks whether they were executed, does it under a named lock of the
// target, and looks at the epoch once more when it has the lock. It ends with the session, so a
// process that was killed keeps nobody out.
//
// Blocking; used by the thread that uses the session, and gone before the session is.
class statement_lock {
public:
    // errc::transient while another session has it (the sentence names that session); errc::fenced
    // when the task was taken over.
    [[nodiscard]] static protocol::result<statement_lock>
    acquire(target_session& target, const checkpoint_store& store, std::uint64_t epoch);

private:
    explicit statement_lock(named_lock lock) : lock_(std::move(lock)) {}

    named_lock lock_;
};

} // namespace understudy::applier
