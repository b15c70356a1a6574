#include "applier/object_fingerprint.hpp"

#include "applier/exact_name.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

#include <xxhash.h>

#include <algorithm>
#include <regex>
#include <set>

namespace understudy::applier {

using protocol::result;

namespace {

constexpr std::string_view missing = "no table;";

std::set<state::object_name> distinct_names(const statement_plan& plan) {
    return {plan.target_names.begin(), plan.target_names.end()};
}

// Where every table moves to a name that was free, some name is free afterwards that was not
// before. Tables that swap their names and look the same leave no trace.
bool every_table_had_a_free_name(const statement_plan& plan, std::string_view fingerprint) {
    std::size_t free_names = 0;
    for (std::size_t at = fingerprint.find(missing); at != std::string_view::npos;
         at = fingerprint.find(missing, at + 1)) {
        ++free_names;
    }
    return 2 * free_names >= distinct_names(plan).size();
}

bool says_missing(unsigned number) {
    return number == 1146 || number == 1049; // ER_NO_SUCH_TABLE, ER_BAD_DB_ERROR
}

result<void> append_rows(target_session& target, std::string& out, const std::string& sql) {
    auto answer = target.query(sql);
    if (!answer) return std::unexpected(std::move(answer.error()));
    for (const auto& row : answer->rows) {
        for (const auto& value : row)
            out += value.value_or("NULL") + "|";
        out += '\n';
    }
    return {};
}

result<void> append_table(target_session& target, std::string& out,
                          const state::object_name& name) {
    auto create = target.query("SHOW CREATE TABLE " + name.to_string());
    if (!create) {
        if (!says_missing(create.error().server.number))
            return std::unexpected(std::move(create.error()));
        out += missing;
        return {};
    }
    out += create->rows.front()[1].value_or("") + "\n";
    return append_rows(
        target, out,
        fmt::format("SELECT create_time FROM information_schema.tables WHERE table_schema = {} AND "
                    "table_name = {}",
                    quote_string(name.database), quote_string(name.object)));
}

// Routines, triggers and events share no name space with tables, so a name is looked up as each of
// them.
result<void> append_programs(target_session& target, std::string& out,
                             const state::object_name& name) {
    const std::string object = quote_string(name.object);
    auto done = append_rows(
        target, out,
        fmt::format(
            "SELECT routine_type, last_altered, SHA2(routine_definition, 256), sql_mode, definer "
            "FROM information_schema.routines WHERE {} AND routine_name = {} ORDER BY routine_type",
            exact_name("routine_schema", name.database), object));
    if (done) {
        done = append_rows(
            target, out,
            fmt::format("SELECT trigger_name, created, SHA2(action_statement, 256) FROM "
                        "information_schema.triggers WHERE {} AND (trigger_name = {} OR "
                        "event_object_table = {}) ORDER BY trigger_name",
                        exact_name("trigger_schema", name.database), object, object));
    }
    if (done) {
        done = append_rows(
            target, out,
            fmt::format("SELECT event_name, last_altered, SHA2(event_definition, 256) FROM "
                        "information_schema.events WHERE {} AND event_name = {}",
                        exact_name("event_schema", name.database), object));
    }
    return done;
}

bool says_no_account(unsigned number) {
    // ER_CANNOT_USER, ER_NONEXISTING_GRANT, ER_PASSWORD_NO_MATCH
    return number == 1396 || number == 1141 || number == 1133;
}

// How it signs in is kept as a hash, for others may read the journal.
result<void> append_account(target_session& target, std::string& out,
                            const state::account_name& account) {
    std::string known;
    for (const std::string_view what : {"SHOW CREATE USER ", "SHOW GRANTS FOR "}) {
        auto shown = target.query(std::string(what) + account.quoted());
        if (!shown && !says_no_account(shown.error().server.number))
            return std::unexpected(std::move(shown.error()));
        if (!shown) {
            out += "no account;";
            return {};
        }
        std::vector<std::string> lines;
        for (const auto& row : shown->rows)
            lines.push_back(row[0].value_or(""));
        std::ranges::sort(lines);
        for (const std::string& line : lines)
            known += line + "\n";
    }
    const auto hash = XXH3_128bits(known.data(), known.size());
    out += fmt::format("{:016x}{:016x};", hash.high64, hash.low64);
    return {};
}

// Of two accounts that look the same and change names, nothing shows that they did.
bool renames_in_a_ring(const statement_plan& plan) {
    const std::set<state::account_name> distinct(plan.accounts.begin(), plan.accounts.end());
    return distinct.size() < plan.accounts.size();
}

} // namespace

result<std::string> take_fingerprint(target_session& target, const statement_plan& plan) {
    std::string out;
    for (const state::object_name& name : distinct_names(plan)) {
        out += name.to_string() + ": ";
        auto done = append_rows(
            target, out,
            fmt::format(
                "SELECT schema_name, default_character_set_name, default_collation_name FROM "
                "information_schema.schemata WHERE schema_name = {}",
                quote_string(name.database)));
        if (done && !name.object.empty()) done = append_table(target, out, name);
        if (done && !name.object.empty()) done = append_programs(target, out, name);
        if (!done) return wrap(std::move(done.error()), "looking at the objects of a statement");
    }
    for (const state::account_name& account : plan.accounts) {
        out += account.to_string() + ": ";
        if (auto done = append_account(target, out, account); !done)
            return wrap(std::move(done.error()), "looking at the accounts of a statement");
    }
    return out;
}

bool may_execute_again(const statement_plan& plan, const std::string& fingerprint) {
    using kind = statement_plan::kind;
    if (plan.target_names.empty() && plan.accounts.empty()) return false;
    switch (plan.is) {
    case kind::create_table:
    case kind::create_table_with_rows:
    case kind::alter_table:
    case kind::drop_table:
    case kind::truncate_table:
    case kind::create_index:
    case kind::drop_index:
    case kind::create_database:
    case kind::alter_database:
    case kind::drop_database:
    case kind::view:
    case kind::routine:
    case kind::trigger:
    case kind::event: return true;
    case kind::rename_table: return every_table_had_a_free_name(plan, fingerprint);
    // What it names is in the fingerprint: repeated, it changes nothing or is refused.
    case kind::account: return !renames_in_a_ring(plan);
    case kind::other_ddl:
    case kind::dml:
    case kind::maintenance:
    case kind::other: return false;
    }
    return false;
}

std::string without_counter(const std::string& definition) {
    static const std::regex counter(R"(AUTO_INCREMENT=\d+ ?)");
    return std::regex_replace(definition, counter, "");
}

} // namespace understudy::applier
