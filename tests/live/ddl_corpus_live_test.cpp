// The corpus of DDL on a real server: each statement as it stands in one database, and as it is
// planned under renames in another; what they made must be the same but for the names.

#include "applier/statement_plan.hpp"
#include "tests/support/ddl_corpus.hpp"
#include "tests/support/ddl_corpus_objects.hpp"
#include "tests/support/ddl_corpus_selections.hpp"
#include "tests/support/live_server.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace understudy::test {
namespace {

constexpr std::uint32_t version_97 = 90704;

class corpus_run : public testing::Test {
protected:
    void exec(const std::string& database, const std::string& mode, const std::string& text) {
        // A session that has a default database keeps one.
        sql_client session = server.root();
        if (!database.empty()) session.exec("USE `" + database + "`");
        session.exec("SET sql_mode = '" + mode + "', foreign_key_checks = 0");
        session.exec(text);
    }

    // How often each of its kinds of objects is there.
    std::string counts(const std::string& database) {
        const std::string here = " = '" + database + "'";
        std::string text;
        for (const auto& [table, column] :
             std::vector<std::pair<std::string, std::string>>{{"tables", "table_schema"},
                                                              {"views", "table_schema"},
                                                              {"routines", "routine_schema"},
                                                              {"triggers", "trigger_schema"},
                                                              {"events", "event_schema"}})
            text += client.scalar("SELECT COUNT(*) FROM information_schema." + table + " WHERE " +
                                  column + here) +
                    " " + table + ", ";
        return text;
    }

    void one(const corpus_statement& statement, const state::object_selection& selection) {
        const auto plan = applier::plan_statement(
            {statement.text, statement.database, statement.mode_bits(), version_97}, selection);
        ASSERT_TRUE(plan.has_value()) << plan.error().what;
        // An event that begins now begins in the same second under both names.
        client.exec("SET SESSION timestamp = FLOOR(UNIX_TIMESTAMP(SYSDATE()))");
        exec(statement.database, statement.sql_mode, statement.text);
        // Where it is has to be asked of the target, which is not what is tested here.
        if (!plan->trigger_databases.empty()) {
            for (const std::string& database : plan->trigger_databases)
                exec("", "",
                     "DROP TRIGGER IF EXISTS " + database + "." +
                         state::quote_identifier(plan->target_names[0].object));
            return;
        }
        ASSERT_EQ(plan->what, applier::statement_plan::action::execute);
        SCOPED_TRACE("as planned: " + plan->text);
        exec(plan->database, statement.sql_mode, plan->text);
        for (std::size_t i = 0; i < plan->source_names.size(); ++i)
            EXPECT_EQ(shown_as_on_source(client, plan->source_names[i]),
                      shown_as_on_source(client, plan->target_names[i]));
        ++executed;
    }
    void run(const named_selection& how) {
        for (const std::string& file : ddl_corpus_files()) {
            for (const char* const database : {"corpus", "corpus_copy", "corpus_dw", "elsewhere"})
                client.exec(fmt::format("SET foreign_key_checks = 0; DROP DATABASE IF EXISTS "
                                        "{0}; CREATE DATABASE {0}",
                                        database));
            for (const corpus_statement& statement : read_ddl_corpus(file)) {
                const bool executes = statement.expected == corpus_statement::outcome::executed;
                if (!statement.is_executable || !executes) continue;
                SCOPED_TRACE(how.name + ", " + statement.place + ": " + statement.text);
                try {
                    one(statement, how.selection);
                } catch (const sql_error& error) {
                    ADD_FAILURE() << error.what();
                }
            }
            if (how.name == "renamed database")
                EXPECT_EQ(counts("corpus"), counts("corpus_copy")) << file;
        }
    }

    live_server server =
        live_server::start(server_kind::mysql_97,
                           {.extra_args = {"--log-bin-trust-function-creators=1", "--sync-binlog=0",
                                           "--innodb-flush-log-at-trx-commit=0"}});
    sql_client client = server.root();
    std::size_t executed = 0;
};

TEST_F(corpus_run, makes_the_same_under_other_names) {
    const auto selections = ddl_corpus_selections();
    run(selections[1]);
    run(selections[2]);
    EXPECT_GE(executed, 700U);
}

} // namespace
} // namespace understudy::test
