#include "applier/merged_table_lock.hpp"

#include "applier/errc.hpp"

#include <fmt/format.h>

namespace understudy::applier {

protocol::result<named_lock> lock_merged_table(target_session& target,
                                               std::string_view meta_database,
                                               const state::object_name& table) {
    const std::string name =
        fmt::format("understudy/{}/merge/{}", meta_database, table.to_string());
    auto got = named_lock::acquire(target, name, 1);
    if (!got) return std::unexpected(std::move(got.error()));
    if (*got) return **std::move(got);
    auto owner = named_lock::owner(target, name);
    if (!owner) return std::unexpected(std::move(owner.error()));
    return protocol::fail(errc::transient,
                          fmt::format("session {} of the target is making or altering {}, which "
                                      "others merge into as well",
                                      owner->value_or("?"), table.to_string()));
}

} // namespace understudy::applier
