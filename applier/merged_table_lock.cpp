#include "applier/merged_table_lock.hpp"

#include "applier/errc.hpp"

#include <fmt/format.h>

#include <tuple>
#include <utility>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

merged_table_lock::merged_table_lock(target_session& target, std::string name)
    : target_(&target), name_(std::move(name)) {}

merged_table_lock::merged_table_lock(merged_table_lock&& other) noexcept
    : target_(std::exchange(other.target_, nullptr)), name_(std::move(other.name_)) {}

merged_table_lock::~merged_table_lock() {
    if (target_ == nullptr || target_->broken() || target_->awaits_answer()) return;
    // When this fails the session is broken, and the lock goes with it.
    std::ignore = target_->execute("DO RELEASE_LOCK(" + name_ + ")");
}

result<merged_table_lock> merged_table_lock::acquire(target_session& target,
                                                     std::string_view meta_database,
                                                     const state::object_name& table) {
    // Names of locks have at most 64 characters and know no case.
    const std::string name = fmt::format(
        "SHA2({}, 224)",
        quote_string(fmt::format("understudy/{}/merge/{}", meta_database, table.to_string())));
    auto got = target.scalar("SELECT GET_LOCK(" + name + ", 1)");
    if (!got) return std::unexpected(std::move(got.error()));
    if (*got == "1") return merged_table_lock(target, name);
    auto owner = target.scalar("SELECT IS_USED_LOCK(" + name + ")");
    if (!owner) return std::unexpected(std::move(owner.error()));
    return fail(errc::transient,
                fmt::format("session {} of the target is making or altering {}, which others merge "
                            "into as well",
                            owner->value_or("?"), table.to_string()));
}

} // namespace understudy::applier
