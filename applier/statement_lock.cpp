#include "applier/statement_lock.hpp"

#include "applier/errc.hpp"
#include "applier/idle_session.hpp"

#include <fmt/format.h>

#include <utility>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

// Of an earlier process of the task that is frozen, or whose goodbye got lost: what the session was
// about has ended, and nobody will let go of the lock.
result<void> end_if_idle(target_session& target, const std::string& session) {
    auto idle = target.scalar(
        fmt::format("SELECT 1 FROM information_schema.processlist WHERE id = {} AND {}", session,
                    session_is_idle));
    if (!idle) return std::unexpected(std::move(idle.error()));
    return *idle ? end_session(target, session) : result<void>{};
}

} // namespace

result<statement_lock> statement_lock::acquire(target_session& target,
                                               const checkpoint_store& store, std::uint64_t epoch) {
    const std::string name = "understudy/" + store.meta_database() + "/" + store.task();
    auto got = named_lock::acquire(target, name, 0);
    if (!got) return std::unexpected(std::move(got.error()));
    if (!*got) {
        auto owner = named_lock::owner(target, name);
        if (!owner) return std::unexpected(std::move(owner.error()));
        // Only the newest process may end another one's.
        if (auto held = store.hold(target, epoch); !held)
            return std::unexpected(std::move(held.error()));
        if (*owner) {
            if (auto ended = end_if_idle(target, **owner); !ended)
                return std::unexpected(std::move(ended.error()));
        }
        return fail(errc::transient,
                    fmt::format("session {} of the target, of another process that runs task {}, "
                                "has not ended yet. If nothing is at its other end any more, "
                                "execute on the target: KILL {};",
                                owner->value_or("?"), store.task(), owner->value_or("?")));
    }
    statement_lock lock(**std::move(got));
    if (auto held = store.hold(target, epoch); !held)
        return std::unexpected(std::move(held.error()));
    return lock;
}

} // namespace understudy::applier
