#include "applier/refusal.hpp"

#include "applier/definition_check.hpp"
#include "applier/errc.hpp"
#include "applier/row_description.hpp"
#include "applier/target_table_loader.hpp"

#include <fmt/format.h>

#include <optional>

namespace understudy::applier {

using protocol::rows_kind;

namespace {

struct cause {
    errc code = errc::target_refused;
    std::string sentence;
};

std::optional<cause> check_definition(target_session& target, const refused_row& row) {
    auto now = load_target_table(target, row.table->target.name);
    if (!now) return std::nullopt;
    if (!*now) {
        return cause{
            errc::missing_table,
            "The table is no longer on the target: create it as on the source, with its rows"};
    }
    // Of one that is defined otherwise by nature the next plan says what is wrong with it.
    if (row.table->is_fitted) return std::nullopt;
    if (const auto difference = find_difference(row.table->source->map, **now)) {
        return cause{errc::definition_mismatch,
                     "The table was changed on the target: " + *difference +
                         ". Make it like the source's (ALTER TABLE)"};
    }
    return std::nullopt;
}

// Statements that change nothing, to see whether the account may execute their kind.
std::optional<cause> check_privileges(target_session& target, const refused_row& row) {
    const std::string table = row.table->target.name.to_string();
    const std::string column = state::quote_identifier(row.table->target.columns.front().name);
    const std::pair<const char*, std::string> probes[] = {
        {"SELECT", fmt::format("SELECT 1 FROM {} WHERE FALSE", table)},
        {"INSERT", fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} WHERE FALSE", table, column,
                               column, table)},
        {"UPDATE", fmt::format("UPDATE {} SET {} = {} WHERE FALSE", table, column, column)},
        {"DELETE", fmt::format("DELETE FROM {} WHERE FALSE", table)},
    };
    std::string lacking;
    for (const auto& [right, sql] : probes) {
        auto tried = target.execute(sql);
        if (!tried && tried.error().code == errc::missing_privilege)
            lacking += (lacking.empty() ? "" : ", ") + std::string(right);
    }
    if (lacking.empty()) return std::nullopt;
    return cause{errc::missing_privilege,
                 fmt::format("The account lacks privileges on the table. Execute on the target: "
                             "GRANT {} ON {} TO <the account>",
                             lacking, table)};
}

std::optional<cause> check_row(target_session& target, const refused_row& row) {
    if (row.condition.empty()) return std::nullopt;
    auto count = target.scalar(fmt::format("SELECT COUNT(*) FROM {} WHERE {}",
                                           row.table->target.name.to_string(), row.condition));
    if (!count) return std::nullopt;
    const bool there = *count != "0";
    if (row.kind == rows_kind::write && there) {
        return cause{
            errc::duplicate_key,
            "A row with this key is on the target already: somebody else writes to it, or the "
            "initial data were not the source's. Remove it there, or copy the table anew"};
    }
    if (row.kind != rows_kind::write && !there) {
        return cause{
            errc::row_not_found,
            "There is no row with this key on the target: somebody else writes to it, or the "
            "initial data were not the source's. Insert it there, or copy the table anew"};
    }
    return std::nullopt;
}

cause by_code(const protocol::error& said) {
    constexpr std::string_view look = "look at the target's row and at its error log";
    switch (said.server.number) {
    case 1451:
    case 1452:
    case 1216:
    case 1217:
        return {errc::target_refused,
                "A foreign key of the target forbids it: rows of the other table differ from the "
                "source's, or the key exists on the target only"};
    case 1785:
        return {errc::target_refused,
                "The target has enforce_gtid_consistency and takes changes of a table without "
                "transactions in no transaction of SQL: make the table InnoDB there (ALTER TABLE … "
                "ENGINE = InnoDB), or let rows be written as row images"};
    case 3819: return {errc::target_refused, "A CHECK constraint of the target forbids it"};
    default: break;
    }
    const auto code = static_cast<errc>(said.code.value());
    if (code == errc::row_not_found) {
        return {code, "The row is not on the target as the source had it: somebody else writes to "
                      "it, or the initial data "
                      "were not the source's. Mend it there, or copy the table anew"};
    }
    if (code == errc::duplicate_key) {
        return {code, "A unique key of the target holds this value already: remove that row there, "
                      "or copy the table anew"};
    }
    return {code, fmt::format("The target does not say why: {}", look)};
}

} // namespace

protocol::error explain_refusal(target_session& target, const refused_row& row,
                                protocol::error said) {
    if (row.table == nullptr) return said;
    auto found = check_definition(target, row);
    if (!found) found = check_privileges(target, row);
    if (!found) found = check_row(target, row);
    if (!found) found = by_code(said);
    protocol::error out;
    out.code = make_error_code(found->code);
    out.what = fmt::format("transaction {} of the source, {} of table {}, {}: the target refused "
                           "it ({}, error {}). {}",
                           row.transaction, verb_of(row.kind), row.table->target.name.to_string(),
                           row.row, said.server.message, said.server.number, found->sentence);
    out.server = std::move(said.server);
    return out;
}

} // namespace understudy::applier
