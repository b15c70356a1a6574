#pragma once

#include "applier/checkpoint_store.hpp"
#include "applier/target_session.hpp"
#include "protocol/binlog/binlog_position.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace understudy::applier {

// Databases of the source that a task came to select as a whole while it was streaming, and up to
// where in the log their routines and events, and the databases themselves, are on the target
// already: these were read and made before the stream came there. Rows of the meta database's table
// `program_copy`. Stateless but for names; blocking.
class program_copies {
public:
    using ends = std::map<std::string, protocol::binlog_position>; // by database

    program_copies(std::string_view meta_database, std::string_view task);

    // Under what the copier keeps its progress with these databases until add(): the task's own is
    // that of the initial copy. Other databases, or names on the target, are another copy; so are
    // the same ones of another server, whose positions mean something else (`server`).
    [[nodiscard]] std::string progress_name(const std::set<std::string>& databases,
                                            const state::object_selection& selection,
                                            std::string_view server) const;
    // What all of these names match (LIKE).
    [[nodiscard]] std::string progress_pattern() const;

    // Creates the table where missing.
    [[nodiscard]] protocol::result<void> prepare(target_session& target) const;
    // Those that a stream from `applied` has to know, under the names that they have on the target.
    [[nodiscard]] protocol::result<ends> load(target_session& target,
                                              const protocol::binlog_position& applied,
                                              const state::object_selection& selection) const;
    // They are there, which is noted in place of all progress. errc::fenced when another process
    // has the task.
    [[nodiscard]] protocol::result<void> add(target_session& target, const checkpoint_store& of,
                                             std::uint64_t epoch,
                                             const std::set<std::string>& databases,
                                             const state::object_selection& selection,
                                             const protocol::binlog_position& end) const;
    // load(), and the others are forgotten. Once objects_store has what is selected: until then a
    // row is how a copy that is through is known. errc::fenced.
    [[nodiscard]] protocol::result<ends> keep_only(target_session& target,
                                                   const checkpoint_store& of, std::uint64_t epoch,
                                                   const protocol::binlog_position& applied,
                                                   const state::object_selection& selection) const;
    [[nodiscard]] protocol::result<void> remove_all(target_session& target) const;

private:
    struct rows {
        ends needed;
        bool has_others = false;
    };
    [[nodiscard]] protocol::result<rows> look(target_session& target,
                                              const protocol::binlog_position& applied,
                                              const state::object_selection& selection) const;

    std::string table_;
    std::string progress_table_;
    std::string quoted_task_;
    std::string progress_prefix_;
};

} // namespace understudy::applier
