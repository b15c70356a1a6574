#pragma once

#include "applier/target_session.hpp"
#include "protocol/binlog/query_event.hpp"
#include "protocol/result.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier {

// Gives a session of the target the state that a statement was logged with on the source, and takes
// it back afterwards. Only variables that the target has and whose value differs are set: some need
// privileges. Blocking; one thread.
class statement_session {
public:
    explicit statement_session(target_session& target) : target_(target) {}

    // errc::unsupported_statement when the target lacks a collation, time zone or sql_mode that the
    // statement was logged with: executing it with another one would give other results.
    [[nodiscard]] protocol::result<void> enter(const protocol::query_status& status,
                                               std::uint32_t timestamp);
    [[nodiscard]] protocol::result<void> leave();

    // explicit_defaults_for_timestamp of the source as a whole. Sources before 8.0 do not log that
    // of the session, and in 5.6 no session has one of its own. Empty: the target's own holds.
    void set_source_explicit_timestamps(std::optional<bool> on) {
        source_explicit_timestamps_ = on;
    }

    struct collation {
        std::string name;
        std::string character_set;
    };
    // errc::unsupported_statement when the target does not have it.
    [[nodiscard]] protocol::result<collation> collation_of(std::uint16_t id);

private:
    [[nodiscard]] protocol::result<void> load();
    [[nodiscard]] protocol::result<const collation*> find_collation(std::uint16_t id,
                                                                    std::string_view what) const;
    // value: as SHOW VARIABLES prints it; literal: as SET takes it.
    void want(std::string_view variable, std::string_view value, std::string literal);
    void want_number(std::string_view variable, std::uint64_t value);
    void want_switch(std::string_view variable, bool on);
    [[nodiscard]] protocol::result<void> want_collations(const protocol::query_status& status);
    void want_flags(const protocol::query_status& status);

    target_session& target_;
    std::optional<bool> source_explicit_timestamps_;
    std::map<std::string, std::string, std::less<>> variables_; // of the fresh session
    std::map<std::uint64_t, collation> collations_;
    std::vector<std::string> changes_;
    std::vector<std::string> undo_;
};

} // namespace understudy::applier
