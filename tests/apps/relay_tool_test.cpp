// The tool on captured binary logs of three servers, as a user runs it.

#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace understudy::apps {
namespace {

using namespace std::chrono_literals;

std::string captured(const std::string& name) {
    return UNDERSTUDY_SOURCE_DIR "/tests/data/binlog/" + name;
}

test::finished_process relay(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {UNDERSTUDY_PROGRAM, "relay"});
    return test::run_to_end({.argv = std::move(arguments), .environment = {}}, 30s);
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
        ++found;
    return found;
}

const std::string statements = captured("mysql_97_statements.binlog");
const std::string full = captured("mysql_97_all_types_full_metadata.binlog");

TEST(relay_tool, shows_transactions_of_old_and_new_servers) {
    for (const char* name : {"mysql_97_all_types.binlog", "mysql_97_all_types_full_metadata.binlog",
                             "mysql_56_all_types.binlog", "mariadb_1011.binlog"}) {
        SCOPED_TRACE(name);
        for (const char* how : {"--json", "--full"}) {
            const auto shown = relay({"show", how, captured(name)});
            EXPECT_EQ(shown.status.code, 0) << shown.error;
            EXPECT_GT(shown.output.size(), 500U);
        }
    }
}

TEST(relay_tool, shows_passwords_and_their_hashes_only_when_asked) {
    const std::string accounts = captured("mysql_97_accounts.binlog");
    const std::string hash = "$A$";
    for (const char* how : {"--full", "--json", "--sql"}) {
        SCOPED_TRACE(how);
        const auto shown = relay({"show", how, accounts});
        EXPECT_EQ(shown.status.code, 0) << shown.error;
        EXPECT_EQ(count(shown.output, hash), 0U);
        EXPECT_EQ(count(shown.output, "hidden"), 0U);
        EXPECT_EQ(count(shown.output, "AS <secret>"), 2U) << shown.output;
        EXPECT_EQ(count(shown.output, "GRANT SELECT ON `cap`.* TO 'cap'@'%'"), 1U);
        const auto asked = relay({"show", how, "--secrets", accounts});
        EXPECT_EQ(count(asked.output, hash), 2U);
        EXPECT_EQ(count(asked.output, "<secret>"), 0U);
    }
    const auto again = relay({"show", "--sql", accounts});
    EXPECT_EQ(count(again.output, "\nCREATE USER"), 0U);
    EXPECT_EQ(count(again.output, "\n-- left out, for it may have a password"), 2U);
    EXPECT_EQ(count(relay({"events", accounts}).output, hash), 0U);
    EXPECT_EQ(count(relay({"show", "--undo", accounts}).error, hash), 0U);
}

TEST(relay_tool, shows_what_mariadb_has_compressed) {
    const auto shown = relay({"show", captured("mariadb_1011_compressed.binlog")});
    ASSERT_EQ(shown.status.code, 0) << shown.error;
    EXPECT_EQ(count(shown.output, "INSERT ma.t  "), 1U) << shown.output;
    EXPECT_EQ(count(shown.output, "'cccccccccccccccccccc'"), 1U) << shown.output;
    EXPECT_EQ(count(shown.output, "  CREATE TABLE ma.longname (a INT) COMMENT"), 1U)
        << shown.output;
    const auto ddl = relay(
        {"show", "--table", "ma.longname", "--sql", captured("mariadb_1011_compressed.binlog")});
    EXPECT_EQ(count(ddl.output, "CREATE TABLE "), 1U) << ddl.output << ddl.error;
    // By its GTID, which stands before both.
    const auto at = shown.output.find("0-");
    ASSERT_NE(at, std::string::npos);
    const auto gtid = shown.output.substr(at, shown.output.find(' ', at) - at);
    const auto one = relay({"show", "--gtid", gtid, captured("mariadb_1011_compressed.binlog")});
    EXPECT_EQ(count(one.output, "  0-"), 1U) << one.output << one.error;
}

TEST(relay_tool, shows_documents_that_were_changed_by_parts) {
    const auto file = captured("mysql_97_payload_and_partial_json.binlog");
    const auto shown = relay({"show", "--where", "@1 = 1", "--full", file});
    ASSERT_EQ(shown.status.code, 0) << shown.error;
    EXPECT_EQ(count(shown.output, "{\"a\": 1, \"b\": \"looo"), 3U) << shown.output;
    EXPECT_EQ(count(shown.output, "→ {\"a\": 2, \"b\": \"looo"), 1U) << shown.output;
    const auto json = relay({"show", "--json", "--where", "after.@4 LIKE '{\"a\": 2, %'", file});
    ASSERT_EQ(json.status.code, 0) << json.error;
    EXPECT_EQ(count(json.output, "\"kind\":\"update\""), 1U) << json.output;
}

TEST(relay_tool, filters_by_kind_gtid_and_table) {
    const auto all = relay({"show", statements});
    ASSERT_EQ(all.status.code, 0) << all.error;
    EXPECT_GT(count(all.output, "  INSERT "), 0U);
    const auto inserts = relay({"show", "--kind", "insert", statements});
    EXPECT_EQ(count(inserts.output, "  INSERT "), count(all.output, "  INSERT "));
    EXPECT_EQ(count(inserts.output, "  DELETE "), 0U);
    const auto one = relay(
        {"show", "--gtid", "11111111-2222-3333-4444-555555555555:red_1:77", "--json", statements});
    EXPECT_EQ(one.status.code, 0);
    EXPECT_GT(count(one.output, "\n"), 0U);
    EXPECT_EQ(count(one.output, "red_1:77"), count(one.output, "\n"));
    EXPECT_EQ(relay({"show", "--table", "nowhere.*", statements}).output, "");
    const auto table = relay({"show", "--table", "types.numbers", full});
    EXPECT_GT(count(table.output, "  INSERT "), 0U) << table.output;
    EXPECT_EQ(relay({"show", "--table", "Types.NUMBERS", full}).output, "");
    EXPECT_EQ(relay({"show", "--table", "Types.NUMBERS", "-i", full}).output, table.output);
    EXPECT_EQ(relay({"show", "--since", "2099-01-01", statements}).output, "");
    EXPECT_EQ(relay({"show", "--min-rows", "1000000", statements}).output, "");
    EXPECT_EQ(relay({"show", "--min-bytes", "1GB", statements}).output, "");
}

TEST(relay_tool, says_when_no_table_has_the_column_of_a_condition) {
    const auto shown = relay({"show", "--where", "colour = 'red'", full});
    EXPECT_EQ(shown.status.code, 0);
    EXPECT_EQ(shown.output, "");
    EXPECT_NE(shown.error.find("has a column colour"), std::string::npos) << shown.error;
}

TEST(relay_tool, finds_rows_by_value_without_column_names) {
    const auto shown =
        relay({"show", "--where", "@1 = 1", "--kind", "insert", "--json", statements});
    EXPECT_EQ(shown.status.code, 0) << shown.error;
    EXPECT_GT(count(shown.output, "\"@1\":1,"), 0U) << shown.output;
    EXPECT_EQ(count(shown.output, "\"@1\":2,"), 0U);
}

TEST(relay_tool, undoes_from_the_last_row_to_the_first) {
    const auto redo = relay({"show", "--sql", "--kind", "insert,update,delete", full});
    const auto undo = relay({"show", "--undo", "--kind", "insert,update,delete", full});
    ASSERT_EQ(redo.status.code, 0) << redo.error;
    ASSERT_EQ(undo.status.code, 0) << undo.error;
    EXPECT_EQ(count(redo.output, "INSERT INTO "), count(undo.output, "DELETE FROM "));
    EXPECT_EQ(count(redo.output, "DELETE FROM "), count(undo.output, "INSERT INTO "));
    std::vector<std::string> first;
    std::vector<std::string> second;
    const auto comments = [](const std::string& text, std::vector<std::string>& into) {
        for (auto at = text.find("\n-- "); at != std::string::npos; at = text.find("\n-- ", at + 1))
            into.push_back(text.substr(at + 1, text.find('\n', at + 1) - at - 1));
    };
    comments("\n" + redo.output, first);
    comments("\n" + undo.output, second);
    ASSERT_GT(first.size(), 1U);
    std::ranges::reverse(second);
    EXPECT_EQ(first, second);
}

TEST(relay_tool, refuses_to_undo_what_cannot_be_undone) {
    const auto undo = relay({"show", "--undo", full});
    EXPECT_EQ(undo.status.code, 1);
    EXPECT_EQ(undo.output, "");
    EXPECT_NE(undo.error.find("cannot be taken back"), std::string::npos) << undo.error;
}

TEST(relay_tool, exports_a_whole_file_byte_for_byte) {
    const test::scratch_directory directory("export");
    for (const char* name : {"mysql_97_statements.binlog", "mysql_56_all_types.binlog",
                             "mariadb_1011.binlog", "mysql_97_payload_and_partial_json.binlog"}) {
        SCOPED_TRACE(name);
        const auto done = relay({"export", "-o", directory.path().string(), captured(name)});
        EXPECT_EQ(done.status.code, 0) << done.error;
        EXPECT_EQ(test::file_text(directory.path() / name), test::file_text(captured(name)));
        EXPECT_EQ(relay({"export", "-o", directory.path().string(), captured(name)}).status.code, 1)
            << "it must not write over a file";
    }
}

TEST(relay_tool, exported_parts_verify) {
    const test::scratch_directory directory("export");
    const auto part = (directory.path() / "part").string();
    const auto done = relay({"export", "-o", part, "--gtid",
                             "11111111-2222-3333-4444-555555555555:red_1:77", statements});
    ASSERT_EQ(done.status.code, 0) << done.error;
    const auto shown = relay({"show", "--json", part});
    EXPECT_EQ(shown.status.code, 0) << shown.error;
    EXPECT_EQ(count(shown.output, "red_1:77"), count(shown.output, "\n"));
}

TEST(relay_tool, verify_names_the_event_that_is_damaged) {
    const auto good = relay({"verify", statements});
    EXPECT_EQ(good.status.code, 0) << good.output << good.error;
    EXPECT_NE(good.output.find("good: "), std::string::npos) << good.output;
    const test::scratch_directory directory("damaged");
    auto bytes = test::file_text(statements);
    bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
    const auto damaged = directory.path() / "binlog.000001";
    std::ofstream(damaged, std::ios::binary) << bytes;
    const auto found = relay({"verify", damaged.string()});
    EXPECT_EQ(found.status.code, 1);
    EXPECT_NE(found.output.find("binlog.000001:"), std::string::npos) << found.output;
    EXPECT_NE(found.output.find("does not match"), std::string::npos) << found.output;
    std::ofstream(damaged, std::ios::binary) << bytes.substr(0, 200);
    EXPECT_EQ(relay({"ls", damaged.string()}).status.code, 0);
}

TEST(relay_tool, counts_and_lists) {
    const auto stat = relay({"stat", statements});
    EXPECT_EQ(stat.status.code, 0) << stat.error;
    EXPECT_NE(stat.output.find("st.t"), std::string::npos) << stat.output;
    const auto json = relay({"stat", "--json", statements});
    EXPECT_EQ(json.status.code, 0) << json.error;
    EXPECT_TRUE(json.output.starts_with("{\"transactions\":")) << json.output;
    const auto list = relay({"ls", statements, full});
    EXPECT_EQ(list.status.code, 0) << list.error;
    EXPECT_NE(list.output.find("2 in all"), std::string::npos) << list.output;
}

} // namespace
} // namespace understudy::apps
