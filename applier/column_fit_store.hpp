#pragma once

#include "applier/checkpoint_store.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/column_fit.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace understudy::applier {

// Tables of a task that go into ones that were on the target before and are defined otherwise: the
// table `column_fit` of the meta database, with their names on the source. Written before their
// first row is copied, and constant then. Stateless but for names; blocking.
class column_fit_store {
public:
    column_fit_store(std::string_view meta_database, std::string_view task);

    [[nodiscard]] protocol::result<void> prepare(target_session& target) const;
    [[nodiscard]] protocol::result<std::map<state::object_name, state::column_fit>>
    load(target_session& target) const;
    // In place of all that were there, in a transaction of its own. errc::fenced.
    [[nodiscard]] protocol::result<void>
    save(target_session& target, const checkpoint_store& of, std::uint64_t epoch,
         const std::map<state::object_name, state::column_fit>& fits) const;

private:
    [[nodiscard]] protocol::result<void>
    write(target_session& target,
          const std::map<state::object_name, state::column_fit>& fits) const;

    std::string table_; // quoted
    std::string quoted_task_;
};

} // namespace understudy::applier
