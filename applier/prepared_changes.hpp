#pragma once

#include "applier/group.hpp"
#include "applier/prepared_store.hpp"
#include "applier/source_table.hpp"
#include "applier/target_session.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace understudy::applier {

// Reads back what prepared_writer wrote, as groups of one part each: changes, tables and format;
// no transactions. Memory: a part and an event. One thread; nothing of the session's may be
// outstanding during next().
class prepared_changes {
public:
    prepared_changes(target_session& target, const prepared_store& store,
                     const state::object_selection& selection, std::string xa_id);

    // nullopt: that was all.
    [[nodiscard]] protocol::result<std::optional<group>> next();
    // Whether the store knew the transaction at all; after the first next().
    [[nodiscard]] bool found() const { return part_ > 0; }

private:
    [[nodiscard]] protocol::result<void> take(group& out, const relay::stored_event& stored);
    [[nodiscard]] protocol::result<void> take_rows(group& out, const relay::stored_event& stored,
                                                   const protocol::event_view& event);

    target_session& target_;
    const prepared_store& store_;
    std::string xa_id_;
    std::uint32_t part_ = 0;
    std::string rest_; // the beginning of an event whose end is in the next part
    source_table_cache tables_;
    std::shared_ptr<const protocol::format_description> format_;
    std::shared_ptr<const std::string> file_;
    std::vector<mapped_table> statement_tables_;
    bool rows_seen_ = true; // the next map begins a statement
    bool statement_tables_in_group_ = false;
};

} // namespace understudy::applier
