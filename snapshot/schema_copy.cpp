#include "snapshot/schema_copy.hpp"

#include "applier/errc.hpp"
#include "applier/statement_lock.hpp"
#include "applier/statement_plan.hpp"
#include "snapshot/column_dictionary.hpp"
#include "snapshot/copy_shape.hpp"
#include "snapshot/definition_text.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/index_stage.hpp"
#include "snapshot/kept_copy.hpp"
#include "snapshot/lost_characters.hpp"
#include "snapshot/source_definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace understudy::snapshot {

using applier::quote_string;
using applier::target_session;
using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

namespace {

// Without strictness for zero dates of old defaults; with NO_ENGINE_SUBSTITUTION so that no table
// silently gets another engine.
constexpr std::string_view table_sql_mode =
    "NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES";

constexpr std::string_view collations_query =
    "SELECT CHARACTER_SET_NAME, DEFAULT_COLLATE_NAME FROM information_schema.CHARACTER_SETS";

// MariaDB's JSON is another word for this kind of text.
void take_text_for_json(std::vector<column>& found, const std::vector<column>& wanted) {
    for (std::size_t i = 0; i < std::min(found.size(), wanted.size()); ++i) {
        if (wanted[i].data_type == "json" && found[i].column_type == "longtext" &&
            found[i].collation == "utf8mb4_bin" && found[i].name == wanted[i].name)
            found[i] = wanted[i];
    }
}

} // namespace

schema_copy::schema_copy(copy_context& context, protocol::net::connection& source,
                         object_creator& creator)
    : context_(&context), source_(&source), creator_(&creator) {}

awaitable<result<void>> schema_copy::create_databases() {
    // A renamed table may go to a database that no source database becomes.
    std::map<std::string, const source_database*> wanted;
    for (const source_database& one : context_->catalog.databases)
        wanted.emplace(context_->selection->map_database(one.name), &one);
    for (const source_database& one : context_->catalog.databases) {
        for (const source_table& table : context_->catalog.tables) {
            if (table.name.database == one.name)
                wanted.emplace(context_->on_target(table.name).database, &one);
        }
        for (const state::object_name& view : context_->catalog.views) {
            if (view.database == one.name) wanted.emplace(context_->on_target(view).database, &one);
        }
    }
    // Where it is about databases, what altered them before is left out of the stream.
    const bool alters = context_->selection->is_of_databases();
    for (const auto& [name, source] : wanted) {
        const std::string database = state::quote_identifier(name);
        // Left as the target is set where the source does not ask for it.
        const bool encrypts = source->encrypts_tables && !context_->target_is_mariadb;
        if (source->encrypts_tables && !encrypts)
            context_->board->warn(fmt::format(
                "database {} encrypts its tables (DEFAULT ENCRYPTION = 'Y'), which MariaDB does "
                "not know: set innodb_encrypt_tables on the target",
                state::quote_identifier(source->name)));
        const std::string options =
            fmt::format("CHARACTER SET {} COLLATE {}{}", source->charset, source->collation,
                        encrypts ? " ENCRYPTION 'Y'" : "");
        auto call = [&](target_session& target) -> result<void> {
            auto made = target.run("CREATE DATABASE IF NOT EXISTS " + database + " " + options);
            if (!made || !alters) return made;
            const auto lock =
                applier::statement_lock::acquire(target, context_->checkpoints, context_->epoch);
            if (!lock) return std::unexpected(lock.error());
            return target.run("ALTER DATABASE " + database + " " + options);
        };
        auto made = co_await creator_->worker().run_retrying(call);
        if (!made) {
            auto error = std::move(made.error());
            if (encrypts && error.server.number != 0)
                error.what += ". On the source it has DEFAULT ENCRYPTION = 'Y': the target needs a "
                              "keyring, and its account TABLE_ENCRYPTION_ADMIN where "
                              "table_encryption_privilege_check is ON; or ALTER DATABASE … DEFAULT "
                              "ENCRYPTION = 'N' on the source";
            co_return protocol::wrap(std::move(error), "creating the database of " +
                                                           state::quote_identifier(source->name));
        }
    }
    co_return result<void>{};
}

awaitable<result<std::map<std::string, std::string>>> schema_copy::differing_collations() {
    auto ours = co_await source_->query(std::string(collations_query));
    if (!ours) co_return std::unexpected(std::move(ours.error()));
    auto call = [](target_session& target) { return target.query(collations_query); };
    auto theirs = co_await creator_->worker().run_retrying(call);
    if (!theirs) co_return std::unexpected(std::move(theirs.error()));
    std::map<std::string, std::string> on_target;
    for (const auto& row : theirs->rows)
        on_target[normal_charset(row[0].value())] = normal_charset(row[1].value());
    std::map<std::string, std::string> differing;
    for (const auto& row : ours->rows) {
        const std::string charset = row[0].value();
        const std::string collation = normal_charset(row[1].value());
        const auto found = on_target.find(normal_charset(charset));
        if (found != on_target.end() && found->second != collation) differing[charset] = collation;
    }
    co_return differing;
}

awaitable<result<void>> schema_copy::create_tables() {
    auto collations = co_await differing_collations();
    if (!collations) co_return std::unexpected(std::move(collations.error()));
    for (const source_table& table : context_->catalog.tables) {
        if (creator_->is_done("table", table.name)) {
            const auto gone = co_await forget_if_gone(table);
            if (!gone) co_return std::unexpected(gone.error());
            if (!*gone) continue;
        }
        if (auto made = co_await create_table(table, *collations); !made) co_return made;
    }
    co_return result<void>{};
}

// A table that was there before, was not as it should be, and was dropped for that.
awaitable<result<bool>> schema_copy::forget_if_gone(const source_table& table) {
    const progress_key key{"table", table.name};
    const auto known = context_->done.find(key);
    const bool was_kept =
        known != context_->done.end() && known->second.now == progress_row::stage::kept;
    if (!was_kept || context_->is_begun(table.name)) co_return false;
    const state::object_name name = context_->on_target(table.name);
    auto call = [&](target_session& target) -> result<bool> {
        auto there = target.scalar(fmt::format(
            "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = {} AND TABLE_NAME = {}",
            quote_string(name.database), quote_string(name.object)));
        if (!there) return std::unexpected(std::move(there.error()));
        if (*there) return false;
        auto removed = context_->in_transaction(
            target, [&] { return context_->progress.remove(target, key); });
        if (!removed) return std::unexpected(std::move(removed.error()));
        return true;
    };
    auto gone = co_await creator_->worker().run_retrying(call);
    if (gone && *gone) context_->done.erase(key);
    co_return gone;
}

awaitable<result<void>>
schema_copy::create_table(const source_table& table,
                          const std::map<std::string, std::string>& collations) {
    const auto shown = co_await read_shown(*source_, "SHOW CREATE TABLE " + table.name.to_string(),
                                           "the definition of " + table.name.to_string(), 2);
    if (!shown) co_return std::unexpected(shown.error());
    const auto whole = co_await with_lost_characters(*source_, table, (*shown)[1].value());
    if (!whole) co_return std::unexpected(whole.error());
    const std::string text = with_collations(whole->text, collations);
    auto plan = applier::plan_statement({.text = text,
                                         .database = table.name.database,
                                         .source_version = context_->catalog.version,
                                         .target_is_mariadb = context_->target_is_mariadb,
                                         .of_initial_copy = true},
                                        *context_->selection);
    if (!plan)
        co_return protocol::wrap(std::move(plan.error()),
                                 "the definition of " + table.name.to_string());
    if (plan->what != applier::statement_plan::action::execute)
        co_return fail(errc::unsupported_object, fmt::format("{} cannot be created: {}",
                                                             table.name.to_string(), plan->reason));
    const state::table_shape* const shape = context_->shape(table.name);
    split_definition definition{plan->text, {}};
    if (takes_late_keys(*context_, table)) definition = split_keys(plan->text);
    if (!definition.late.empty()) {
        auto noted =
            co_await note_late_keys(*context_, creator_->worker(), table.name, definition.late);
        if (!noted) co_return noted;
    }
    co_return co_await creator_->create(
        {.kind = "table",
         .source = table.name,
         .target = context_->on_target(table.name),
         .text = definition.table,
         .sql_mode = std::string(table_sql_mode),
         .collation_connection = {},
         .database_collation = {},
         .time_zone = {},
         .reshape = reshape_sql(table, context_->on_target(table.name), shape),
         .columns_before = column_names(table),
         .doubt = whole->doubt,
         .is_shared = context_->selection->is_merged(table.name)});
}

// They would fire for the rows of this one, which fired those of the source.
awaitable<result<void>> schema_copy::look_at_merged(const source_table& table) {
    const state::object_name target_name = context_->on_target(table.name);
    auto call = [&](target_session& target) -> result<void> {
        auto trigger = target.scalar(
            fmt::format("SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE "
                        "EVENT_OBJECT_SCHEMA = {} AND "
                        "EVENT_OBJECT_TABLE = {} LIMIT 1",
                        quote_string(target_name.database), quote_string(target_name.object)));
        if (!trigger) return std::unexpected(std::move(trigger.error()));
        if (*trigger)
            return fail(
                errc::unsupported_object,
                fmt::format("{} of the target, into which {} is to be merged, has the "
                            "trigger {}, which would fire for each row of the copy: drop it "
                            "until all are copied (and leave triggers out with objects.skip)",
                            target_name.to_string(), table.name.to_string(),
                            state::quote_identifier(**trigger)));
        return context_->enroll(target, table.name);
    };
    co_return co_await creator_->worker().run_retrying(call);
}

// Empty: it has the columns of the source's.
result<std::string> schema_copy::difference_of(const source_table& table,
                                               const applier::query_rows& columns) const {
    const state::object_name target_name = context_->on_target(table.name);
    if (columns.rows.empty())
        return fail(applier::errc::missing_table,
                    fmt::format("{} is to be filled and is not on the target; with initial.schema "
                                "= false it has to be there",
                                target_name.to_string()));
    auto parsed = parse_columns(target_name, columns.rows);
    if (!parsed) return std::unexpected(std::move(parsed.error()));
    source_table found{
        .name = target_name, .engine = {}, .columns = *std::move(parsed), .order = {}};
    // One that was there before is looked at anew by kept_copy.
    const auto* const shape =
        context_->is_made_here(table.name)
            ? context_->shape(table.name)
            : context_->selection->shape_of_task(table.name.database, table.name.object);
    const source_table wanted = shaped(table, shape);
    if (context_->target_is_mariadb) take_text_for_json(found.columns, wanted.columns);
    if (found.fingerprint() == wanted.fingerprint()) return std::string();
    return fmt::format("{} on the target does not have the columns of {} at the source{}.\n"
                       "wanted:\n{}target:\n{}",
                       target_name.to_string(), table.name.to_string(),
                       shape == nullptr ? "" : " with objects.tables", wanted.fingerprint(),
                       found.fingerprint());
}

awaitable<result<void>> schema_copy::compare_tables() {
    constexpr std::size_t shown_max = 20;
    kept_copy kept(*context_, *source_, creator_->worker());
    std::string differences;
    std::size_t count = 0;
    for (const source_table& table : context_->catalog.tables) {
        if (context_->selection->is_merged(table.name)) {
            if (auto fit = co_await look_at_merged(table); !fit) co_return fit;
        }
        const state::object_name target_name = context_->on_target(table.name);
        auto call = [&target_name](target_session& target) {
            return target.query(columns_query(fmt::format("TABLE_SCHEMA = {} AND TABLE_NAME = {}",
                                                          quote_string(target_name.database),
                                                          quote_string(target_name.object))));
        };
        auto rows = co_await creator_->worker().run_retrying(call);
        if (!rows) co_return std::unexpected(std::move(rows.error()));
        auto difference = difference_of(table, *rows);
        if (!difference) co_return std::unexpected(std::move(difference.error()));
        if (difference->empty() && kept.keeps(table)) {
            auto refused = co_await kept.look_at_keys(table);
            if (!refused) co_return std::unexpected(std::move(refused.error()));
            *difference = *std::move(refused);
        }
        if (kept.takes(table, !difference->empty())) {
            auto refused = co_await kept.judge(table, *difference);
            if (!refused) co_return std::unexpected(std::move(refused.error()));
            *difference = *std::move(refused);
        }
        if (!difference->empty() && ++count <= shown_max) differences += *difference;
    }
    if (count == 0) co_return co_await kept.settle();
    if (count > shown_max) differences += fmt::format("and {} more\n", count - shown_max);
    co_return fail(applier::errc::definition_mismatch,
                   differences + "Drop them there, give them these columns in this order, or leave "
                                 "them out (objects.exclude)");
}

} // namespace understudy::snapshot
