#include "applier/apply_rules.hpp"

#include <algorithm>

namespace understudy::applier {

using protocol::rows_kind;
namespace rows_flag = protocol::rows_flag;

namespace {

// Positions of the copy are ends of transactions, so a transaction is behind one exactly if it
// begins there or later. Its beginning is known even while only a part of it has been read.
bool begins_before(const source_transaction& transaction, const protocol::binlog_position& end) {
    return protocol::binlog_position{*transaction.file, transaction.begin_offset} < end;
}

} // namespace

apply_rules::apply_rules(protocol::binlog_position copy_end, bool by_gtid,
                         std::map<state::object_name, state::source_position> start_after,
                         std::set<state::object_name> copied)
    : copy_end_(std::move(copy_end)), by_gtid_(by_gtid), start_after_(std::move(start_after)),
      copied_(std::move(copied)) {}

bool apply_rules::in_copy_window(const source_transaction& transaction) const {
    return !copy_end_.file.empty() && begins_before(transaction, copy_end_);
}

bool apply_rules::was_copied_later(const state::object_name& name,
                                   const source_transaction& transaction) const {
    const auto end = later_programs_.find(name.database);
    return end != later_programs_.end() && begins_before(transaction, end->second);
}

bool apply_rules::is_in_copied_programs(const statement_plan& plan,
                                        const source_transaction& transaction) const {
    using enum statement_plan::kind;
    const bool in_initial_copy = is_program(plan.is) && !programs_end_.file.empty() &&
                                 begins_before(transaction, programs_end_);
    if (in_initial_copy) return true;
    const bool of_database = plan.is == routine || plan.is == event || plan.is == create_database ||
                             plan.is == alter_database;
    return of_database && !plan.source_names.empty() &&
           std::ranges::all_of(plan.source_names, [&](const state::object_name& name) {
               return was_copied_later(name, transaction);
           });
}

bool apply_rules::undoes_copied_programs(const statement_plan& plan,
                                         const source_transaction& transaction) const {
    using enum statement_plan::kind;
    const bool may_undo = plan.is == event || plan.is == drop_database;
    return may_undo && !is_in_copied_programs(plan, transaction) &&
           std::ranges::any_of(plan.source_names, [&](const state::object_name& name) {
               return was_copied_later(name, transaction);
           });
}

bool apply_rules::is_copied(const state::object_name& table) const {
    return copied_.contains(table) || start_after_.contains(table);
}

apply_rules::decision apply_rules::decide(const state::object_name& table,
                                          const source_transaction& transaction, rows_kind kind,
                                          std::uint16_t flags) const {
    const bool window = in_copy_window(transaction);
    if (const auto snapshot = start_after_.find(table); snapshot != start_after_.end()) {
        const state::source_position& taken = snapshot->second;
        const bool is_in_it = by_gtid_ && !transaction.id.empty()
                                  ? taken.executed.contains(transaction.id)
                                  : begins_before(transaction, taken.binlog);
        if (is_in_it) return {treatment::drop, flags};
    } else if (window && copied_.contains(table)) {
        // Unchecked uniqueness and overwriting exclude each other.
        const auto kept = static_cast<std::uint16_t>(flags & ~rows_flag::relaxed_unique_checks);
        return {treatment::overwrite,
                static_cast<std::uint16_t>(kept | rows_flag::no_foreign_key_checks)};
    }
    const bool cascades_by_itself =
        kind != rows_kind::write && (flags & rows_flag::sql_foreign_keys) == 0;
    if (window && !cascades_by_itself) {
        return {treatment::as_logged,
                static_cast<std::uint16_t>(flags | rows_flag::no_foreign_key_checks)};
    }
    return {treatment::as_logged, flags};
}

} // namespace understudy::applier
