#pragma once

#include "applier/checkpoint_store.hpp"
#include "applier/quarantine.hpp"
#include "applier/target_session.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"
#include "state/position.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier {

// Which tables of a task are set aside: the tables `quarantine` and `quarantine_table` of the meta
// database. From which position on is the checkpoint of the entry's own stream
// (quarantine_entry::task), which is made, moved and removed in the same transactions. Stateless
// but for names; blocking.
class quarantine_store {
public:
    quarantine_store(std::string_view meta_database, std::string_view task);
    explicit quarantine_store(const checkpoint_store& store)
        : quarantine_store(store.meta_database(), store.task()) {}

    [[nodiscard]] protocol::result<void> prepare(target_session& target) const;
    // The oldest first.
    [[nodiscard]] protocol::result<std::vector<quarantine_entry>>
    load(target_session& target) const;

    // errc::cancelled when the entry is no longer as it was loaded: another part of this process,
    // or an operator, has changed it.
    [[nodiscard]] protocol::result<void> check_unchanged(target_session& target,
                                                         const quarantine_entry& entry) const;

    // An operator's wishes, which the applier fulfils; committed at once. false: it is set aside
    // already, or there is no such table set aside. What keeps_rows is copied when it is resumed.
    [[nodiscard]] protocol::result<bool> ask(target_session& target,
                                             const state::object_name& table) const;
    [[nodiscard]] protocol::result<bool> resume(target_session& target,
                                                const state::object_name& table) const;
    // To be copied anew: set aside before that if it is not. false: that is already asked for, or
    // the table is catching up.
    [[nodiscard]] protocol::result<bool>
    reload(target_session& target, const state::object_name& table, std::string_view why) const;

    // The same of tables that nobody has set aside, as one entry.
    [[nodiscard]] protocol::result<void> ask_to_reload(target_session& target,
                                                       const std::set<state::object_name>& tables,
                                                       std::string_view why) const;
    // Tables that were there before, defined otherwise, and are not copied: set aside when the
    // stream is opened. In the caller's transaction.
    [[nodiscard]] protocol::result<void> leave_uncopied(target_session& target,
                                                        const std::set<state::object_name>& tables,
                                                        std::string_view why) const;
    // The entry, which is on its way back, takes these tables in, from the task's checkpoint on,
    // and other entries whole, and is copied anew: whoever is at them is fenced. false: it has come
    // back.
    [[nodiscard]] protocol::result<bool>
    extend(target_session& target, const quarantine_entry& entry,
           const std::set<state::object_name>& tables,
           const std::vector<const quarantine_entry*>& absorbed, std::uint64_t epoch) const;
    // The entry has these views too, from the task's checkpoint on; whoever is at it has to open
    // its stream anew. false: it has come back.
    [[nodiscard]] protocol::result<bool> add(target_session& target, const quarantine_entry& entry,
                                             const std::set<state::object_name>& views,
                                             std::uint64_t epoch) const;
    // From the task's checkpoint on, in a transaction of its own. `asked`: the entry that wanted
    // it, 0 for none; it is reloaded where that was the wish. `as`: aside or altering.
    // errc::fenced.
    [[nodiscard]] protocol::result<void>
    set_aside(target_session& target, const std::set<state::object_name>& tables,
              std::string_view why, std::uint64_t epoch, std::uint64_t asked = 0,
              quarantine_entry::stage as = quarantine_entry::stage::aside) const;
    // Catching up has met what a person has to mend.
    [[nodiscard]] protocol::result<void>
    give_up(target_session& target, const quarantine_entry& entry, std::string_view why) const;
    // The entry's tables are to be copied from `from` on, or have been and may catch up: one
    // transaction each, in which `also` runs, that fails with errc::fenced when the task or the
    // entry is no longer ours.
    using step = std::function<protocol::result<void>(target_session&)>;
    [[nodiscard]] protocol::result<void> begin_reload(target_session& target,
                                                      const quarantine_entry& entry,
                                                      std::uint64_t epoch, std::uint64_t own_epoch,
                                                      const state::source_position& from,
                                                      const step& also) const;
    [[nodiscard]] protocol::result<void>
    finish_reload(target_session& target, const quarantine_entry& entry, std::uint64_t epoch,
                  std::uint64_t own_epoch, const protocol::binlog_position& copy_end) const;
    // The entry's stream has come to where the task is: one transaction that fails (errc::fenced,
    // checkpoint_invalid) unless both stand at `where`.
    [[nodiscard]] protocol::result<void> join(target_session& target, const quarantine_entry& entry,
                                              std::uint64_t epoch, std::uint64_t own_epoch,
                                              const protocol::binlog_position& where) const;
    // In the caller's transaction, if there is one.
    [[nodiscard]] protocol::result<void> remove(target_session& target,
                                                const quarantine_entry& entry) const;
    [[nodiscard]] protocol::result<void> remove_all(target_session& target) const;

private:
    [[nodiscard]] protocol::result<void>
    forget_statement(target_session& target, const protocol::binlog_position& where) const;
    [[nodiscard]] protocol::result<void>
    fence(target_session& target, const quarantine_entry& entry, std::string_view also) const;
    [[nodiscard]] protocol::result<void>
    change(target_session& target, const quarantine_entry& entry, std::string_view state) const;
    [[nodiscard]] protocol::result<void> forget_rows(target_session& target,
                                                     const quarantine_entry& entry) const;
    [[nodiscard]] protocol::result<void> ask_for(target_session& target, std::string_view state,
                                                 const std::set<state::object_name>& tables,
                                                 std::string_view why) const;
    [[nodiscard]] protocol::result<void> hold_both(target_session& target,
                                                   const quarantine_entry& entry,
                                                   std::uint64_t epoch,
                                                   std::uint64_t own_epoch) const;
    [[nodiscard]] protocol::result<std::uint64_t>
    write_entry(target_session& target, std::string_view state, std::string_view why) const;
    [[nodiscard]] protocol::result<void>
    write_tables(target_session& target, std::uint64_t id,
                 const std::set<state::object_name>& tables) const;
    // In one transaction of the task, if the entry is in one of these states; false: it is not.
    [[nodiscard]] protocol::result<bool> alter(target_session& target,
                                               const quarantine_entry& entry,
                                               std::string_view states, std::uint64_t epoch,
                                               const step& how) const;
    [[nodiscard]] protocol::result<void> write_checkpoint(target_session& target,
                                                          std::uint64_t id) const;

    std::string meta_database_;
    std::string task_;
    std::string database_;    // quoted
    std::string quoted_task_; // as a string of SQL
};

} // namespace understudy::applier
