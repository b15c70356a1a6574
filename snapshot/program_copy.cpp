#include "snapshot/program_copy.hpp"

#include "applier/ddl/lexer.hpp"
#include "applier/event_statement.hpp"
#include "applier/exact_name.hpp"
#include "applier/statement_plan.hpp"
#include "snapshot/definition_text.hpp"
#include "snapshot/errc.hpp"
#include "snapshot/source_definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace understudy::snapshot {

using boost::asio::awaitable;
using protocol::fail;
using protocol::result;

namespace {

std::string upper(std::string text) {
    std::ranges::transform(text, text.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return text;
}

std::uint64_t lexing_mode(std::string_view sql_mode) {
    return (sql_mode.contains("ANSI_QUOTES") ? applier::ddl::mode_ansi_quotes : 0) |
           (sql_mode.contains("NO_BACKSLASH_ESCAPES") ? applier::ddl::mode_no_backslash_escapes
                                                      : 0);
}

// Names of the dictionary are UTF-8, the text is in its maker's character set.
bool names_can_be_found(std::string_view text, std::string_view charset) {
    return charset.starts_with("utf8") || charset == "binary" ||
           std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Columns of SHOW CREATE …: triggers, procedures and functions have (name, sql_mode, text, client
// character set, connection collation, database collation), events a time zone behind sql_mode.
struct shown_program {
    std::string sql_mode;
    std::string time_zone;
    std::string text;
    std::string client_charset;
    std::string collation_connection;
    std::string database_collation;
};

result<shown_program> parse_shown(const std::string& kind, const state::object_name& name,
                                  const std::vector<std::optional<std::string>>& row) {
    const std::size_t shift = kind == "event" ? 1 : 0;
    if (row.size() < 6 + shift || !row[2 + shift])
        return fail(
            errc::object_unreadable,
            fmt::format("the source does not show the text of {} {} to this account: GRANT "
                        "SHOW_ROUTINE ON *.* (or SELECT ON mysql.proc before 8.0), TRIGGER and "
                        "EVENT on its database",
                        kind, name.to_string()));
    return shown_program{row[1].value_or(""),
                         shift == 1 ? row[2].value_or("") : "",
                         *row[2 + shift],
                         row[3 + shift].value_or(""),
                         row[4 + shift].value_or(""),
                         row[5 + shift].value_or("")};
}

} // namespace

program_copy::program_copy(copy_context& context, protocol::net::connection& source,
                           object_creator& creator, account_copy& accounts)
    : context_(&context), source_(&source), creator_(&creator), accounts_(&accounts) {}

awaitable<result<std::vector<std::vector<std::string>>>> program_copy::list(std::string sql) {
    auto answer = co_await source_->query(std::move(sql));
    if (!answer)
        co_return protocol::wrap(std::move(answer.error()), "reading the source's dictionary");
    std::vector<std::vector<std::string>> rows;
    for (const auto& row : answer->rows) {
        auto& out = rows.emplace_back();
        for (const auto& field : row)
            out.push_back(field.value_or(""));
    }
    co_return rows;
}

awaitable<result<void>> program_copy::create_all() {
    for (const source_database& one : context_->catalog.databases) {
        if (!context_->selection->selects_database(one.name)) continue;
        if (auto done = co_await routines(one.name); !done) co_return done;
    }
    if (auto done = co_await views(); !done) co_return done;
    for (const source_database& one : context_->catalog.databases) {
        if (auto done = co_await triggers(one.name); !done) co_return done;
        if (!context_->selection->selects_database(one.name)) continue;
        if (auto done = co_await events(one.name); !done) co_return done;
    }
    co_return result<void>{};
}

awaitable<result<void>> program_copy::routines(const std::string& database) {
    auto found = co_await list(
        "SELECT ROUTINE_NAME, ROUTINE_TYPE FROM information_schema.ROUTINES WHERE " +
        applier::exact_name("ROUTINE_SCHEMA", database) + " ORDER BY ROUTINE_TYPE, ROUTINE_NAME");
    if (!found) co_return std::unexpected(std::move(found.error()));
    for (const auto& row : *found) {
        const state::object_name name{database, row[0]};
        if (row[1] != "PROCEDURE" && row[1] != "FUNCTION")
            co_return fail(
                errc::unsupported_object,
                fmt::format("{} is a {}, which cannot be copied", name.to_string(), row[1]));
        auto made =
            co_await stored_program(row[1] == "FUNCTION" ? "function" : "procedure", name, "");
        if (!made) co_return made;
    }
    co_return result<void>{};
}

awaitable<result<void>> program_copy::triggers(const std::string& database) {
    auto found = co_await list(
        "SELECT TRIGGER_NAME, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS "
        "WHERE " +
        applier::exact_name("TRIGGER_SCHEMA", database) +
        " ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER");
    if (!found) co_return std::unexpected(std::move(found.error()));
    for (const auto& row : *found) {
        if (!context_->selection->selects(database, row[1])) continue;
        auto made = co_await stored_program("trigger", {database, row[0]}, row[1]);
        if (!made) co_return made;
    }
    co_return result<void>{};
}

awaitable<result<void>> program_copy::events(const std::string& database) {
    // An event may outlive its last time. No server had it made or altered when that had passed, so
    // the earlier of both moments is from before all of its times. (0 would mean now.)
    auto found = co_await list(
        "SELECT EVENT_NAME, GREATEST(1, IFNULL(UNIX_TIMESTAMP(LEAST(CREATED, LAST_ALTERED)), 1)) "
        "FROM information_schema.EVENTS WHERE " +
        applier::exact_name("EVENT_SCHEMA", database) + " ORDER BY EVENT_NAME");
    if (!found) co_return std::unexpected(std::move(found.error()));
    for (const auto& row : *found) {
        auto made = co_await stored_program("event", {database, row[0]}, "", row[1]);
        if (!made) co_return made;
    }
    co_return result<void>{};
}

awaitable<result<void>> program_copy::stored_program(const std::string& kind,
                                                     const state::object_name& name,
                                                     const std::string& table,
                                                     const std::string& made_at) {
    const bool is_routine = kind == "procedure" || kind == "function";
    if (creator_->is_done(kind, name) || context_->selection->skips(is_routine ? "routine" : kind))
        co_return result<void>{};
    const auto row = co_await read_shown(
        *source_, fmt::format("SHOW CREATE {} {}", upper(kind), name.to_string()),
        fmt::format("the text of {} {}", kind, name.to_string()), 1);
    if (!row) co_return std::unexpected(row.error());
    auto shown = parse_shown(kind, name, *row);
    if (!shown) co_return std::unexpected(std::move(shown.error()));
    // Its text may name what another copy brings.
    const auto selection = context_->selection->whole();
    if (selection.renames_anything_in(name.database) &&
        !names_can_be_found(shown->text, shown->client_charset))
        co_return fail(
            errc::unsupported_object,
            fmt::format("{} {} is written in {}, so its text cannot be searched for renamed "
                        "objects; make it anew in utf8mb4, or do not rename in {}",
                        kind, name.to_string(), shown->client_charset,
                        state::quote_identifier(name.database)));
    std::string text = shown->text;
    if (kind == "event") {
        auto call = [](applier::target_session& target) -> result<bool> {
            return applier::says_replica(target.facts());
        };
        auto replica = co_await creator_->worker().run_retrying(call);
        if (!replica) co_return std::unexpected(std::move(replica.error()));
        auto disabled = disabled_event(text, *replica);
        if (!disabled)
            co_return protocol::wrap(std::move(disabled.error()), "event " + name.to_string());
        text = *std::move(disabled);
    }
    auto plan = applier::plan_statement({.text = text,
                                         .database = name.database,
                                         .sql_mode = lexing_mode(shown->sql_mode),
                                         .source_version = context_->catalog.version,
                                         .target_is_mariadb = context_->target_is_mariadb},
                                        selection);
    if (!plan)
        co_return fail(errc::unsupported_object,
                       fmt::format("{} {}: {}", kind, name.to_string(), plan.error().what));
    if (plan->only_notes) co_return result<void>{};
    if (plan->what != applier::statement_plan::action::execute)
        co_return fail(errc::unsupported_object, fmt::format("{} {} cannot be created: {}", kind,
                                                             name.to_string(), plan->reason));
    const std::string database = table.empty() ? selection.map_database(name.database)
                                               : selection.map(name.database, table).database;
    co_return co_await creator_->create({.kind = kind,
                                         .source = name,
                                         .target = {database, name.object},
                                         .text = plan->text,
                                         .sql_mode = shown->sql_mode,
                                         .client_charset = shown->client_charset,
                                         .collation_connection = shown->collation_connection,
                                         .database_collation = shown->database_collation,
                                         .time_zone = shown->time_zone,
                                         .timestamp = made_at});
}

// All selected tables and views, also where only some are copied.
awaitable<result<std::set<state::object_name>>> program_copy::names_for_views() {
    const source_catalog& catalog = context_->catalog;
    std::set<state::object_name> names(catalog.views.begin(), catalog.views.end());
    for (const source_table& table : catalog.tables)
        names.insert(table.name);
    if (context_->selection->is_whole()) co_return names;
    const auto selection = context_->selection->whole();
    auto rows = co_await list("SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES");
    if (!rows) co_return std::unexpected(std::move(rows.error()));
    for (const auto& row : *rows) {
        if (selection.selects(row[0], row[1])) names.insert({row[0], row[1]});
    }
    co_return names;
}

awaitable<result<object_definition>>
program_copy::read_view(const state::object_name& view,
                        const std::set<state::object_name>& objects) {
    const auto shown = co_await read_shown(*source_, "SHOW CREATE VIEW " + view.to_string(),
                                           "the text of view " + view.to_string(), 4);
    if (!shown) co_return std::unexpected(shown.error());
    const shown_row& row = *shown;
    const std::string charset = row[2].value_or("utf8mb4");
    const auto selection = context_->selection->whole();
    const bool renames = std::ranges::any_of(objects, [&](const state::object_name& one) {
        return selection.is_renamed(one.database, one.object);
    });
    std::string text = row[1].value();
    if (!selection.definers().keeps_all()) {
        auto planned = applier::plan_statement(
            {.text = text, .database = view.database, .source_version = context_->catalog.version},
            selection.without_renames());
        if (!planned)
            co_return fail(errc::unsupported_object,
                           fmt::format("view {}: {}", view.to_string(), planned.error().what));
        text = planned->text;
    }
    if (renames) {
        if (!names_can_be_found(text, charset))
            co_return fail(
                errc::unsupported_object,
                fmt::format("view {} is written in {}, so its text cannot be searched for renamed "
                            "objects; make it anew in utf8mb4",
                            view.to_string(), charset));
        auto rewritten = view_for_target(text, objects, selection);
        if (!rewritten)
            co_return protocol::wrap(std::move(rewritten.error()), "view " + view.to_string());
        text = *std::move(rewritten);
    }
    co_return object_definition{.kind = "view",
                                .source = view,
                                .target = context_->on_target(view),
                                .text = std::move(text),
                                .sql_mode = "",
                                .client_charset = charset,
                                .collation_connection = row[3].value_or(""),
                                .database_collation = {},
                                .time_zone = {}};
}

// What the source says when the view is used; empty: it can be used. A server keeps views whose
// tables are gone, but makes none.
awaitable<result<std::string>> program_copy::why_invalid(const state::object_name& view) {
    constexpr unsigned view_invalid = 1356; // ER_VIEW_INVALID
    auto answer = co_await source_->query("SELECT 1 FROM " + view.to_string() + " LIMIT 0");
    if (answer) co_return std::string();
    if (answer.error().server.number == 0) co_return std::unexpected(std::move(answer.error()));
    co_return answer.error().server.number == view_invalid ? answer.error().server.message
                                                           : std::string();
}

// A view needs what it is made of. The order is found by trying: a round without progress means
// that something is missing.
awaitable<result<void>> program_copy::views() {
    std::vector<state::object_name> open;
    if (context_->selection->skips("view")) co_return result<void>{};
    for (const auto& view : context_->catalog.views) {
        if (!creator_->is_done("view", view)) open.push_back(view);
    }
    if (open.empty()) co_return result<void>{};
    const auto names = co_await names_for_views();
    if (!names) co_return std::unexpected(names.error());
    while (!open.empty()) {
        std::vector<state::object_name> deferred;
        result<void> failure;
        // What the last round has made may be what others may use.
        if (auto granted = co_await accounts_->grant(false); !granted) co_return granted;
        for (const auto& view : open) {
            auto definition = co_await read_view(view, *names);
            if (!definition) co_return std::unexpected(std::move(definition.error()));
            auto made = co_await creator_->create(*std::move(definition));
            if (made) continue;
            const unsigned number = made.error().server.number;
            if (number != 0) {
                auto invalid = co_await why_invalid(view);
                if (!invalid) co_return std::unexpected(std::move(invalid.error()));
                if (!invalid->empty()) {
                    context_->board->warn(fmt::format(
                        "view {} is not on the target: on the source it is invalid ({})",
                        view.to_string(), *invalid));
                    continue;
                }
            }
            // ER_NO_SUCH_TABLE, ER_VIEW_INVALID: maybe of a view that comes later.
            if (number != 1146 && number != 1356) co_return made;
            deferred.push_back(view);
            failure = std::move(made);
        }
        if (deferred.size() == open.size()) co_return failure;
        open = std::move(deferred);
    }
    co_return result<void>{};
}

} // namespace understudy::snapshot
