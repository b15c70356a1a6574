#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace understudy::applier {

// A named lock of the target (GET_LOCK), held by one session. It ends with the session, so a
// process that was killed keeps nobody out. Blocking; used by the thread that uses the session, and
// gone before the session is.
class named_lock {
public:
    // nullopt: another session has it. `name` may be of any length, and knows its case; it is
    // waited for as long as `seconds`.
    [[nodiscard]] static protocol::result<std::optional<named_lock>>
    acquire(target_session& target, std::string_view name, unsigned seconds);
    // The number of the session that has it now.
    [[nodiscard]] static protocol::result<std::optional<std::string>> owner(target_session& target,
                                                                            std::string_view name);
    ~named_lock();
    named_lock(named_lock&& other) noexcept;
    named_lock& operator=(named_lock&&) = delete;

private:
    named_lock(target_session& target, std::string expression);

    target_session* target_;
    std::string expression_; // of SQL
};

} // namespace understudy::applier
