#include "applier/statement_session.hpp"

#include "applier/errc.hpp"
#include "applier/logged_sql_mode.hpp"

#include <fmt/format.h>

#include <charconv>

namespace understudy::applier {

using protocol::fail;
using protocol::query_status;
using protocol::result;

namespace {

// With a character set of its own: a bare literal takes that of collation_connection, and names in
// UTF-16 are names that no server knows.
std::string utf8mb4_literal(std::string_view text) {
    return "_utf8mb4" + quote_string(text);
}

std::string join(const std::vector<std::string>& parts) {
    std::string out;
    for (const std::string& part : parts)
        out += (out.empty() ? "" : ", ") + part;
    return out;
}

} // namespace

result<void> statement_session::load() {
    if (!variables_.empty()) return {};
    auto variables = target_.query("SHOW SESSION VARIABLES");
    if (!variables) return std::unexpected(std::move(variables.error()));
    auto collations = target_.query(
        "SELECT id, collation_name, character_set_name FROM information_schema.collations");
    if (!collations) return std::unexpected(std::move(collations.error()));
    for (auto& row : collations->rows) {
        std::uint64_t id = 0;
        if (!row[0] || !row[1] || !row[2])
            continue; // MariaDB lists collations without a number of their own
        std::from_chars(row[0]->data(), row[0]->data() + row[0]->size(), id);
        collations_[id] = {*row[1], *row[2]};
    }
    for (auto& row : variables->rows)
        variables_[row[0].value_or("")] = row[1].value_or("");
    return {};
}

result<const statement_session::collation*>
statement_session::find_collation(std::uint16_t id, std::string_view what) const {
    const auto known = collations_.find(id);
    if (known != collations_.end()) return &known->second;
    return fail(
        errc::unsupported_statement,
        fmt::format("it was logged with {} {}, a collation number that the target does not have",
                    what, id));
}

result<statement_session::collation> statement_session::collation_of(std::uint16_t id) {
    if (auto loaded = load(); !loaded) return std::unexpected(std::move(loaded.error()));
    auto found = find_collation(id, "a user variable's collation");
    if (!found) return std::unexpected(std::move(found.error()));
    return **found;
}

void statement_session::want(std::string_view variable, std::string_view value,
                             std::string literal) {
    const auto current = variables_.find(variable);
    if (current == variables_.end() || current->second == value) return;
    changes_.push_back(fmt::format("{} = {}", variable, std::move(literal)));
    const bool numeric = !current->second.empty() &&
                         current->second.find_first_not_of("0123456789") == std::string::npos;
    undo_.push_back(fmt::format("{} = {}", variable,
                                numeric ? current->second : utf8mb4_literal(current->second)));
}

void statement_session::want_number(std::string_view variable, std::uint64_t value) {
    const std::string text = std::to_string(value);
    want(variable, text, text);
}

void statement_session::want_switch(std::string_view variable, bool on) {
    want(variable, on ? "ON" : "OFF", on ? "1" : "0");
}

result<void> statement_session::want_collations(const query_status& status) {
    struct logged {
        std::optional<std::uint16_t> id;
        std::string_view variable;
    };
    // Sources before 8.0 do not log it: utf8mb4 alone meant utf8mb4_general_ci there, as a native
    // replica assumes too.
    constexpr std::uint16_t utf8mb4_general_ci = 45;
    const logged all[] = {{status.collation_server, "collation_server"},
                          {status.default_collation_for_utf8mb4.value_or(utf8mb4_general_ci),
                           "default_collation_for_utf8mb4"},
                          {status.collation_connection, "collation_connection"}};
    for (const auto& [id, variable] : all) {
        if (!id || *id == 0) continue;
        auto found = find_collation(*id, variable);
        if (!found) return std::unexpected(std::move(found.error()));
        want(variable, (*found)->name, utf8mb4_literal((*found)->name));
    }
    if (status.character_set_client) {
        auto found = find_collation(*status.character_set_client, "character_set_client");
        if (!found) return std::unexpected(std::move(found.error()));
        want("character_set_client", (*found)->character_set,
             utf8mb4_literal((*found)->character_set));
    }
    return {};
}

void statement_session::want_flags(const query_status& status) {
    if (status.flags2) {
        want_switch("foreign_key_checks",
                    (*status.flags2 & query_status::no_foreign_key_checks) == 0);
        want_switch("unique_checks", (*status.flags2 & query_status::relaxed_unique_checks) == 0);
        want_switch("sql_auto_is_null", (*status.flags2 & query_status::sql_auto_is_null) != 0);
    }
    want_number("auto_increment_increment", status.auto_increment_increment.value_or(1));
    want_number("auto_increment_offset", status.auto_increment_offset.value_or(1));
    const auto explicit_timestamps = status.explicit_defaults_for_timestamp
                                         ? status.explicit_defaults_for_timestamp
                                         : source_explicit_timestamps_;
    if (explicit_timestamps) want_switch("explicit_defaults_for_timestamp", *explicit_timestamps);
    if (status.sql_require_primary_key)
        want_switch("sql_require_primary_key", *status.sql_require_primary_key);
    if (status.default_table_encryption)
        want_switch("default_table_encryption", *status.default_table_encryption);
}

result<void> statement_session::enter(const query_status& status, std::uint32_t timestamp) {
    if (auto loaded = load(); !loaded) return loaded;
    changes_.clear();
    undo_.clear();
    want_flags(status);
    if (auto collations = want_collations(status); !collations) return collations;
    if (status.time_zone) want("time_zone", *status.time_zone, utf8mb4_literal(*status.time_zone));
    if (status.lc_time_names && *status.lc_time_names != 0) {
        changes_.push_back(fmt::format("lc_time_names = {}", *status.lc_time_names));
        undo_.push_back("lc_time_names = " + utf8mb4_literal(variables_["lc_time_names"]));
    }
    if (status.sql_mode) {
        const auto mode =
            sql_mode_on_target(*status.sql_mode, status.logged_by_mariadb, target_.facts());
        if (!mode) return std::unexpected(mode.error());
        changes_.push_back(fmt::format("sql_mode = {}", *mode));
        undo_.push_back("sql_mode = " + utf8mb4_literal(session_sql_mode));
    }
    changes_.push_back(
        fmt::format("timestamp = {}.{:06}", timestamp, status.microseconds.value_or(0)));
    undo_.emplace_back("timestamp = DEFAULT");
    auto set = target_.execute("SET " + join(changes_));
    if (set) return {};
    constexpr unsigned unknown_time_zone = 1298;
    if (set.error().server.number == unknown_time_zone) {
        return fail(errc::unsupported_statement,
                    fmt::format("it was logged with time_zone '{}', which the target does not "
                                "know: load the time zone "
                                "tables on the target (mysql_tzinfo_to_sql)",
                                status.time_zone.value_or("")));
    }
    constexpr unsigned wrong_value = 1231;
    if (set.error().server.number == wrong_value) {
        return fail(errc::unsupported_statement,
                    "the target does not take the session state it was logged with: " +
                        set.error().server.message);
    }
    return wrap(std::move(set.error()), "setting the session state it was logged with");
}

result<void> statement_session::leave() {
    if (undo_.empty()) return {};
    // Plain ASCII, right in every character_set_client and sql_mode that enter() may have set.
    auto reset = target_.execute("SET " + join(undo_));
    undo_.clear();
    if (!reset) return wrap(std::move(reset.error()), "taking a statement's session state back");
    return {};
}

} // namespace understudy::applier
