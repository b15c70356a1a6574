#include "applier/statement_lock.hpp"

#include "applier/errc.hpp"
#include "applier/idle_session.hpp"

#include <fmt/format.h>

#include <tuple>
#include <utility>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

// Names of locks have at most 64 characters and know no case.
std::string lock_name(const checkpoint_store& store) {
    return fmt::format("SHA2({}, 224)",
                       quote_string("understudy/" + store.meta_database() + "/" + store.task()));
}

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

statement_lock::statement_lock(target_session& target, std::string name)
    : target_(&target), name_(std::move(name)) {}

statement_lock::statement_lock(statement_lock&& other) noexcept
    : target_(std::exchange(other.target_, nullptr)), name_(std::move(other.name_)) {}

statement_lock::~statement_lock() {
    if (target_ == nullptr || target_->broken() || target_->awaits_answer()) return;
    // When this fails the session is broken, and the lock goes with it.
    std::ignore = target_->execute("DO RELEASE_LOCK(" + name_ + ")");
}

result<statement_lock> statement_lock::acquire(target_session& target,
                                               const checkpoint_store& store, std::uint64_t epoch) {
    const std::string name = lock_name(store);
    auto got = target.scalar("SELECT GET_LOCK(" + name + ", 0)");
    if (!got) return std::unexpected(std::move(got.error()));
    if (*got != "1") {
        auto owner = target.scalar("SELECT IS_USED_LOCK(" + name + ")");
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
    statement_lock lock(target, name);
    if (auto held = store.hold(target, epoch); !held)
        return std::unexpected(std::move(held.error()));
    return lock;
}

} // namespace understudy::applier
