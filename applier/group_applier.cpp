#include "applier/group_applier.hpp"

#include "applier/errc.hpp"
#include "applier/logged_rows.hpp"
#include "applier/overwriting.hpp"
#include "applier/partial_updates.hpp"
#include "applier/prepared_changes.hpp"
#include "applier/row_description.hpp"
#include "protocol/assert.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::applier {

using protocol::fail;
using protocol::result;
using protocol::rows_kind;

apply_counts& apply_counts::operator+=(const apply_counts& more) {
    rows += more.rows;
    inserted += more.inserted;
    updated += more.updated;
    deleted += more.deleted;
    written += more.written;
    transactions += more.transactions;
    groups += more.groups;
    overwritten += more.overwritten;
    ignored += more.ignored;
    return *this;
}

void apply_counts::add(const row_change& change) {
    rows += change.rows;
    if (!change.kind) return;
    switch (*change.kind) {
    case rows_kind::write: inserted += change.rows; break;
    case rows_kind::update: updated += change.rows; break;
    case rows_kind::delete_: deleted += change.rows; break;
    }
}

void apply_counts::add_rows_to(state::status& status) const {
    status.applied_rows += rows;
    status.applied_inserts += inserted;
    status.applied_updates += updated;
    status.applied_deletes += deleted;
    status.written_rows += written;
    status.conflicts_overwritten += overwritten;
    status.conflicts_ignored += ignored;
}

group_applier::group_applier(target_session& target, const checkpoint_store& store,
                             const state::object_selection& selection, const apply_rules& rules,
                             definition_recorder& definitions, apply_settings settings,
                             state::source_position position)
    : target_(target), store_(store), rules_(rules), definitions_(definitions),
      selection_(selection), settings_(settings), plans_(selection, settings.ways), pipe_(target),
      writer_(target.facts(), settings.statement_bytes, pipe_),
      texts_(target, rules, settings.source_explicit_timestamps),
      conflict_store_(store.meta_database(), store.task()),
      prepared_store_(store.meta_database(), store.task()), prepared_(target, prepared_store_),
      committed_(position), reached_(std::move(position)) {}

void group_applier::set_position(state::source_position position) {
    UNDERSTUDY_ASSERT(!in_transaction_);
    committed_ = position;
    reached_ = std::move(position);
    unsaved_ = false;
    unsaved_is_note_ = false;
}

void group_applier::take_over(const state::source_position& committed, const apply_counts& counts,
                              std::chrono::system_clock::time_point source_time) {
    set_position(committed);
    counts_ += counts;
    source_time_ = source_time;
}

// A new definition: what is held belongs to groups that are committed.
void group_applier::forget_definitions() {
    UNDERSTUDY_ASSERT(merger_.empty());
    merger_.clear();
    plans_.forget();
}

result<void> group_applier::apply(const group& work) {
    UNDERSTUDY_ASSERT(!work.statement);
    const auto started = std::chrono::steady_clock::now();
    statement_first_ = UINT32_MAX;
    troubled_.reset();
    prepared_.begin_group();
    unsaved_is_note_ = work.only_notes && (!unsaved_ || unsaved_is_note_);
    if (auto done = expect_tables(work); !done) return done;
    for (const source_transaction& transaction : work.transactions) {
        if (auto done = apply_transaction(work, transaction); !done) return done;
        // The images go with the group.
        if (!transaction.complete) return flush_merged();
        reach(transaction);
        const bool late = in_transaction_ &&
                          std::chrono::steady_clock::now() - began_ >= settings_.group_time_max;
        if (late) {
            if (auto done = commit(); !done) return done;
        }
    }
    // Without a transaction the position is saved later, when there is nothing else to do.
    if (work.outside && reached_.binlog < *work.outside) {
        reached_.binlog = *work.outside;
        unsaved_ = true;
    }
    if (!in_transaction_) return {};
    auto done = commit();
    if (done) note_rate(work.bytes, std::chrono::steady_clock::now() - started);
    return done;
}

void group_applier::note_rate(std::uint64_t bytes, std::chrono::steady_clock::duration time) {
    const double seconds = std::max(1e-6, std::chrono::duration<double>(time).count());
    const double rate = static_cast<double>(bytes) / seconds;
    const double known = bytes_per_second_;
    bytes_per_second_ = known == 0 ? rate : (known + rate) / 2;
}

std::uint64_t group_applier::bytes_in(std::chrono::duration<double> time) const {
    constexpr double most = 1e18;
    const double rate = bytes_per_second_;
    return rate == 0 ? UINT64_MAX : static_cast<std::uint64_t>(std::min(most, rate * time.count()));
}

void group_applier::reach(const source_transaction& transaction) {
    reached_.binlog = {*transaction.file, transaction.end_offset};
    if (!transaction.id.empty()) reached_.executed.add(transaction.id);
    reached_time_ = transaction.committed;
    ++open_counts_.transactions;
    unsaved_ = true;
}

result<void> group_applier::apply_transaction(const group& work,
                                              const source_transaction& transaction) {
    const auto first =
        work.changes.begin() + static_cast<std::ptrdiff_t>(transaction.changes_first);
    const auto last = first + static_cast<std::ptrdiff_t>(transaction.changes_count);
    for (auto change = first; change != last; ++change) {
        if (stopping()) {
            if (auto done = pipe_.drain(); !done) return done;
            return fail(errc::cancelled, "stopped on request");
        }
        const bool waits = !transaction.prepares.empty() && !change->prepared_end;
        auto done = waits ? keep_prepared(work, transaction, *change)
                          : apply_change(work, transaction, *change);
        if (!done) return done;
        open_counts_.add(*change);
    }
    const bool waits = !transaction.prepares.empty() && transaction.complete &&
                       (first == last || !std::prev(last)->prepared_end);
    if (!waits) return {};
    auto done = begin();
    if (done) done = settle();
    if (done) done = prepared_.finish(transaction.prepares);
    return done;
}

result<void> group_applier::flush_merged() {
    auto done = merger_.flush_all(writer_);
    open_counts_.written += merger_.take_written();
    return done;
}

// What was said before is executed before what is said next.
result<void> group_applier::settle() {
    auto done = flush_merged();
    if (done) done = writer_.finish();
    return done ? pipe_.drain() : done;
}

result<void> group_applier::keep_prepared(const group& work, const source_transaction& transaction,
                                          const row_change& change) {
    auto done = begin();
    if (done) done = settle();
    if (done) done = prepared_.append(work, change, transaction.prepares);
    return done;
}

result<void> group_applier::end_prepared(const source_transaction& transaction,
                                         const prepared_end& end) {
    auto done = begin();
    if (done) done = settle();
    // Committed in one phase: the rows came just before.
    if (done && !transaction.prepares.empty()) done = prepared_.finish(transaction.prepares);
    if (done && end.commits) done = commit_prepared(transaction, end.xa_id);
    if (!done) return done;
    auto removed = prepared_store_.remove(target_, end.xa_id);
    if (!removed) return std::unexpected(std::move(removed.error()));
    return {};
}

result<void> group_applier::commit_prepared(const source_transaction& transaction,
                                            const std::string& xa_id) {
    prepared_changes waiting(target_, prepared_store_, selection_, xa_id);
    for (;;) {
        auto part = waiting.next();
        if (!part) return std::unexpected(std::move(part.error()));
        if (!*part) break;
        statement_first_ = UINT32_MAX;
        for (const row_change& change : (*part)->changes) {
            if (stopping()) return fail(errc::cancelled, "stopped on request");
            if (settings_.share != nullptr && !settings_.share->takes(change.table->name))
                return settings_.share->refuse(transaction, "an XA transaction",
                                               change.table->name);
            if (auto done = apply_change(**part, transaction, change); !done) return done;
        }
        if (auto done = settle(); !done) return done;
    }
    statement_first_ = UINT32_MAX;
    if (waiting.found()) return {};
    // What was prepared when the copy began had ended before the first row was read.
    if (rules_.in_copy_window(transaction)) {
        auto unknown = prepared_store_.has_unknown(target_);
        if (!unknown) return std::unexpected(std::move(unknown.error()));
        if (!*unknown) return {};
    }
    return fail(errc::unsupported_event,
                fmt::format("transaction {} of the source is XA COMMIT {}, of an XA transaction "
                            "that was prepared before the task began: its rows are not known. "
                            "Copy the data anew, when XA RECOVER on the source lists nothing",
                            transaction.to_string(), xa_id));
}

result<void> group_applier::expect_tables(const group& work) {
    const auto names = plans_.missing(target_.facts(), work);
    if (names.empty()) return {};
    if (auto done = pipe_.drain(); !done) return done;
    return plans_.expect(target_, names);
}

bool group_applier::knows_tables(const group& work) const {
    const auto is_known = [this](const std::shared_ptr<const source_table>& table) {
        return table == nullptr || plans_.find(*table) != nullptr;
    };
    return std::ranges::all_of(work.changes, is_known, &row_change::table) &&
           std::ranges::all_of(work.statement_tables, is_known, &mapped_table::table);
}

result<const table_plan*>
group_applier::plan_for(const source_transaction& transaction,
                        const std::shared_ptr<const source_table>& table) {
    if (const table_plan* const known = plans_.find(*table)) return known;
    if (auto done = pipe_.drain(); !done) return std::unexpected(std::move(done.error()));
    auto loaded = plans_.load(target_, table);
    if (!loaded) {
        troubled_ = table->name;
        return loaded;
    }
    auto noted = definitions_.note(table->name, (*loaded)->target,
                                   {*transaction.file, transaction.begin_offset});
    if (!noted) return std::unexpected(std::move(noted.error()));
    const std::lock_guard lock(choices_mutex_);
    choices_.push_back({table->name, (*loaded)->why_sql});
    return loaded;
}

std::vector<table_choice> group_applier::take_choices() {
    const std::lock_guard lock(choices_mutex_);
    return std::exchange(choices_, {});
}

result<void> group_applier::plan_statement_tables(const group& work,
                                                  const source_transaction& transaction,
                                                  const row_change& change) {
    if (statement_first_ == change.tables_first) return {};
    statement_plans_.clear();
    for (std::uint32_t i = 0; i < change.tables_count; ++i) {
        auto plan = plan_for(transaction, work.statement_tables[change.tables_first + i].table);
        if (!plan) return std::unexpected(std::move(plan.error()));
        statement_plans_.push_back(*plan);
    }
    statement_first_ = change.tables_first;
    return {};
}

result<void> group_applier::apply_change(const group& work, const source_transaction& transaction,
                                         const row_change& change) {
    if (change.prepared_end)
        return end_prepared(transaction, work.prepared_ends[*change.prepared_end]);
    if (change.text) return apply_text(work, transaction, work.texts[*change.text]);
    auto plan = plan_for(transaction, change.table);
    if (plan) {
        if (auto planned = plan_statement_tables(work, transaction, change); !planned) {
            plan = std::unexpected(std::move(planned.error()));
        }
    }
    if (!plan)
        return wrap(std::move(plan.error()),
                    "transaction " + transaction.to_string() + " of the source");
    auto event = protocol::decode_event(change.event.bytes, work.format->has_checksum());
    if (!event) return std::unexpected(std::move(event.error()));
    auto decoded =
        protocol::decode_rows_event(*event, *work.format, protocol::partial_json::accepted);
    const bool has_partial_json = decoded && decoded->has_partial_json;
    if (has_partial_json) decoded = with_whole_documents(change.table->map, *decoded, documents_);
    if (!decoded) return std::unexpected(std::move(decoded.error()));
    auto decision = decide(change, transaction, *decoded);
    if (decision.what == apply_rules::treatment::drop) return {};
    if (may_be_there(**plan, transaction)) decision.what = apply_rules::treatment::overwrite;
    if (auto begun = begin(); !begun) return begun;

    rows_to_write rows = rows_of(**plan, event->header, *decoded, decision.flags);
    rows.overwrites_values =
        settings_.conflicts != nullptr &&
        settings_.conflicts->of(change.table->name) == conflict_policy::action::overwrite;
    const bool overwrites = decision.what == apply_rules::treatment::overwrite;
    // JSON that was made whole lies in a buffer that the next event uses again.
    if (!overwrites && !has_partial_json && may_merge(**plan, *decoded))
        return merger_.add(rows, *decoded, writer_);
    if (auto done = merger_.flush(**plan, writer_); !done) return done;
    open_counts_.written += change.rows;
    if (overwrites) return write_overwriting(transaction, rows, *decoded);
    return write_as_logged(transaction, rows, *decoded);
}

// A conflict is decided change by change, and with caution the refused change is looked for.
bool group_applier::may_merge(const table_plan& table, const protocol::rows_event& event) const {
    return settings_.how == caution::none && stops_at_conflicts(table) &&
           change_merger::accepts(table, event);
}

bool group_applier::stops_at_conflicts(const table_plan& table) const {
    using action = conflict_policy::action;
    const action wanted =
        settings_.conflicts == nullptr ? action::stop : settings_.conflicts->of(table.source->name);
    return wanted == action::stop || wanted == action::quarantine;
}

bool group_applier::may_be_there(const table_plan& table,
                                 const source_transaction& transaction) const {
    return table.has_key() && !table.target.is_transactional() &&
           protocol::binlog_position{*transaction.file, transaction.begin_offset} <
               settings_.replayed_until;
}

// Behind the rows that came before it, and before those that follow.
result<void> group_applier::apply_text(const group& work, const source_transaction& transaction,
                                       const text_change& change) {
    auto ready = begin();
    if (ready) ready = settle();
    if (ready) ready = pipe_.restore();
    if (!ready) return ready;
    return texts_.write(change, transaction, *work.format);
}

result<void> group_applier::write_as_logged(const source_transaction& transaction,
                                            const rows_to_write& rows,
                                            const protocol::rows_event& event) {
    if (settings_.how == caution::each_row)
        return write_each_row(transaction, rows, event, rbr_mode::strict);
    return append_as_logged(rows, event, statement_plans_, writer_);
}

result<void> group_applier::write_overwriting(const source_transaction& transaction,
                                              rows_to_write rows,
                                              const protocol::rows_event& event) {
    const table_plan& table = *rows.table;
    const std::string where =
        "table " + table.source->name.to_string() + ", transaction " + transaction.to_string();
    if (!table.has_key()) {
        return fail(errc::unsupported_event, where +
                                                 ": the table was copied in chunks and has no key "
                                                 "on the target, so changes made during the "
                                                 "copy cannot be brought in. Give the target's "
                                                 "table the source's key and begin the task anew");
    }
    const bool whole =
        event.present.all() && (event.kind != rows_kind::update || event.present_after.all());
    if (!whole) {
        auto allowed = allow_some_columns(table.source->map, event, table.target.key,
                                          table.target.has_other_unique_keys);
        if (!allowed) return wrap(std::move(allowed.error()), where);
    }
    if (settings_.how == caution::each_row)
        return write_each_row(transaction, rows, event, rbr_mode::idempotent);
    if (event.kind != rows_kind::update || !whole || table.keeps_columns)
        return writer_.append(rows, rbr_mode::idempotent, statement_plans_);

    auto rewritten = overwrite_update(table.source->map, event, table.target.key);
    if (!rewritten) return wrap(std::move(rewritten.error()), where);
    rows.present_after = {};
    for (const rewritten_rows& part : *rewritten) {
        rows.kind = part.kind;
        rows.rows = part.rows;
        if (auto done = writer_.append(rows, rbr_mode::idempotent, statement_plans_); !done)
            return done;
    }
    return {};
}

result<void> group_applier::write_each_row(const source_transaction& transaction,
                                           const rows_to_write& rows,
                                           const protocol::rows_event& event, rbr_mode mode) {
    const protocol::table_map& map = rows.table->source->map;
    protocol::row_reader reader(map, event);
    for (;;) {
        auto more = reader.next();
        if (!more) return std::unexpected(std::move(more.error()));
        if (!*more) return {};
        const protocol::row_image& found_by =
            rows.kind == rows_kind::write ? reader.after() : reader.before();
        refused_.table = rows.table;
        refused_.kind = rows.kind;
        refused_.transaction = transaction.to_string();
        refused_.row = describe_key(*rows.table, found_by);
        refused_.condition = key_condition(*rows.table, found_by);

        // In SQL a refused row leaves the transaction as it was before.
        writer_.prefer_sql(policy_of(*rows.table, mode) != conflict_policy::action::stop);
        auto done = write_one(rows, event, reader, mode);
        if (!done && pipe_.rows_were_refused() && mode == rbr_mode::strict)
            done = resolve(rows, event, reader, std::move(done.error()));
        writer_.prefer_sql(false);
        if (!done && pipe_.rows_were_refused()) troubled_ = rows.table->source->name;
        if (!done) return done;
        if (stopping()) return fail(errc::cancelled, "stopped on request");
    }
}

result<void> group_applier::write_one(const rows_to_write& rows, const protocol::rows_event& event,
                                      const protocol::row_reader& reader, rbr_mode mode) {
    rows_to_write one = rows;
    one.joinable = false;
    const bool whole = event.present.all() && event.present_after.all();
    const bool rewrites = whole && !rows.table->keeps_columns;
    if (rows.kind == rows_kind::update && mode == rbr_mode::idempotent && rewrites) {
        protocol::rows_event single = event;
        single.rows = row_bytes(reader, rows.kind);
        auto rewritten = overwrite_update(rows.table->source->map, single, rows.table->target.key);
        if (!rewritten) return std::unexpected(std::move(rewritten.error()));
        one.present_after = {};
        for (const rewritten_rows& part : *rewritten) {
            one.kind = part.kind;
            one.rows = part.rows;
            if (auto done = writer_.append(one, mode, statement_plans_); !done) return done;
        }
    } else {
        one.rows = row_bytes(reader, rows.kind);
        if (auto done = writer_.append(one, mode, statement_plans_); !done) return done;
    }
    return settle();
}

// Without a key nobody can say which row to overwrite, and without SQL the transaction would not
// survive the refusal.
conflict_policy::action group_applier::policy_of(const table_plan& table, rbr_mode mode) const {
    using action = conflict_policy::action;
    if (settings_.conflicts == nullptr || mode != rbr_mode::strict) return action::stop;
    const bool possible = !table.columns.empty() && table.target.is_transactional();
    const action wanted = settings_.conflicts->of(table.source->name);
    if (wanted == action::quarantine) return action::stop;
    if (!possible || (wanted == action::overwrite && !table.has_key())) return action::stop;
    return wanted;
}

result<void> group_applier::resolve(const rows_to_write& rows, const protocol::rows_event& event,
                                    const protocol::row_reader& reader, protocol::error said) {
    using action = conflict_policy::action;
    const action wanted = policy_of(*rows.table, rbr_mode::strict);
    const auto code = static_cast<errc>(said.code.value());
    const bool conflict = code == errc::row_not_found || code == errc::duplicate_key;
    if (wanted == action::stop || !conflict) return std::unexpected(std::move(said));
    pipe_.begin_transaction();
    writer_.reset();
    conflict_store::entry entry;
    entry.transaction = refused_.transaction;
    entry.table = rows.table->target.name.to_string();
    entry.change = verb_of(rows.kind);
    entry.row = refused_.row;
    entry.what = said.server.message;
    entry.overwritten = wanted == action::overwrite;
    if (entry.overwritten) {
        const bool whole =
            event.present.all() && (rows.kind != rows_kind::update || event.present_after.all());
        if (!whole) {
            auto allowed =
                allow_some_columns(rows.table->source->map, event, rows.table->target.key,
                                   rows.table->target.has_other_unique_keys);
            if (!allowed) return std::unexpected(std::move(said));
        }
        if (auto done = write_one(rows, event, reader, rbr_mode::idempotent); !done) return done;
        ++open_counts_.overwritten;
    } else {
        ++open_counts_.ignored;
    }
    return conflict_store_.note(target_, entry);
}

result<void> group_applier::begin() {
    if (in_transaction_) return {};
    auto begun = target_.execute("START TRANSACTION");
    if (!begun) return std::unexpected(std::move(begun.error()));
    in_transaction_ = true;
    pipe_.begin_transaction();
    began_ = std::chrono::steady_clock::now();
    return {};
}

result<void> group_applier::commit() {
    UNDERSTUDY_ASSERT(in_transaction_);
    auto done = settle();
    if (done) done = pipe_.restore();
    if (done) done = store_.advance(target_, reached_, settings_.epoch);
    if (!done) return done;
    if (!companion_.empty()) {
        auto closed = target_.execute(companion_);
        if (!closed) return std::unexpected(std::move(closed.error()));
    }
    auto committed = target_.execute("COMMIT");
    if (!committed) return wrap(std::move(committed.error()), "COMMIT");
    in_transaction_ = false;
    unsaved_ = false;
    unsaved_is_note_ = false;
    companion_.clear();
    committed_ = reached_;
    source_time_ = reached_time_;
    counts_ += std::exchange(open_counts_, {});
    ++counts_.groups;
    return {};
}

result<void> group_applier::save_position() {
    if (!unsaved_ || in_transaction_) return {};
    auto begun = begin();
    if (!begun) return begun;
    return commit();
}

} // namespace understudy::applier
