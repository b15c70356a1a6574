#pragma once

#include "applier/checkpoint_store.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

namespace understudy::applier {

// From which servers the tables that a task takes come to its source, over whatever other tasks
// (`upstream` of the meta database, with server UUIDs): what a task asks that is to begin where
// this one writes, so that no ring of tasks closes. Stateless but for names; blocking.
class upstream_store {
public:
    upstream_store(std::string_view meta_database, std::string_view task);

    [[nodiscard]] protocol::result<void> prepare(target_session& target) const;
    // In the place of what was there.
    [[nodiscard]] protocol::result<void> save(target_session& target, const checkpoint_store& of,
                                              std::uint64_t epoch,
                                              const std::set<std::string>& servers) const;
    [[nodiscard]] protocol::result<void> remove_all(target_session& target) const;

private:
    std::string table_;
    std::string quoted_task_;
};

} // namespace understudy::applier
