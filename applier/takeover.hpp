#pragma once

#include "applier/checkpoint_store.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace understudy::applier {

// How one attempt at a run of a task makes the target its own: the epoch is raised, and sessions of
// the task that an earlier process or attempt has left there are ended. A process that is frozen, a
// paused machine or a network that swallowed the goodbye would otherwise hold locks on rows and
// names for as long as the server believes in it.
//
// Whose a session is tell its connection attributes, which the target shows to the same account
// (performance_schema.session_account_connect_attrs). Where it does not (MariaDB as it comes), the
// epoch alone decides, and locks are waited for.
class takeover {
public:
    // run: of this attempt; no other has it.
    takeover(const checkpoint_store& store, std::string run);

    // For connect_options of all sessions of this attempt.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> attributes() const;

    // Returns the epoch. ours: what this process had before; errc::fenced when another process has
    // taken over since. Blocks, a minute at most.
    [[nodiscard]] protocol::result<std::uint64_t> execute(target_session& target,
                                                          std::optional<std::uint64_t> ours) const;

private:
    [[nodiscard]] protocol::result<std::uint64_t> raise(target_session& target,
                                                        std::optional<std::uint64_t> ours) const;
    // true: none of any kind is left, as far as can be seen.
    [[nodiscard]] protocol::result<bool> end_idle_sessions(target_session& target) const;

    const checkpoint_store& store_;
    std::string task_;
    std::string run_;
};

} // namespace understudy::applier
