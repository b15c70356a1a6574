#pragma once

#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <string>
#include <string_view>

namespace understudy::applier {

// The right to make or alter a table of the target that several tasks merge theirs into
// (objects.merge), held by one session of the target among all tasks: whoever finds the table as it
// is wanted has nothing left to do. Ends with the session, so a process that was killed keeps
// nobody out. To be taken behind the task's own statement_lock, if both are.
//
// Blocking; used by the thread that uses the session, and gone before the session is.
class merged_table_lock {
public:
    // errc::transient while another session has it (the sentence names that session).
    [[nodiscard]] static protocol::result<merged_table_lock>
    acquire(target_session& target, std::string_view meta_database,
            const state::object_name& table);
    ~merged_table_lock();
    merged_table_lock(merged_table_lock&& other) noexcept;
    merged_table_lock& operator=(merged_table_lock&&) = delete;

private:
    merged_table_lock(target_session& target, std::string name);

    target_session* target_;
    std::string name_; // as an expression of SQL
};

} // namespace understudy::applier
