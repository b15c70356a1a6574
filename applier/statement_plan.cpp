#include "applier/statement_plan.hpp"

#include "applier/ddl/mariadb_dialect.hpp"
#include "applier/ddl/older_mysql_dialect.hpp"
#include "applier/ddl/planner.hpp"
#include "applier/ddl/redaction.hpp"
#include "applier/errc.hpp"

#include <fmt/format.h>

namespace understudy::applier {

namespace {

// By the number of its default collation: those that MariaDB maps unless told otherwise.
std::vector<std::string_view> charsets_of_collation(std::uint16_t id) {
    switch (id) {
    case 33: return {"utf8mb3", "utf8"};
    case 35: return {"ucs2"};
    case 45: return {"utf8mb4"};
    case 54: return {"utf16"};
    case 60: return {"utf32"};
    default: return {"*"};
    }
}

// The definition that MySQL writes itself for CREATE TABLE … SELECT: it is in UTF-8, whatever the
// session's character_set_client is that it is logged with (sql/sql_show.cc, store_create_info).
bool is_written_by_the_source(std::string_view text) {
    return text.starts_with("CREATE TABLE `") && text.contains("(\n  `") &&
           text.ends_with(" START TRANSACTION");
}

} // namespace

logged_statement logged_statement::of(const protocol::query_event& query,
                                      std::uint32_t source_version) {
    logged_statement made;
    made.text = query.text;
    made.database = query.database;
    made.sql_mode = query.status.sql_mode.value_or(0);
    made.source_version = source_version;
    made.error_code = query.error_code;
    made.character_set_client =
        query.status.character_set_client.value_or(made.character_set_client);
    if (is_written_by_the_source(query.text))
        made.character_set_client = logged_statement{}.character_set_client;
    for (const auto& [usual, meant] : query.status.mariadb_collations) {
        if (usual == meant) continue;
        for (const std::string_view name : charsets_of_collation(usual))
            made.recollated_charsets.emplace_back(name);
    }
    if (query.status.invoker_user && query.status.invoker_host)
        made.invoker = {*query.status.invoker_user, *query.status.invoker_host};
    if (query.status.updated_databases) made.updated_databases = &*query.status.updated_databases;
    return made;
}

namespace {

std::unexpected<protocol::error> refused(const logged_statement& statement,
                                         const std::string& lacking) {
    constexpr std::size_t shown_max = 2000;
    return protocol::fail(
        errc::unsupported_statement,
        fmt::format("the statement `{}` (default database '{}') is not applied: {} does not have "
                    "what {} has here: {}. Do by hand on the target what comes closest, then leave "
                    "it out",
                    ddl::shown_text(statement, shown_max), statement.database,
                    statement.target_is_mariadb ? "MariaDB" : "MySQL",
                    statement.target_is_mariadb ? "MySQL" : "MariaDB", lacking));
}

// Executable comments of MySQL's later versions, which MariaDB leaves out without a word.
std::optional<std::string> left_out_by_mariadb(const logged_statement& statement) {
    constexpr std::uint32_t some_mariadb = 101100;
    const auto charset = ddl::statement_charset::of_collation(statement.character_set_client);
    const auto all =
        ddl::tokenize(statement.text, statement.sql_mode, statement.source_version, charset);
    const auto left = ddl::tokenize(statement.text, statement.sql_mode, some_mariadb, charset);
    for (std::size_t i = 0; i < all.tokens.size(); ++i) {
        if (i < left.tokens.size() && left.tokens[i].begin == all.tokens[i].begin) continue;
        return "`" + all.tokens[i].text + "` in a comment for MySQL alone";
    }
    return std::nullopt;
}

protocol::result<statement_plan> plan_in_its_dialect(const logged_statement& statement,
                                                     const state::object_selection& selection) {
    auto plan = ddl::planner(statement, selection).run();
    if (!plan || plan->what != statement_plan::action::execute) return plan;
    const bool of_mariadb = ddl::is_mariadb_version(statement.source_version);
    if (statement.target_is_mariadb && !of_mariadb) {
        if (const auto lacking = left_out_by_mariadb(statement))
            return refused(statement, *lacking);
    }
    if (of_mariadb == statement.target_is_mariadb || !of_mariadb) return plan;
    const auto charset = ddl::statement_charset::of_collation(statement.character_set_client);
    auto text = ddl::mariadb_dialect(statement.text, statement.sql_mode, statement.source_version,
                                     charset, statement.recollated_charsets)
                    .for_mysql();
    if (!text) return refused(statement, text.error().what);
    if (plan->is == statement_plan::kind::dml) return plan;
    auto translated = statement;
    translated.text = *text;
    return ddl::planner(translated, selection).run();
}

} // namespace

protocol::result<statement_plan> plan_statement(const logged_statement& statement,
                                                const state::object_selection& selection) {
    if (!ddl::is_older_mysql(statement.source_version))
        return plan_in_its_dialect(statement, selection);
    const auto charset = ddl::statement_charset::of_collation(statement.character_set_client);
    const auto text = ddl::older_mysql_dialect(statement.text, statement.sql_mode,
                                               statement.source_version, charset)
                          .for_later();
    if (!text) return plan_in_its_dialect(statement, selection);
    auto as_meant = statement;
    as_meant.text = *text;
    return plan_in_its_dialect(as_meant, selection);
}

} // namespace understudy::applier
