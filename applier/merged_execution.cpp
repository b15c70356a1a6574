// Statements that alter a table of the target which has rows of several tables of the source: once
// for all of them, when the last has come to it.

#include "applier/ddl/statement_charset.hpp"
#include "applier/errc.hpp"
#include "applier/exact_name.hpp"
#include "applier/merged_store.hpp"
#include "applier/merged_table_lock.hpp"
#include "applier/model_table.hpp"
#include "applier/object_fingerprint.hpp"
#include "applier/statement_executor.hpp"
#include "protocol/assert.hpp"

#include <fmt/format.h>
#include <xxhash.h>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

// A row of the child would wait with its table while the parent's changes go on.
result<void> refuse_foreign_keys(target_session& target, const state::object_name& table) {
    auto key = target.scalar(fmt::format(
        "SELECT CONSTRAINT_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE "
        "REFERENCED_TABLE_NAME IS NOT NULL AND (({} AND {}) OR ({} AND {})) LIMIT 1",
        exact_name("TABLE_SCHEMA", table.database), exact_name("TABLE_NAME", table.object),
        exact_name("REFERENCED_TABLE_SCHEMA", table.database),
        exact_name("REFERENCED_TABLE_NAME", table.object)));
    if (!key) return wrap(std::move(key.error()), "reading the foreign keys of the target");
    if (!*key) return {};
    return fail(errc::unsupported_statement,
                fmt::format("it alters {}, which others merge into and the foreign key {} links "
                            "with another table: it cannot wait there until all have come to it. "
                            "Execute it by hand when all have, and leave it out of each",
                            table.to_string(), state::quote_identifier(**key)));
}

} // namespace

// Its table alone waits for the others.
result<void> statement_executor::leave_merged_to_table(const statement_plan& plan) {
    const state::object_name& table = plan.target_names.front();
    if (auto free = refuse_foreign_keys(target_, table); !free) return free;
    long_table_ = plan.source_names.front();
    return fail(errc::long_statement,
                fmt::format("rows of several tables are merged into {}: what alters it is executed "
                            "when all of these have come to it",
                            table.to_string()));
}

result<void> statement_executor::enroll_merged(const statement_plan& plan) {
    if (selection_ == nullptr || plan.source_names.empty()) return {};
    const state::object_name& source = plan.source_names.front();
    if (!creates_table(plan.is) || !selection_->is_merged(source)) return {};
    // Names of columns are in its rows, and so tell whether it is the table that is there, since
    // MySQL 8.0.1 (binlog_row_metadata, which the precheck asks for) and in MariaDB.
    constexpr std::uint32_t names_since = 80001;
    if (source_version_ < names_since)
        return fail(errc::unsupported_statement,
                    fmt::format("{} is to be merged into {}, and the rows of this source do not "
                                "tell whether it has the same columns: compare them, then leave "
                                "the statement out",
                                source.to_string(), plan.target_names.front().to_string()));
    const auto alone =
        lock_merged_table(target_, store_.meta_database(), plan.target_names.front());
    if (!alone) return std::unexpected(alone.error());
    return merged_store(store_.meta_database())
        .enroll(target_, {plan.target_names.front(), task_name_, source});
}

// What a tool's ALTER makes of the rows is looked at on an empty copy of the table, before it
// counts as come to: then the table cannot have been altered by it yet.
result<void> statement_executor::try_on_copy(const source_statement& statement,
                                             const protocol::query_event& query,
                                             std::uint32_t timestamp) {
    const statement_plan& plan = statement.plan;
    const state::object_name& table = plan.target_names.front();
    const merged_part part{table, task_name_, plan.source_names.front()};
    auto counted = merged_store(store_.meta_database())
                       .has_arrived(target_, part, decision_place(statement.transaction));
    if (!counted) return std::unexpected(std::move(counted.error()));
    if (*counted) return {};

    const state::object_name copy{
        store_.meta_database(),
        fmt::format("model_{:016x}", XXH3_64bits(store_.task().data(), store_.task().size()))};
    const auto charset = ddl::statement_charset::of_collation(plan.character_set_client);
    const auto altered = charset.from_utf8("ALTER TABLE " + table.to_string());
    auto text = charset.from_utf8("ALTER TABLE " + copy.to_string());
    UNDERSTUDY_ASSERT(altered && text && plan.text.starts_with(*altered));
    *text += plan.text.substr(altered->size());
    const std::string drop = "DROP TABLE IF EXISTS " + copy.to_string();
    auto made = target_.run(drop);
    if (made) made = target_.run("CREATE TABLE " + copy.to_string() + " LIKE " + table.to_string());
    if (!made) return wrap(std::move(made.error()), "copying the definition of a table");
    if (auto entered = enter_session(plan, query, timestamp, *text); !entered) return entered;
    const auto done = target_.execute(*text);
    if (target_.broken()) return std::unexpected(done.error());
    if (auto left = session_.leave(); !left) return left;
    if (!done && done.error().code != errc::target_refused) return std::unexpected(done.error());
    auto doubt = model_table::doubt_about(target_, table, copy);
    if (!doubt) return std::unexpected(std::move(doubt.error()));
    if (auto gone = target_.run(drop); !gone) return gone;
    if (!done) return not_as_alter(statement, done.error().what);
    if (*doubt) return not_as_alter(statement, **doubt + " would not be exact by an ALTER TABLE");
    return {};
}

result<void> statement_executor::execute_merged(const source_statement& statement,
                                                const protocol::query_event& query,
                                                std::uint32_t timestamp, journal_entry& entry,
                                                bool is_begun) {
    const statement_plan& plan = statement.plan;
    if (share_ == nullptr || !share_->is_catch_up()) return leave_merged_to_table(plan);
    const merged_store store(store_.meta_database());
    const merged_part part{plan.target_names.front(), task_name_, plan.source_names.front()};
    if (plan.is_cut_over) {
        if (auto tried = try_on_copy(statement, query, timestamp); !tried) return tried;
    }
    auto known = store.arrive(target_, part, decision_place(statement.transaction),
                              plan.merged_statement, store_, epoch_);
    if (!known) return std::unexpected(std::move(known.error()));
    step("after arrival");
    const std::uint64_t number = known->number;
    if (known->text != plan.merged_statement) {
        return fail(
            errc::unsupported_statement,
            fmt::format("{} got `{}` where {} got `{}`: tables that are merged into {} have to be "
                        "altered in the same way and order. Leave out what not all of them get; if "
                        "that is the second, leave it out in its task and then execute on the "
                        "target: {}",
                        part.source.to_string(), plan.merged_statement, known->of, known->text,
                        part.target.to_string(), store.take_back_sql(part, number)));
    }
    const auto wait_for_others = [&]() -> result<void> {
        auto missing = store.missing(target_, part, number);
        if (!missing) return std::unexpected(std::move(missing.error()));
        if (!*missing) return {};
        return fail(errc::merge_waits,
                    fmt::format("`{}` waits for {}", plan.merged_statement, **missing));
    };
    if (auto all = wait_for_others(); !all) return all;

    const auto alone = lock_merged_table(target_, store_.meta_database(), part.target);
    if (!alone) return std::unexpected(alone.error());
    // Others may have executed it meanwhile, or begun to and died; or another part has come in.
    known = store.read(target_, part, number);
    if (!known) return std::unexpected(std::move(known.error()));
    if (known->is_done) return {};
    if (!known->fingerprint) {
        if (auto all = wait_for_others(); !all) return all;
    }
    auto now = take_fingerprint(target_, plan);
    if (!now) return std::unexpected(std::move(now.error()));
    const std::string before = without_counter(*now);
    const bool was_executed = known->fingerprint && *known->fingerprint != before;
    if (!was_executed) {
        if (auto begun = store.begin(target_, part, number, before); !begun) return begun;
        step("after begin");
        if (!is_begun) {
            auto written = journal_.write_intent(target_, entry, statement.transaction,
                                                 plan.shown_text(), epoch_);
            if (!written) return written;
        }
        step("after intent");
        auto done = run(statement, query, timestamp, entry);
        // Whoever mends what it was refused for changes the table too.
        if (!done && !target_.broken() && !target_.awaits_answer()) {
            if (auto gone = store.forget_begin(target_, part, number); !gone) return gone;
        }
        if (!done) return done;
        step("after execute");
    }
    return store.finish(target_, part, number);
}

} // namespace understudy::applier
