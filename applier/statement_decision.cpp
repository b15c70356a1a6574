#include "applier/statement_decision.hpp"

#include "applier/ddl/canonical_text.hpp"
#include "applier/ddl/lexer.hpp"
#include "applier/ddl/redaction.hpp"
#include "applier/ddl/statement_charset.hpp"
#include "applier/ddl/token_cursor.hpp"
#include "applier/errc.hpp"
#include "protocol/gtid/mariadb_gtid.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace understudy::applier {

using protocol::fail;
using protocol::result;

namespace {

constexpr std::string_view table_definition =
    "CREATE TABLE IF NOT EXISTS {} ("
    "`task` VARCHAR(64) NOT NULL, "
    "`place` VARCHAR(640) NOT NULL COMMENT 'GTID, or file:offset where it begins, of the source', "
    "`decision` ENUM('skip','replace') NOT NULL, "
    "`replacement` LONGTEXT NOT NULL, "
    "`made` TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), "
    "PRIMARY KEY (`task`, `place`)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE "
    "utf8mb4_bin";

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// As the other parts have it: with the table's name in full, however the operator wrote it.
std::string merged_text(const statement_plan& plan, const logged_statement& statement,
                        const ddl::statement_charset& charset) {
    std::string text = plan.text;
    const auto list = ddl::tokenize(text, statement.sql_mode, statement.source_version, charset);
    ddl::token_cursor at(list.tokens);
    const state::object_name& table = plan.target_names.front();
    if (at.take_all({"ALTER", "TABLE"})) {
        const auto name = at.take_name();
        const bool is_it = name && name->name == table.object &&
                           name->database.value_or(plan.database) == table.database;
        const auto full = charset.from_utf8(table.to_string());
        if (is_it && full) text.replace(name->begin, name->end - name->begin, *full);
    }
    return ddl::canonical_text(text, statement.sql_mode, statement.source_version, charset);
}

result<statement_plan> replaced(const statement_decision& decision, result<statement_plan> planned,
                                const logged_statement& statement,
                                const state::object_selection& selection) {
    // The names of the refused one are not known; what follows it in its transaction is the same.
    statement_plan plan = planned ? std::move(*planned) : statement_plan{};
    const auto charset = ddl::statement_charset::of_collation(statement.character_set_client);
    auto text = charset.from_utf8(decision.replacement);
    if (!text)
        return fail(errc::unsupported_statement,
                    "its replacement cannot be written in the character set that the statement was "
                    "sent in");
    if (plan.what != statement_plan::action::execute) plan.is = statement_plan::kind::other_ddl;
    plan.what = statement_plan::action::execute;
    plan.text = std::move(*text);
    plan.shown = ddl::redacted(decision.replacement, statement.sql_mode);
    // Compared with what the others got it is what it was; a swap is no longer resolved.
    if (plan.is_cut_over && selection.is_merged(plan.source_names.front()))
        plan.merged_statement = merged_text(plan, statement, charset);
    plan.is_cut_over = false;
    plan.only_notes = false;
    plan.character_set_client = statement.character_set_client;
    plan.disable_event = false;
    if (plan.database.empty() && selection.touches_database(statement.database))
        plan.database = selection.map_database(statement.database);
    return plan;
}

} // namespace

std::string decision_place(const source_transaction& transaction) {
    return transaction.id.empty() ? fmt::format("{}:{}", transaction.file ? *transaction.file : "",
                                                transaction.begin_offset)
                                  : transaction.id.to_string();
}

std::string decision_advice(const source_transaction& transaction) {
    return fmt::format("understudy skip TASK.toml --at '{}' [--replacement FILE.sql]",
                       decision_place(transaction));
}

std::optional<std::string> parse_decision_place(std::string_view text) {
    if (const auto of_mariadb = protocol::mariadb_gtid::parse(text)) return of_mariadb->to_string();
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || !is_number(text.substr(colon + 1)))
        return std::nullopt;
    if (std::ranges::any_of(text, [](unsigned char c) { return c <= ' ' || c == '(' || c == ')'; }))
        return std::nullopt;
    return std::string(text);
}

const statement_decision* statement_decisions::find(const source_transaction& transaction) const {
    return by_place_.empty() ? nullptr : find_place(decision_place(transaction));
}

const statement_decision* statement_decisions::find_place(const std::string& place) const {
    const auto found = by_place_.find(place);
    return found == by_place_.end() ? nullptr : &found->second;
}

result<statement_plan>
statement_decisions::apply_to(const source_transaction& transaction,
                              const logged_statement& statement,
                              const state::object_selection& selection) const {
    auto planned = plan_statement(statement, selection);
    const statement_decision* const decided = find(transaction);
    if (decided == nullptr) return planned;
    if (decided->what == statement_decision::verdict::replace)
        return replaced(*decided, std::move(planned), statement, selection);
    statement_plan plan;
    plan.reason = "an operator said so";
    return plan;
}

decision_store::decision_store(std::string_view meta_database, std::string_view task)
    : table_(state::quote_identifier(meta_database) + ".`decisions`"), task_(quote_string(task)) {}

result<void> decision_store::prepare(target_session& target) const {
    auto made = target.execute(fmt::format(table_definition, table_));
    if (!made) return std::unexpected(std::move(made.error()));
    return {};
}

result<statement_decisions> decision_store::load(target_session& target) const {
    auto answer = target.query(fmt::format(
        "SELECT `place`, `decision`, `replacement` FROM {} WHERE `task` = {}", table_, task_));
    if (!answer) return wrap(std::move(answer.error()), "reading what was decided");
    std::map<std::string, statement_decision> by_place;
    for (auto& row : answer->rows) {
        const auto what = row[1] == "skip" ? statement_decision::verdict::skip
                                           : statement_decision::verdict::replace;
        by_place[row[0].value_or("")] = {what, row[2].value_or("")};
    }
    return statement_decisions(std::move(by_place));
}

result<void> decision_store::save(target_session& target, std::string_view place,
                                  const statement_decision& decision) const {
    const bool skips = decision.what == statement_decision::verdict::skip;
    auto done = target.execute(fmt::format(
        "REPLACE INTO {} (`task`, `place`, `decision`, `replacement`) VALUES ({}, {}, '{}', {})",
        table_, task_, quote_string(place), skips ? "skip" : "replace",
        quote_string(decision.replacement)));
    if (!done) return wrap(std::move(done.error()), "writing the decision to the target");
    return {};
}

} // namespace understudy::applier
