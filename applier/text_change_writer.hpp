#pragma once

#include "applier/apply_rules.hpp"
#include "applier/group.hpp"
#include "applier/statement_session.hpp"
#include "applier/target_session.hpp"
#include "protocol/binlog/query_event.hpp"
#include "protocol/result.hpp"

#include <optional>
#include <string>

namespace understudy::applier {

// Executes a change of rows that was logged as a statement, as a native replica does: in the
// group's transaction, with the session state, the auto-increment value, the seeds and the user
// variables that it was logged with. Blocking; one thread.
class text_change_writer {
public:
    text_change_writer(target_session& target, const apply_rules& rules,
                       std::optional<bool> source_explicit_timestamps)
        : target_(target), rules_(rules), session_(target) {
        session_.set_source_explicit_timestamps(source_explicit_timestamps);
    }

    [[nodiscard]] protocol::result<void> write(const text_change& change,
                                               const source_transaction& transaction,
                                               const protocol::format_description& format);

private:
    [[nodiscard]] protocol::result<void> execute(const text_change& change,
                                                 const protocol::format_description& format);
    [[nodiscard]] protocol::result<execute_info> load(const text_change& change);
    [[nodiscard]] protocol::result<std::string> assignment(const protocol::event_view& event);
    [[nodiscard]] protocol::result<std::string> user_variable(const protocol::event_view& event);

    target_session& target_;
    const apply_rules& rules_;
    statement_session session_;
};

} // namespace understudy::applier
