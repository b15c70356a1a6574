#pragma once

#include "applier/checkpoint_store.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::applier {

// Which objects the task had when its stream was opened last (state::objects_text): one row of the
// meta database's table `objects`. Stateless but for names; blocking.
class objects_store {
public:
    objects_store(std::string_view meta_database, std::string_view task);

    // Creates the table where missing.
    [[nodiscard]] protocol::result<void> prepare(target_session& target) const;
    // nullopt: the stream has never been opened, or by a version that did not note them.
    [[nodiscard]] protocol::result<std::optional<std::string>> load(target_session& target) const;
    // errc::fenced when another process has the task.
    [[nodiscard]] protocol::result<void> save(target_session& target, const checkpoint_store& of,
                                              std::uint64_t epoch, std::string_view text) const;
    [[nodiscard]] protocol::result<void> remove_all(target_session& target) const;

private:
    std::string table_;
    std::string quoted_task_;
};

} // namespace understudy::applier
