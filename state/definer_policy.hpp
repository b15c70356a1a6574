#pragma once

#include "protocol/result.hpp"
#include "state/account_name.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::state {

// Whose name views, routines, triggers and events have on the target (objects.definers). A value.
class definer_policy {
public:
    enum class choice : std::uint8_t {
        keep,         // as on the source, whether that account is there or not
        current_user, // the task's account on the target
    };

    definer_policy() = default;
    explicit definer_policy(choice otherwise) : otherwise_(otherwise) {}
    // From "app@%" or "*" (all that have no entry) to "dw@%" or "current-user".
    [[nodiscard]] protocol::result<void> add(std::string_view from, std::string_view to);

    // What stands behind DEFINER = on the target; nullopt: what stands there already.
    [[nodiscard]] std::optional<std::string> on_target(const account_name& source) const;
    [[nodiscard]] bool keeps_all() const { return otherwise_ == choice::keep && map_.empty(); }

private:
    choice otherwise_ = choice::keep;
    std::optional<account_name> everybody_; // of "*"
    std::vector<std::pair<account_name, std::optional<account_name>>> map_;
};

} // namespace understudy::state
