#include "applier/statement_executor.hpp"

#include "applier/errc.hpp"
#include "applier/event_statement.hpp"
#include "applier/followed_store.hpp"
#include "applier/object_fingerprint.hpp"
#include "applier/other_homes.hpp"
#include "applier/server_errors.hpp"
#include "applier/stand_in_definers.hpp"
#include "applier/statement_lock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

bool names_utf8mb4(std::string_view text) {
    constexpr std::string_view name = "utf8mb4";
    return !std::ranges::search(text, name, [](char found, char wanted) {
                return std::tolower(static_cast<unsigned char>(found)) == wanted;
            }).empty();
}

std::string quote_all(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names)
        list += (list.empty() ? "" : ", ") + quote_string(name);
    return list;
}

std::unexpected<protocol::error> failed(const source_statement& statement, protocol::error error) {
    const bool is_refused =
        error.code == errc::target_refused || error.code == errc::unsupported_statement ||
        error.code == errc::missing_table || error.code == errc::definition_mismatch ||
        error.code == errc::duplicate_key;
    if (is_refused)
        error.what += ". To go on without it, or with something else in its place: " +
                      decision_advice(statement.transaction);
    return wrap(std::move(error), place_of(statement.plan, statement.transaction));
}

} // namespace

statement_executor::statement_executor(target_session& target, const checkpoint_store& store,
                                       const apply_rules& rules, definition_recorder& definitions,
                                       std::uint64_t epoch, std::uint32_t source_version,
                                       step_hook hook)
    : target_(target), store_(store), rules_(rules), definitions_(definitions), epoch_(epoch),
      source_version_(source_version), hook_(std::move(hook)), journal_(store), session_(target) {}

result<void> statement_executor::refuse_during_copy(const source_statement& statement) const {
    if (!rules_.in_copy_window(statement.transaction)) return {};
    for (const state::object_name& name : statement.plan.source_names) {
        if (!rules_.is_copied(name)) continue;
        return fail(
            errc::unsupported_statement,
            fmt::format(
                "it changes {} while the initial copy was reading it, so the copy may hold rows of "
                "before and after it. Remove the copied tables and begin the task anew",
                name.to_string()));
    }
    return {};
}

result<statement_executor::outcome>
statement_executor::execute(const source_statement& statement,
                            const protocol::format_description& format,
                            const state::source_position& after) {
    if (!statement.plan.is_cut_over) return execute_resolved(statement, format, after);
    const auto resolved = resolve_cut_over(statement, format);
    if (!resolved) return failed(statement, resolved.error());
    return execute_resolved(*resolved, format, after);
}

result<statement_executor::outcome>
statement_executor::execute_resolved(const source_statement& statement,
                                     const protocol::format_description& format,
                                     const state::source_position& after) {
    const auto failed = [&](protocol::error error) {
        return applier::failed(statement, std::move(error));
    };
    if (statement.plan.only_notes) {
        if (statement.rows_follow) return outcome::rows_follow;
        if (auto done = commit(after, statement.plan); !done)
            return failed(std::move(done.error()));
        return outcome::committed;
    }
    if (statement.plan.drops_trigger && share_ != nullptr && !share_->is_everything()) {
        const auto ours = is_our_trigger(statement.plan);
        if (!ours) return failed(ours.error());
        if (!*ours) {
            if (auto done = commit(after, statement.plan); !done)
                return failed(std::move(done.error()));
            return outcome::committed;
        }
    }
    if (auto allowed = refuse_during_copy(statement); !allowed)
        return failed(std::move(allowed.error()));
    auto event = protocol::decode_event(statement.event.bytes, format.has_checksum());
    if (!event) return failed(std::move(event.error()));
    auto query = protocol::decode_query_event(*event, format);
    if (!query) return failed(std::move(query.error()));

    const auto lock = statement_lock::acquire(target_, store_, epoch_);
    if (!lock) return failed(lock.error());
    auto entry = journal_.load(target_);
    if (!entry) return failed(std::move(entry.error()));
    // Of a statement that was begun and then left out nothing is open any more.
    const bool known = entry->now != journal_entry::state::idle &&
                       (entry->is_about(statement.transaction) ||
                        (!was_decided_about(*entry) && !was_left_to_table(*entry, statement) &&
                         !was_passed_over(*entry)));
    if (known && !entry->is_about(statement.transaction)) {
        return fail(errc::checkpoint_invalid,
                    fmt::format("the DDL journal on the target holds an open statement of {}:{} "
                                "{}, and the next one of "
                                "the log is {}: checkpoint and journal do not belong together",
                                entry->file, entry->offset, entry->gtid,
                                statement.transaction.to_string()));
    }
    const bool is_merged = !statement.plan.merged_statement.empty();
    if (is_merged) {
        auto done = execute_merged(statement, *query, event->header.timestamp, *entry, known);
        if (!done) return failed(std::move(done.error()));
    }
    bool executed = is_merged || (known && entry->now == journal_entry::state::executed);
    if (known && !executed) {
        auto asked = was_executed(statement, *entry);
        if (!asked) return failed(std::move(asked.error()));
        executed = *asked;
    }
    if (!known && !executed) {
        auto here = leave_to_table(statement, logged_statement::of(*query, source_version_));
        if (!here) return failed(std::move(here.error()));
    }
    if (auto enrolled = enroll_merged(statement.plan); !enrolled)
        return failed(std::move(enrolled.error()));
    if (auto made = make_other_homes(target_, statement.plan.other_homes); !made)
        return failed(std::move(made.error()));
    step("before intent");
    if (!known && !executed) {
        // Where the target has GTIDs, the statement's own one tells whether it was executed.
        if (!target_.facts().gtid_mode_on) {
            auto fingerprint = take_fingerprint(target_, statement.plan);
            if (!fingerprint) return failed(std::move(fingerprint.error()));
            entry->fingerprint = std::move(*fingerprint);
        }
        auto written = journal_.write_intent(target_, *entry, statement.transaction,
                                             statement.plan.shown_text(), epoch_);
        if (!written) return failed(std::move(written.error()));
        step("after intent");
    }
    if (!executed) {
        if (auto done = run(statement, *query, event->header.timestamp, *entry); !done)
            return failed(std::move(done.error()));
        step("after execute");
    }
    if (statement.plan.is_cut_over && !is_merged) {
        if (auto ended = end_cut_over(statement.plan); !ended)
            return failed(std::move(ended.error()));
    }
    if (auto noted = definitions_.note_after(target_, statement); !noted)
        return failed(std::move(noted.error()));
    if (statement.rows_follow) {
        if (auto done = journal_.mark_executed(target_); !done)
            return failed(std::move(done.error()));
        step("after mark");
        return outcome::rows_follow;
    }
    if (auto done = commit(after, statement.plan); !done) return failed(std::move(done.error()));
    step("after checkpoint");
    if (changes_selection(statement.plan))
        return fail(errc::selection_changed,
                    fmt::format("transaction {} of the source has renamed a table that is followed",
                                statement.transaction.to_string()));
    return outcome::committed;
}

// The session of a process that was killed goes on with a long ALTER until it is done.
result<bool> statement_executor::still_running(const journal_entry& entry) {
    auto count = target_.scalar(
        fmt::format("SELECT COUNT(*) FROM information_schema.processlist WHERE id = {} AND "
                    "command = 'Query' AND id <> CONNECTION_ID()",
                    entry.connection_id));
    if (!count) return std::unexpected(std::move(count.error()));
    return *count != "0";
}

result<bool> statement_executor::was_executed(const source_statement& statement,
                                              const journal_entry& entry) {
    if (entry.decided != journal_entry::decision::none)
        return entry.decided == journal_entry::decision::done;
    auto running = still_running(entry);
    if (!running) return std::unexpected(std::move(running.error()));
    if (*running) {
        return fail(errc::transient,
                    fmt::format("it is still being executed by session {} of the target",
                                entry.connection_id));
    }
    if (target_.facts().gtid_mode_on) {
        auto subset = target_.scalar(
            fmt::format("SELECT GTID_SUBSET('{}', @@GLOBAL.gtid_executed)", entry.target_gtid()));
        if (!subset) return std::unexpected(std::move(subset.error()));
        return *subset == "1";
    }
    // Without a fingerprint: the target had GTIDs when it began.
    if (!entry.fingerprint.empty()) {
        auto now = take_fingerprint(target_, statement.plan);
        if (!now) return std::unexpected(std::move(now.error()));
        if (*now != entry.fingerprint) return true;
        if (may_execute_again(statement.plan, entry.fingerprint)) return false;
    }
    return fail(
        errc::ddl_uncertain,
        fmt::format(
            "the process or the target ended while it was being executed, and the target's "
            "dictionary "
            "does not show whether it was. Look at its objects on the target, then tell: if it was "
            "executed: {} if it was not: {} and start the task again",
            journal_.decision_sql(journal_entry::decision::done),
            journal_.decision_sql(journal_entry::decision::undone)));
}

result<void> statement_executor::use_database(const statement_plan& plan) {
    if (plan.database.empty()) return {};
    auto used = target_.execute("USE " + state::quote_identifier(plan.database));
    if (used) return {};
    // CREATE DATABASE is logged with itself as the default, and another session may have dropped
    // the one that a session still has. The statement cannot mean anything in it then; it must not
    // mean anything in the database of the statement before either.
    constexpr unsigned unknown_database = 1049;
    if (used.error().server.number == unknown_database)
        used = target_.execute("USE information_schema");
    if (used) return {};
    return std::unexpected(std::move(used.error()));
}

result<void> statement_executor::run_text_once(std::string_view text, const journal_entry& entry) {
    if (target_.facts().gtid_mode_on) {
        auto set = target_.execute(
            fmt::format("SET SESSION gtid_next = _utf8mb4'{}'", entry.target_gtid()));
        if (!set) return wrap(std::move(set.error()), "giving it a GTID of its own");
    }
    auto done = target_.execute(text);
    if (target_.broken()) return std::unexpected(std::move(done.error()));
    auto released = let_go_of_gtid(done.has_value());
    if (!done) return std::unexpected(std::move(done.error()));
    return released;
}

// A statement that failed still owns its GTID; ROLLBACK lets go of it.
result<void> statement_executor::let_go_of_gtid(bool executed) {
    if (!target_.facts().gtid_mode_on) return {};
    auto released = executed ? result<execute_info>{} : target_.execute("ROLLBACK");
    if (released) released = target_.execute("SET SESSION gtid_next = _utf8mb4'AUTOMATIC'");
    if (!released) return std::unexpected(std::move(released.error()));
    return {};
}

result<void> statement_executor::run_text(std::string_view text, const journal_entry& entry) {
    stand_in_definers stand_ins(target_);
    auto done = run_text_once(text, entry);
    while (!done && !target_.broken()) {
        auto made = stand_ins.made_for(done.error());
        if (!made) return std::unexpected(std::move(made.error()));
        if (!*made) break;
        done = run_text_once(text, entry);
    }
    auto removed = stand_ins.remove();
    return done ? removed : done;
}

bool statement_executor::was_decided_about(const journal_entry& entry) const {
    if (decisions_ == nullptr) return false;
    const std::string place =
        entry.gtid.empty() ? fmt::format("{}:{}", entry.file, entry.offset) : entry.gtid;
    return decisions_->find_place(place) != nullptr;
}

// Checkpoint and journal are closed together: what is open before the checkpoint was left out, for
// its objects are no longer selected or were copied from behind it.
bool statement_executor::was_passed_over(const journal_entry& entry) const {
    return protocol::binlog_position{entry.file, entry.offset} < committed_;
}

// It was begun, refused, and waits now with its table that was set aside.
bool statement_executor::was_left_to_table(const journal_entry& entry,
                                           const source_statement& statement) const {
    const source_transaction& now = statement.transaction;
    return share_ != nullptr && !share_->is_everything() &&
           entry.now == journal_entry::state::intent &&
           protocol::binlog_position{entry.file, entry.offset} <
               protocol::binlog_position{*now.file, now.begin_offset};
}

result<void> statement_executor::run(const source_statement& statement,
                                     const protocol::query_event& query, std::uint32_t timestamp,
                                     const journal_entry& entry) {
    auto text = statement.plan.trigger_databases.empty()
                    ? text_for(statement.plan, query.status.sql_mode.value_or(0))
                    : drop_trigger_text(statement.plan);
    if (!text) return std::unexpected(std::move(text.error()));
    if (auto entered = enter_session(statement.plan, query, timestamp, *text); !entered)
        return entered;
    auto done = run_text(*text, entry);
    const statement_plan& plan = statement.plan;
    const bool has_secrets = !plan.shown.empty() && plan.shown != plan.text;
    if (!done && has_secrets) hide_quoted(done.error(), "the target does not understand it");
    if (target_.broken()) return done;
    auto left = session_.leave();
    return done ? left : done;
}

result<void> statement_executor::enter_session(const statement_plan& plan,
                                               const protocol::query_event& query,
                                               std::uint32_t timestamp, std::string_view text) {
    if (auto used = use_database(plan); !used) return used;
    auto status = query.status;
    status.character_set_client = plan.character_set_client;
    // A row with 0 in its AUTO_INCREMENT column keeps it, as it did when the tool copied it.
    constexpr std::uint64_t no_auto_value_on_zero = 0x80000;
    if (plan.is_cut_over) status.sql_mode = status.sql_mode.value_or(0) | no_auto_value_on_zero;
    // MariaDB has no such variable, and only a statement that names the character set needs it.
    if (target_.facts().is_mariadb && !names_utf8mb4(text))
        status.default_collation_for_utf8mb4.reset();
    return session_.enter(status, timestamp);
}

result<std::string> statement_executor::text_for(const statement_plan& plan,
                                                 std::uint64_t sql_mode) const {
    if (!plan.disable_event) return plan.text;
    auto text = disable_event(plan.text, sql_mode, source_version_,
                              ddl::statement_charset::of_collation(plan.character_set_client),
                              says_replica(target_.facts()) ? "REPLICA" : "SLAVE");
    if (text) return std::move(*text);
    return fail(errc::unsupported_statement,
                "it cannot be seen where the event is to be switched off on the target");
}

// Rows of the database and the table of each, which are one database.
result<query_rows> statement_executor::find_triggers(std::string_view name,
                                                     std::string_view databases) {
    auto found = target_.query(fmt::format(
        "SELECT trigger_schema, event_object_table FROM information_schema.triggers WHERE "
        "trigger_name = {} AND trigger_schema IN ({})",
        quote_string(name), databases));
    if (!found) return wrap(std::move(found.error()), "looking for a trigger");
    return found;
}

result<std::string> statement_executor::drop_trigger_text(const statement_plan& plan) {
    const std::string& trigger = plan.target_names.front().object;
    const std::string places = quote_all(plan.trigger_databases);
    auto found = find_triggers(trigger, places);
    if (!found) return std::unexpected(std::move(found.error()));
    if (found->rows.empty()) return plan.text;
    if (found->rows.size() > 1)
        return fail(errc::unsupported_statement,
                    fmt::format("the target has a trigger {} in more than one of the databases {}",
                                state::quote_identifier(trigger), places));
    const state::object_name name{found->rows.front()[0].value_or(""), trigger};
    const auto charset = ddl::statement_charset::of_collation(plan.character_set_client);
    auto text = charset.from_utf8("DROP TRIGGER " + name.to_string());
    if (!text)
        return fail(errc::unsupported_statement,
                    "the name of its database cannot be written in the character set that it was "
                    "sent in");
    return *std::move(text);
}

// Whoever alters a large table makes all others wait for it, unless it has a stream of its own.
result<void> statement_executor::leave_to_table(const source_statement& statement,
                                                const logged_statement& logged) {
    long_table_.reset();
    const statement_plan& plan = statement.plan;
    const bool may_take_long = plan.is == statement_plan::kind::alter_table ||
                               plan.is == statement_plan::kind::create_index;
    if (alter_aside_bytes_ == 0 || !may_take_long) return {};
    // The task cannot wait for any table while the copy of one is ahead of it.
    const protocol::binlog_position here{*statement.transaction.file,
                                         statement.transaction.end_offset};
    const auto is_ahead = [&](const quarantine_entry& one) {
        return one.now == quarantine_entry::stage::reloading ||
               (one.comes_back() && one.copy_end > here);
    };
    if (std::ranges::any_of(share_->entries(), is_ahead)) return {};
    // With another table that it names (RENAME, EXCHANGE PARTITION, a foreign key) it could not be
    // told whose it is.
    const auto names = stream_share::concerned(plan, logged, *selection_);
    if (std::ranges::any_of(names, [&](const auto& name) { return name != names.front(); }))
        return {};
    const state::object_name& table = plan.target_names.front();
    // What the server remembers of the size may be a day old.
    if (!target_.facts().is_mariadb) {
        auto fresh = target_.run("SET SESSION information_schema_stats_expiry = 0");
        if (!fresh) return fresh;
    }
    auto size = target_.scalar(fmt::format(
        "SELECT 1 FROM information_schema.tables WHERE table_schema = {} AND table_name = {} AND "
        "data_length + index_length > {}",
        quote_string(table.database), quote_string(table.object), alter_aside_bytes_));
    if (!size) return wrap(std::move(size.error()), "reading the size of the table");
    if (!*size) return {};
    long_table_ = plan.source_names.front();
    return fail(errc::long_statement, fmt::format("the table is larger than {} bytes (apply."
                                                  "alter_aside_bytes)",
                                                  alter_aside_bytes_));
}

// One that is not there was of a table whose copy is ahead of this statement, or never came to the
// target: nothing is to be dropped. (Of a copy that is ahead, a trigger that is there was made
// behind this statement.)
result<bool> statement_executor::is_our_trigger(const statement_plan& plan) {
    auto databases = plan.trigger_databases;
    databases.push_back(plan.target_names.front().database);
    auto found = find_triggers(plan.target_names.front().object, quote_all(databases));
    if (!found) return std::unexpected(std::move(found.error()));
    if (found->rows.empty()) return false;
    const auto& row = found->rows.front();
    const state::object_name target{row[0].value_or(""), row[1].value_or("")};
    if (selection_->merges_into(target)) {
        const std::string& database = plan.source_names.front().database;
        const auto is_its = [&](const state::object_name& one) {
            return one.database == database && selection_->map(one.database, one.object) == target;
        };
        const bool is_aside = std::ranges::any_of(share_->entries(), [&](const auto& entry) {
            return std::ranges::any_of(entry.tables, is_its);
        });
        return is_aside == share_->is_catch_up();
    }
    const auto table = selection_->source_of(target);
    return table ? share_->takes(*table) : !share_->is_catch_up();
}

result<void> statement_executor::commit(const state::source_position& after,
                                        const statement_plan& plan) {
    auto begun = target_.execute("START TRANSACTION");
    if (!begun) return std::unexpected(std::move(begun.error()));
    if (auto advanced = store_.advance(target_, after, epoch_); !advanced) return advanced;
    const followed_store names(store_.meta_database(), task_name_);
    if (auto noted = names.change(target_, plan.forgotten, plan.followed); !noted) return noted;
    if (auto noted = note_models(plan); !noted) return noted;
    auto closed = target_.execute(journal_.closing_sql());
    if (closed) closed = target_.execute("COMMIT");
    if (!closed) return std::unexpected(std::move(closed.error()));
    return {};
}

} // namespace understudy::applier
