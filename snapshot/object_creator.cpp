#include "snapshot/object_creator.hpp"

#include "applier/errc.hpp"
#include "applier/exact_name.hpp"
#include "applier/merged_table_lock.hpp"
#include "applier/stand_in_definers.hpp"
#include "applier/statement_lock.hpp"
#include "snapshot/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace understudy::snapshot {

using applier::exact_name;
using applier::quote_string;
using applier::target_session;
using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

namespace {

constexpr std::string_view neutral_state =
    "SET NAMES utf8mb4, SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'";

std::string existence_query(const object_definition& object) {
    const std::string& database = object.target.database;
    const std::string name = quote_string(object.target.object);
    if (object.kind == "table" || object.kind == "view")
        return fmt::format("SELECT 1 FROM information_schema.TABLES WHERE {} AND TABLE_NAME = {}",
                           exact_name("TABLE_SCHEMA", database), name);
    if (object.kind == "trigger")
        return fmt::format(
            "SELECT 1 FROM information_schema.TRIGGERS WHERE {} AND TRIGGER_NAME = {}",
            exact_name("TRIGGER_SCHEMA", database), name);
    if (object.kind == "event")
        return fmt::format("SELECT 1 FROM information_schema.EVENTS WHERE {} AND EVENT_NAME = {}",
                           exact_name("EVENT_SCHEMA", database), name);
    return fmt::format("SELECT 1 FROM information_schema.ROUTINES WHERE {} AND ROUTINE_NAME = {} "
                       "AND ROUTINE_TYPE = '{}'",
                       exact_name("ROUTINE_SCHEMA", database), name,
                       object.kind == "function" ? "FUNCTION" : "PROCEDURE");
}

result<bool> exists(target_session& target, const object_definition& object) {
    auto found = target.query(existence_query(object));
    if (!found) return std::unexpected(std::move(found.error()));
    return !found->rows.empty();
}

// What an operator can do about a refusal that the server's words do not say.
std::string advice_for(const object_definition& object, unsigned number) {
    switch (number) {
    case 1227:
    case 1449:
        return ". Its DEFINER is kept, which needs: GRANT SET_ANY_DEFINER, "
               "ALLOW_NONEXISTENT_DEFINER, CREATE USER "
               "ON *.* TO the target's account (SET_USER_ID or SUPER on servers before 8.2); or "
               "create that user on the target, or choose objects.definers";
    case 1418:
    case 1419:
        return ". The target writes a binary log: SET GLOBAL log_bin_trust_function_creators = ON "
               "there, or GRANT SUPER to the target's account";
    case 3185: // ER_CANNOT_FIND_KEY_IN_KEYRING
        return ". The table is encrypted, and the target has no keyring: set one up there (such as "
               "component_keyring_file), or ALTER TABLE … ENCRYPTION = 'N' on the source (and "
               "ALTER DATABASE … DEFAULT ENCRYPTION = 'N')";
    case 1146:
    case 1356:
    case 1305:
    case 1049:
        return fmt::format(
            ". The {} uses something that the target does not have: select that too, "
            "or exclude the {}",
            object.kind, object.kind);
    default: return "";
    }
}

// Old tables carry options that a newer default refuses although it can do them. Setting these
// needs SESSION_VARIABLES_ADMIN, so only where the server asked for it.
std::string_view setting_that_helps(unsigned number) {
    switch (number) {
    case 1031: // ER_ILLEGAL_HA
    case 1118: // ER_TOO_BIG_ROWSIZE
    case 1478: // ER_ILLEGAL_HA_CREATE_OPTION
        return "SET SESSION innodb_strict_mode = OFF";
    case 3750: // ER_TABLE_WITHOUT_PK
        return "SET SESSION sql_require_primary_key = OFF";
    default: return "";
    }
}

result<void> execute_with_definers(target_session& target, const std::string& text) {
    applier::stand_in_definers stand_ins(target);
    auto done = target.run(text);
    while (!done && !target.broken()) {
        auto made = stand_ins.made_for(done.error());
        if (!made) return std::unexpected(std::move(made.error()));
        if (!*made) break;
        done = target.run(text);
    }
    auto removed = stand_ins.remove();
    return done ? removed : done;
}

result<void> execute_text(target_session& target, const object_definition& object) {
    auto done = execute_with_definers(target, object.text);
    if (done) return done;
    const std::string_view setting = setting_that_helps(done.error().server.number);
    if (object.kind != "table" || setting.empty()) return done;
    if (auto set = target.run(std::string(setting)); !set)
        return protocol::wrap(std::move(done.error()),
                              fmt::format("and {} is not allowed to the account", setting));
    return target.run(object.text);
}

result<void> execute_with_state(target_session& target, const object_definition& object) {
    const auto& facts = target.facts();
    std::string state = fmt::format(
        "SET SESSION sql_mode = {}, character_set_client = {}, character_set_results = 'utf8mb4'",
        quote_string(mask_sql_mode(object.sql_mode, facts.version_number, facts.is_mariadb)),
        quote_string(object.client_charset));
    if (!object.collation_connection.empty())
        state += ", collation_connection = " + quote_string(object.collation_connection);
    if (!object.time_zone.empty()) state += ", time_zone = " + quote_string(object.time_zone);
    if (!object.timestamp.empty()) state += ", timestamp = " + object.timestamp;
    for (const std::string& sql : {"USE " + state::quote_identifier(object.target.database),
                                   std::string("SET SESSION foreign_key_checks = 0"), state}) {
        if (auto done = target.run(sql); !done) return done;
    }
    return execute_text(target, object);
}

// A stored program remembers the collation that its database had when it was made; it can only be
// given by letting the database have it for a moment.
result<void> execute_in_collation(target_session& target, const object_definition& object) {
    const std::string database = state::quote_identifier(object.target.database);
    std::string found;
    if (!object.database_collation.empty()) {
        auto now =
            target.scalar("SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE " +
                          exact_name("SCHEMA_NAME", object.target.database));
        if (!now) return std::unexpected(std::move(now.error()));
        found = now->value_or("");
    }
    const bool other = normal_charset(found) != normal_charset(object.database_collation);
    if (other) {
        if (auto done = target.run(
                fmt::format("ALTER DATABASE {} COLLATE {}", database, object.database_collation));
            !done)
            return done;
    }
    auto made = execute_with_state(target, object);
    if (auto back = target.run(std::string(neutral_state)); !back && made) return back;
    if (!object.timestamp.empty()) {
        if (auto back = target.run("SET SESSION timestamp = DEFAULT"); !back && made) return back;
    }
    if (other) {
        if (auto back = target.run(fmt::format("ALTER DATABASE {} COLLATE {}", database, found));
            !back && made)
            return back;
    }
    return made;
}

// A server makes no event that will never run, and says so in a note only.
result<void> look_whether_made(target_session& target, const object_definition& object) {
    if (object.kind != "event") return {};
    auto there = exists(target, object);
    if (!there) return std::unexpected(std::move(there.error()));
    if (*there) return {};
    return fail(errc::unsupported_object,
                "the target made nothing of it, as of an event whose time (AT, ENDS) has passed: "
                "drop it on the source or give it another time there, or leave events out "
                "(objects.skip)");
}

// A crash behind the first statement leaves a table that has not got its shape.
result<void> reshape(target_session& target, const object_definition& object) {
    if (object.reshape.empty()) return {};
    auto rows = target.query(fmt::format(
        "SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = {} AND "
        "TABLE_NAME = {} ORDER BY ORDINAL_POSITION",
        quote_string(object.target.database), quote_string(object.target.object)));
    if (!rows) return std::unexpected(std::move(rows.error()));
    std::vector<std::string> found;
    for (const auto& row : rows->rows)
        found.push_back(row[0].value_or(""));
    if (found != object.columns_before) return {};
    object_definition second = object;
    second.text = object.reshape;
    return execute_in_collation(target, second);
}

} // namespace

std::string mask_sql_mode(std::string_view modes, std::uint32_t target_version,
                          bool target_is_mariadb) {
    static constexpr std::array<std::string_view, 11> gone_since_8{"NO_AUTO_CREATE_USER",
                                                                   "DB2",
                                                                   "MAXDB",
                                                                   "MSSQL",
                                                                   "MYSQL323",
                                                                   "MYSQL40",
                                                                   "ORACLE",
                                                                   "POSTGRESQL",
                                                                   "NO_FIELD_OPTIONS",
                                                                   "NO_KEY_OPTIONS",
                                                                   "NO_TABLE_OPTIONS"};
    std::string kept;
    for (std::size_t at = 0; at < modes.size();) {
        const auto end = std::min(modes.find(',', at), modes.size());
        const auto mode = modes.substr(at, end - at);
        at = end + 1;
        const bool refused = !target_is_mariadb && target_version >= 80000 &&
                             std::ranges::find(gone_since_8, mode) != gone_since_8.end();
        if (mode.empty() || refused) continue;
        if (!kept.empty()) kept += ',';
        kept += mode;
    }
    return kept;
}

object_creator::object_creator(copy_context& context)
    : context_(&context), worker_(context.worker({})) {}

bool object_creator::is_done(const std::string& kind, const state::object_name& source) const {
    const auto found = context_->done.find({kind, source});
    return found != context_->done.end() && found->second.now != progress_row::stage::creating;
}

awaitable<result<void>> object_creator::create(object_definition object) {
    const progress_key key{object.kind, object.source};
    const auto found = context_->done.find(key);
    progress_row row = found == context_->done.end() ? progress_row{} : found->second;
    if (row.change > 0 && row.now != progress_row::stage::creating) co_return result<void>{};

    const bool keep = context_->keeps_existing() || object.is_shared;
    auto call = [this, &object, &key, &row, keep](target_session& target) -> result<void> {
        const auto& progress = context_->progress;
        const auto lock =
            applier::statement_lock::acquire(target, context_->checkpoints, context_->epoch);
        if (!lock) return std::unexpected(lock.error());
        // Whoever finds a shared table there finds it whole.
        std::optional<applier::named_lock> among_tasks;
        if (object.is_shared) {
            auto shared = applier::lock_merged_table(target, context_->task->apply.meta_database,
                                                     object.target);
            if (!shared) return std::unexpected(shared.error());
            among_tasks.emplace(*std::move(shared));
        }
        // Stored but not answered: the run before this retry got further than it knew. Its session
        // had the lock, so it has ended.
        auto stored = progress.load_one(target, key);
        if (!stored) return std::unexpected(std::move(stored.error()));
        if (*stored) row = **stored;
        auto there = exists(target, object);
        if (!there) return std::unexpected(std::move(there.error()));
        // Before it is noted: who finds it noted does not come here again.
        if (object.is_shared) {
            if (auto enrolled = context_->enroll(target, object.source); !enrolled) return enrolled;
        }
        if (row.change == 0) {
            if (*there && !keep)
                return fail(
                    applier::errc::target_refused,
                    fmt::format("the target has a {} {} already; drop or rename it there, or set "
                                "conflict.existing_tables = \"ignore\"",
                                object.kind, object.target.to_string()));
            row.now = *there ? progress_row::stage::kept : progress_row::stage::creating;
            if (auto noted = progress.insert(target, key, row); !noted) return noted;
            row.change = 1;
        }
        if (row.now != progress_row::stage::creating) return {};
        if (!*there) {
            auto made = execute_in_collation(target, object);
            if (made) made = look_whether_made(target, object);
            if (!made) return made;
        }
        if (auto shaped = reshape(target, object); !shaped) return shaped;
        row.now = progress_row::stage::created;
        if (auto noted = progress.update(target, key, row); !noted) return noted;
        ++row.change;
        return {};
    };
    auto made = co_await worker_.run_retrying(call);
    if (row.change > 0) context_->done[key] = row;
    if (made && row.now == progress_row::stage::created && !object.doubt.empty())
        context_->board->warn(object.target.to_string() + ": " + object.doubt);
    if (!made) {
        auto error = std::move(made.error());
        error.what += advice_for(object, error.server.number);
        co_return protocol::wrap(std::move(error), fmt::format("creating {} {}", object.kind,
                                                               object.target.to_string()));
    }
    co_return result<void>{};
}

} // namespace understudy::snapshot
