// The corpus of DDL from MySQL 5.6 and from MariaDB 10.11, through two tasks that run: one keeps
// the names, the other renames database and tables. What both made must be the same but for the
// names, and what the source has.

#include "tests/support/ddl_corpus.hpp"
#include "tests/support/ddl_corpus_objects.hpp"
#include "tests/support/ddl_corpus_selections.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using testing::IsEmpty;

// Statements between two comparisons: each of them waits for both tasks.
constexpr int statements_at_once = 25;

struct corpus_task {
    std::string name;
    named_selection how;
    std::filesystem::path data_dir;
    std::optional<running_task> run{};
    // What is not executed here, because it stops the task; empty: nothing may.
    std::string may_stop_at{};
    int stops = 0;
};

class corpus_of_older_source : public testing::TestWithParam<server_kind> {
protected:
    static pair_options options() {
        pair_options made;
        made.objects.include = {"corpus.*"};
        made.objects.exclude = {"corpus.articles"};
        made.source.extra_args = {"--log-bin-trust-function-creators=1", "--sync-binlog=0",
                                  "--innodb-flush-log-at-trx-commit=0"};
        made.target.extra_args = made.source.extra_args;
        return made;
    }
    corpus_of_older_source() {
        auto selections = ddl_corpus_selections();
        const auto beside = pair.data_dir().parent_path();
        tasks.push_back({"plain", std::move(selections[0]), beside / "plain"});
        tasks.push_back({"renamed", std::move(selections[2]), beside / "renamed"});
    }
    sql_client& source() { return pair.source_sql(); }
    sql_client& target() { return pair.target_sql(); }

    // The task file is this task's from here on.
    void write_task_file(const corpus_task& task) {
        pair.options().name = task.name;
        pair.options().objects.rename = {task.how.renames.begin(), task.how.renames.end()};
        pair.write_task_file();
    }
    void start(corpus_task& task) {
        write_task_file(task);
        task.run.emplace(pair.start_task({"--data-dir", task.data_dir}));
    }
    void stop(corpus_task& task) {
        task.run->signal(SIGTERM);
        const auto ended = task.run->wait(60s);
        EXPECT_TRUE(ended && ended->code == 0) << task.run->error() << task.run->output();
    }

    // As the session of somebody who has the default database and the mode; false: the source
    // refuses it.
    bool is_taken(const corpus_statement& statement) {
        sql_client session = pair.source().root();
        if (!statement.database.empty()) session.exec("USE `" + statement.database + "`");
        session.exec("SET foreign_key_checks = 0");
        if (statement.has_mode) session.exec("SET sql_mode = '" + statement.sql_mode + "'");
        try {
            session.exec(statement.text);
            return true;
        } catch (const sql_error& error) {
            refused = error.what();
            return false;
        }
    }

    // Until both tasks have what the source has. One that stopped is told, and goes on without the
    // statement.
    void meet() {
        source().exec(fmt::format("UPDATE corpus.mark SET n = {}", ++mark));
        for (corpus_task& task : tasks) {
            const std::string table = task.how.selection.map("corpus", "mark").to_string();
            const auto is_there = [&] {
                try {
                    return target().scalar("SELECT COALESCE(MAX(n), 0) FROM " + table) ==
                           std::to_string(mark);
                } catch (const sql_error&) {
                    return false; // it is not copied yet
                }
            };
            while (!wait_until([&] { return is_there() || !task.run->running(); }, 60s, 3ms) ||
                   !is_there()) {
                ASSERT_FALSE(task.run->running()) << task.name << " does not get any further";
                ASSERT_NO_FATAL_FAILURE(go_on(task));
            }
        }
    }
    void go_on(corpus_task& task) {
        const std::string said = task.run->error() + task.run->output();
        const bool was_expected = !task.may_stop_at.empty() && said.contains(task.may_stop_at);
        if (!was_expected) ADD_FAILURE() << task.name << " stopped: " << said;
        ++task.stops;
        std::smatch found;
        ASSERT_TRUE(std::regex_search(said, found, std::regex("skip TASK.toml --at '([^']*)'")))
            << said;
        write_task_file(task);
        const auto skipped = pair.run_program({"skip", pair.task_file(), "--at", found[1].str()});
        ASSERT_EQ(skipped.status.code, 0) << skipped.error;
        start(task);
    }

    void expect_equal() {
        object_selection own;
        own.include = {"corpus.*"};
        own.exclude = {"corpus.articles"};
        EXPECT_THAT(compare(source(), target(), own), IsEmpty());
        const auto& renames = tasks[1].how.selection;
        for (const auto& [kind, object, table] : objects("'corpus'")) {
            const state::object_name under_own{"corpus", object};
            auto under_other = renames.map("corpus", object);
            if (kind == "trigger") under_other = {renames.map("corpus", table).database, object};
            EXPECT_EQ(shown_as_on_source(target(), under_own),
                      shown_as_on_source(target(), under_other));
        }
        EXPECT_EQ(objects("'corpus'").size(), objects("'corpus_copy', 'corpus_dw'").size());
        EXPECT_EQ(shown_as_on_source(target(), {"corpus", ""}),
                  shown_as_on_source(target(), {"corpus_copy", ""}));
    }
    struct object {
        std::string kind;
        std::string name;
        std::string table; // of a trigger
    };
    std::vector<object> objects(const std::string& databases) {
        std::vector<object> found;
        for (const auto& row : target().query(fmt::format(
                 "SELECT 'table', table_name, '' FROM information_schema.tables WHERE table_schema "
                 "IN ({0}) UNION ALL SELECT 'routine', routine_name, '' FROM "
                 "information_schema.routines WHERE routine_schema IN ({0}) UNION ALL SELECT "
                 "'trigger', trigger_name, event_object_table FROM information_schema.triggers "
                 "WHERE trigger_schema IN ({0}) UNION ALL SELECT 'event', event_name, '' FROM "
                 "information_schema.events WHERE event_schema IN ({0})",
                 databases)))
            found.push_back({row[0].value(), row[1].value(), row[2].value()});
        return found;
    }

    // Everything in the database but the mark, statement by statement.
    void clear() {
        const auto drop = [this](const std::string& kind, const std::string& sql) {
            for (const auto& row : source().query(sql))
                source().exec(fmt::format("DROP {} corpus.{}", kind,
                                          state::quote_identifier(row[0].value())));
        };
        source().exec("SET foreign_key_checks = 0");
        drop("VIEW", "SELECT table_name FROM information_schema.views WHERE table_schema = "
                     "'corpus'");
        drop("TABLE", "SELECT table_name FROM information_schema.tables WHERE table_schema = "
                      "'corpus' AND table_name <> 'mark'");
        for (const std::string kind : {"PROCEDURE", "FUNCTION"})
            drop(kind, "SELECT routine_name FROM information_schema.routines WHERE routine_schema "
                       "= 'corpus' AND routine_type = '" +
                           kind + "'");
        drop("EVENT", "SELECT event_name FROM information_schema.events WHERE event_schema = "
                      "'corpus'");
        source().exec("ALTER DATABASE corpus CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci");
    }

    void run_file(const std::string& file, bool is_of_this_server) {
        int since_compared = 0;
        for (const corpus_statement& statement : read_ddl_corpus(file)) {
            if (!statement.is_executable) continue;
            if (std::ranges::find(statement.not_for, to_string(GetParam())) !=
                statement.not_for.end())
                continue;
            SCOPED_TRACE(statement.place + ": " + statement.text);
            const bool stops = statement.expected == corpus_statement::outcome::refused ||
                               statement.expected == corpus_statement::outcome::stopped;
            if (stops) ASSERT_NO_FATAL_FAILURE(meet());
            if (!is_taken(statement)) {
                EXPECT_FALSE(is_of_this_server) << refused;
                continue;
            }
            ++executed;
            if (stops) {
                ASSERT_NO_FATAL_FAILURE(expect_stop(statement));
                since_compared = 0; // not before the next one has made both equal again
            } else if (++since_compared == statements_at_once) {
                ASSERT_NO_FATAL_FAILURE(meet());
                expect_equal();
                since_compared = 0;
            }
        }
        ASSERT_NO_FATAL_FAILURE(meet());
        expect_equal();
    }
    void expect_stop(const corpus_statement& statement) {
        for (corpus_task& task : tasks) {
            task.may_stop_at = statement.text.substr(0, statement.text.find(' '));
            task.stops = 0;
        }
        ASSERT_NO_FATAL_FAILURE(meet());
        for (corpus_task& task : tasks) {
            EXPECT_EQ(task.stops, 1) << task.name;
            task.may_stop_at.clear();
        }
    }

    source_and_target pair{GetParam(), server_kind::mysql_97, options()};
    std::vector<corpus_task> tasks;
    int mark = 0;
    int executed = 0;
    std::string refused;
};

TEST_P(corpus_of_older_source, makes_the_same_under_its_own_and_under_other_names) {
    source().exec("CREATE DATABASE elsewhere; CREATE DATABASE corpus CHARACTER SET utf8mb4; CREATE "
                  "TABLE corpus.mark (n INT PRIMARY KEY) ENGINE=InnoDB; INSERT INTO corpus.mark "
                  "VALUES (0)");
    for (corpus_task& task : tasks) {
        start(task);
        ASSERT_TRUE(wait_until([&] { return task.run->error().contains("streaming"); }))
            << task.run->error() << task.run->output();
    }
    auto files = ddl_corpus_files();
    const auto own = ddl_corpus_files(std::string(to_string(GetParam())));
    EXPECT_THAT(own, testing::Not(IsEmpty()));
    for (const auto& file : files) {
        ASSERT_NO_FATAL_FAILURE(run_file(file, false));
        clear();
    }
    EXPECT_GE(executed, is_mariadb(GetParam()) ? 350 : 300);
    for (const auto& file : own) {
        ASSERT_NO_FATAL_FAILURE(run_file(file, true));
        clear();
    }
    for (corpus_task& task : tasks)
        stop(task);
    RecordProperty("executed", executed);
}

INSTANTIATE_TEST_SUITE_P(of, corpus_of_older_source,
                         testing::Values(server_kind::mysql_56, server_kind::mariadb_1011),
                         [](const auto& info) {
                             return is_mariadb(info.param) ? "mariadb_1011" : "mysql_56";
                         });

} // namespace
} // namespace understudy::test
