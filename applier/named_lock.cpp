#include "applier/named_lock.hpp"

#include <fmt/format.h>

#include <tuple>
#include <utility>

namespace understudy::applier {

using protocol::result;

namespace {

// Names of locks have at most 64 characters and know no case.
std::string expression_of(std::string_view name) {
    return fmt::format("SHA2({}, 224)", quote_string(name));
}

} // namespace

named_lock::named_lock(target_session& target, std::string expression)
    : target_(&target), expression_(std::move(expression)) {}

named_lock::named_lock(named_lock&& other) noexcept
    : target_(std::exchange(other.target_, nullptr)), expression_(std::move(other.expression_)) {}

named_lock::~named_lock() {
    if (target_ == nullptr || target_->broken() || target_->awaits_answer()) return;
    // When this fails the session is broken, and the lock goes with it.
    std::ignore = target_->execute("DO RELEASE_LOCK(" + expression_ + ")");
}

result<std::optional<named_lock>> named_lock::acquire(target_session& target, std::string_view name,
                                                      unsigned seconds) {
    std::string expression = expression_of(name);
    auto got = target.scalar(fmt::format("SELECT GET_LOCK({}, {})", expression, seconds));
    if (!got) return std::unexpected(std::move(got.error()));
    if (*got != "1") return std::nullopt;
    return named_lock(target, std::move(expression));
}

result<std::optional<std::string>> named_lock::owner(target_session& target,
                                                     std::string_view name) {
    return target.scalar("SELECT IS_USED_LOCK(" + expression_of(name) + ")");
}

} // namespace understudy::applier
