#include "applier/ddl_journal.hpp"

#include "applier/errc.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

std::string gtid_text(const source_transaction& transaction) {
    return transaction.id.empty() ? "" : transaction.id.to_string();
}

} // namespace

bool journal_entry::is_about(const source_transaction& transaction) const {
    // A position alone could belong to another server of the same history after a change of the
    // source.
    if (!gtid.empty() || !transaction.id.empty()) return gtid == gtid_text(transaction);
    return file == *transaction.file && offset == transaction.begin_offset;
}

ddl_journal::ddl_journal(const checkpoint_store& store)
    : checkpoint_table_(state::quote_identifier(store.meta_database()) + ".`checkpoint`"),
      table_(state::quote_identifier(store.meta_database()) + ".`ddl_journal`"),
      where_(" WHERE `task` = " + quote_string(store.task())), task_(quote_string(store.task())) {}

result<journal_entry> ddl_journal::load(target_session& target) const {
    const std::string select =
        "SELECT `state`, `task_uuid`, `number`, `log_file`, `log_offset`, `gtid`, `fingerprint`, "
        "`connection_id`, `decision` FROM " +
        table_ + where_;
    auto answer = target.query(select);
    if (answer && answer->rows.empty()) {
        auto made = target.execute(
            fmt::format("INSERT INTO {} (`task`, `task_uuid`, `number`, `state`, `log_file`, "
                        "`log_offset`, `gtid`, `statement`, `fingerprint`, `connection_id`) "
                        "VALUES ({}, UUID(), 0, 'idle', '', 0, '', '', '', 0)",
                        table_, task_));
        if (!made) return std::unexpected(std::move(made.error()));
        answer = target.query(select);
    }
    if (!answer) return std::unexpected(std::move(answer.error()));
    if (answer->rows.empty())
        return fail(errc::checkpoint_invalid, table_ + " has no row for this task");
    const auto& row = answer->rows.front();
    journal_entry entry;
    entry.now = row[0] == "intent"     ? journal_entry::state::intent
                : row[0] == "executed" ? journal_entry::state::executed
                                       : journal_entry::state::idle;
    entry.task_uuid = row[1].value_or("");
    entry.number = to_number(row[2]);
    entry.file = row[3].value_or("");
    entry.offset = to_number(row[4]);
    entry.gtid = row[5].value_or("");
    entry.fingerprint = row[6].value_or("");
    entry.connection_id = to_number(row[7]);
    entry.decided = row[8] == "done"     ? journal_entry::decision::done
                    : row[8] == "undone" ? journal_entry::decision::undone
                                         : journal_entry::decision::none;
    return entry;
}

result<void> ddl_journal::write_intent(target_session& target, journal_entry& entry,
                                       const source_transaction& transaction,
                                       std::string_view statement, std::uint64_t epoch) const {
    ++entry.number;
    entry.now = journal_entry::state::intent;
    entry.file = *transaction.file;
    entry.offset = transaction.begin_offset;
    entry.gtid = gtid_text(transaction);
    entry.connection_id = target.connection_id();
    auto done = target.execute(fmt::format(
        "UPDATE {} AS j JOIN {} AS c ON c.`task` = j.`task` SET j.`number` = {}, j.`state` = "
        "'intent', "
        "j.`log_file` = {}, j.`log_offset` = {}, j.`gtid` = {}, j.`statement` = {}, "
        "j.`fingerprint` = {}, "
        "j.`connection_id` = {}, j.`decision` = '' WHERE j.`task` = {} AND c.`epoch` = {}",
        table_, checkpoint_table_, entry.number, quote_string(entry.file), entry.offset,
        quote_string(entry.gtid), hex_literal(protocol::as_bytes(statement)),
        quote_string(entry.fingerprint), entry.connection_id, task_, epoch));
    if (done && done->affected_rows != 1) {
        return fail(errc::fenced, "the task was taken over by another process: this one stops");
    }
    if (!done) return wrap(std::move(done.error()), "writing the DDL journal");
    return {};
}

result<void> ddl_journal::mark_executed(target_session& target) const {
    auto done = target.execute("UPDATE " + table_ + " SET `state` = 'executed'" + where_);
    if (!done) return wrap(std::move(done.error()), "writing the DDL journal");
    return {};
}

std::string ddl_journal::closing_sql() const {
    return "UPDATE " + table_ + " SET `state` = 'idle', `decision` = ''" + where_;
}

std::string ddl_journal::decision_sql(journal_entry::decision decision) const {
    return fmt::format("UPDATE {} SET `decision` = '{}'{};", table_,
                       decision == journal_entry::decision::done ? "done" : "undone", where_);
}

} // namespace understudy::applier
