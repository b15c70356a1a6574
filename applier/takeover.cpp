#include "applier/takeover.hpp"

#include "applier/errc.hpp"
#include "applier/idle_session.hpp"

#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace understudy::applier {

using protocol::result;
using namespace std::chrono_literals;

namespace {

constexpr const char* task_attribute = "understudy_task";
constexpr const char* run_attribute = "understudy_run";
constexpr auto raise_patience = 60s;
constexpr auto sessions_patience = 10s;
constexpr auto interval = 100ms;

} // namespace

takeover::takeover(const checkpoint_store& store, std::string run)
    : store_(store), task_(store.meta_database() + "/" + store.task()), run_(std::move(run)) {}

std::vector<std::pair<std::string, std::string>> takeover::attributes() const {
    return {{task_attribute, task_}, {run_attribute, run_}};
}

result<std::uint64_t> takeover::execute(target_session& target,
                                        std::optional<std::uint64_t> ours) const {
    if (auto set = target.run("SET SESSION innodb_lock_wait_timeout = 1"); !set)
        return std::unexpected(std::move(set.error()));
    auto epoch = raise(target, ours);
    if (!epoch) return epoch;
    if (auto set = target.run("SET SESSION innodb_lock_wait_timeout = DEFAULT"); !set)
        return std::unexpected(std::move(set.error()));
    const auto until = std::chrono::steady_clock::now() + sessions_patience;
    while (std::chrono::steady_clock::now() < until) {
        auto ended = end_idle_sessions(target);
        if (!ended) return std::unexpected(std::move(ended.error()));
        if (*ended) break;
        std::this_thread::sleep_for(interval);
    }
    return epoch;
}

// The checkpoint's row may be locked by a session that nobody is at the other end of.
result<std::uint64_t> takeover::raise(target_session& target,
                                      std::optional<std::uint64_t> ours) const {
    const auto until = std::chrono::steady_clock::now() + raise_patience;
    for (;;) {
        auto epoch = store_.take_over(target, ours);
        if (epoch || epoch.error().code != errc::transient) return epoch;
        if (auto undone = target.run("ROLLBACK"); !undone)
            return std::unexpected(std::move(undone.error()));
        if (std::chrono::steady_clock::now() > until) return epoch;
        if (auto ended = end_idle_sessions(target); !ended)
            return std::unexpected(std::move(ended.error()));
    }
}

result<bool> takeover::end_idle_sessions(target_session& target) const {
    auto left = target.query(fmt::format(
        "SELECT p.id, {} FROM information_schema.processlist p "
        "JOIN performance_schema.session_account_connect_attrs t ON t.processlist_id = p.id AND "
        "t.attr_name = '{}' AND t.attr_value = {} "
        "JOIN performance_schema.session_account_connect_attrs r ON r.processlist_id = p.id AND "
        "r.attr_name = '{}' AND r.attr_value <> {}",
        session_is_idle, task_attribute, quote_string(task_), run_attribute, quote_string(run_)));
    if (!left) {
        // A server that does not show them: nothing to end.
        if (target.broken()) return std::unexpected(std::move(left.error()));
        return true;
    }
    for (const auto& row : left->rows) {
        if (row[1] != "1") continue;
        if (auto ended = end_session(target, row[0].value()); !ended)
            return std::unexpected(std::move(ended.error()));
    }
    return left->rows.empty();
}

} // namespace understudy::applier
