#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy::applier {

// What gh-ost or pt-online-schema-change has done so far to a table beside the one that it changes,
// where the change is to be applied as one ALTER (objects.online_schema_changes = "alter"): the
// table `schema_change` of the meta database, one row for each shadow. Changes with the checkpoint
// behind each statement, in one transaction. Stateless but for names; blocking.
class schema_change_store {
public:
    schema_change_store(std::string_view meta_database, std::string_view task);

    struct change {
        std::uint64_t alters = 0; // statements that altered the shadow since it was made
        std::string clauses;      // of the last: what stands behind the table's name, in UTF-8
        bool is_exact = false;    // gives the rows what they have in the shadow
    };

    [[nodiscard]] protocol::result<void> prepare(target_session& target) const;
    // nullopt: it was made before the task, or is no copy.
    [[nodiscard]] protocol::result<std::optional<change>>
    load(target_session& target, const state::object_name& shadow) const;
    // In the caller's transaction, all three.
    [[nodiscard]] protocol::result<void> begin(target_session& target,
                                               const state::object_name& shadow) const;
    [[nodiscard]] protocol::result<void> note(target_session& target,
                                              const state::object_name& shadow,
                                              std::string_view clauses, bool is_exact) const;
    [[nodiscard]] protocol::result<void> forget(target_session& target,
                                                const state::object_name& shadow) const;
    [[nodiscard]] protocol::result<void> remove_all(target_session& target) const;

private:
    [[nodiscard]] std::string of(const state::object_name& shadow) const;

    std::string table_; // quoted
    std::string quoted_task_;
};

} // namespace understudy::applier
