#pragma once

#include "applier/group.hpp"
#include "applier/target_session.hpp"
#include "applier/target_table.hpp"
#include "protocol/binlog/binlog_position.hpp"
#include "protocol/result.hpp"
#include "relay/definition_store.hpp"
#include "relay/table_definition.hpp"
#include "state/object_selection.hpp"

#include <set>
#include <string>

namespace understudy::applier {

// Tells the relay log what the tables of the source look like, so that its events can be read weeks
// later. The target is what is read: everything before a position is applied and nothing behind it,
// so its tables are those of the source at that very position. Blocking; used with the session and
// on the thread of the stream. A full disk is errc::transient: the stream tries again.
class definition_recorder {
public:
    definition_recorder(relay::definition_store& store, const state::object_selection& selection)
        : store_(&store), selection_(&selection) {}

    // The target's table for this one of the source, as it is before events at `from`.
    [[nodiscard]] protocol::result<void> note(const state::object_name& source,
                                              const target_table& table,
                                              const protocol::binlog_position& from,
                                              const std::string& gtid = {});
    // Of these tables those that nothing is known of yet.
    [[nodiscard]] protocol::result<void> note_missing(target_session& target,
                                                      const std::set<state::object_name>& tables,
                                                      const protocol::binlog_position& from);
    // Of all these, as they are before events at `from`.
    [[nodiscard]] protocol::result<void> note_all(target_session& target,
                                                  const std::set<state::object_name>& tables,
                                                  const protocol::binlog_position& from);
    // What a statement that was executed has made of the tables it names; before the checkpoint
    // passes it.
    [[nodiscard]] protocol::result<void> note_after(target_session& target,
                                                    const source_statement& statement);

private:
    [[nodiscard]] protocol::result<void> read_and_note(target_session& target,
                                                       const state::object_name& source,
                                                       const protocol::binlog_position& from,
                                                       const std::string& gtid);
    [[nodiscard]] protocol::result<void> write(const relay::definition_record& record);

    relay::definition_store* store_;
    const state::object_selection* selection_;
};

// The target's table under the name it has on the source.
[[nodiscard]] relay::table_definition describe_table(const state::object_name& source,
                                                     const target_table& table);

} // namespace understudy::applier
