#include "state/errc.hpp"
#include "state/task_file.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace understudy::state {
namespace {

// A good file with places to break it. Line 1 is "name".
struct pieces {
    std::string name = "name = \"shop\"";
    std::string source = "host = \"db1\"\nuser = \"repl\"\npassword = \"s3cr3t\"";
    std::string target = "host = \"db2\"\nuser = \"app\"\npassword = \"s3cr3t\"";
    std::string objects = "include = [\"shop.*\"]";
    std::string rest = {};

    [[nodiscard]] std::string text() const {
        return name + "\n[source]\n" + source + "\n[target]\n" + target + "\n[objects]\n" +
               objects + "\n" + rest;
    }
};

std::string refusal(const std::string& text, const std::string& file_name = "t.toml") {
    const test::scratch_directory scratch("bad");
    const auto file = scratch.path() / file_name;
    std::ofstream(file) << text;
    const auto result = read_task_file(file);
    if (result) return "(accepted)";
    EXPECT_EQ(result.error().code, errc::task_file_invalid);
    std::string what = result.error().what;
    EXPECT_EQ(what.find("s3cr3t"), std::string::npos) << "a password is told: " << what;
    const std::string directory = scratch.path().string() + "/";
    for (auto at = what.find(directory); at != std::string::npos; at = what.find(directory)) {
        what.erase(at, directory.size());
    }
    return what;
}

struct bad_file {
    const char* name;
    pieces text;
    const char* message;
};

void expect_refusals(const std::vector<bad_file>& cases) {
    for (const bad_file& one : cases) {
        SCOPED_TRACE(one.name);
        EXPECT_EQ(refusal(one.text.text()), one.message);
    }
}

TEST(bad_task_file, the_pieces_alone_are_good) {
    EXPECT_EQ(refusal(pieces{}.text()), "(accepted)");
}

TEST(bad_task_file, keys_nobody_knows) {
    expect_refusals({
        {"misspelt key",
         {.source = "host = \"a\"\nuser = \"u\"\npassword = \"\"\nprot = 1"},
         "t.toml:6:1: source.prot: unknown key; did you mean \"port\"?"},
        {"misspelt section",
         {.rest = "[relays]\nbytes_max = 0"},
         "t.toml:12:2: relays: unknown key; did you mean \"relay\"?"},
        {"nothing like it",
         {.rest = "[conflict]\nsomething_else_entirely = 1"},
         "t.toml:13:1: conflict.something_else_entirely: unknown key; known here are "
         "\"existing_tables\", \"differing_tables\""},
        {"in tls",
         {.source = "host = \"a\"\nuser = \"u\"\npassword = \"\"\ntls.moed = \"disabled\""},
         "t.toml:6:5: source.tls.moed: unknown key; did you mean \"mode\"?"},
    });
}

TEST(bad_task_file, rules_for_tables_that_mean_nothing) {
    expect_refusals({
        {"no table",
         {.rest = "[objects.tables.\"shop\"]"},
         "t.toml:12:1: objects.tables.shop: name tables, \"db.table\", with wildcards if you like"},
        {"unknown key",
         {.rest = "[objects.tables.\"shop.a\"]\nwher = \"a = 1\""},
         "t.toml:13:1: objects.tables.shop.a.wher: unknown key; did you mean \"where\"?"},
        {"condition",
         {.rest = "[objects.tables.\"shop.a\"]\nwhere = \"a like\""},
         "t.toml:12:1: objects.tables.shop.a: where: the condition should have a column or a value "
         "at character 7, but it ends"},
        {"constant",
         {.rest = "[objects.tables.\"shop.a\"]\nadd_columns = { a = 1.5 }"},
         "t.toml:13:21: objects.tables.shop.a.add_columns: found the number 1.500000; allowed is a "
         "table of texts "
         "and integers, { \"origin\" = \"shop1\", \"shard\" = 1 }"},
        {"new name",
         {.rest = "[objects.tables.\"shop.a\"]\nrename_columns = { a = 1 }"},
         "t.toml:13:24: objects.tables.shop.a.rename_columns: found 1; allowed is a table of "
         "texts, "
         "{ \"column\" = \"other_column\" }"},
    });
}

TEST(bad_task_file, values_of_the_wrong_kind_or_size) {
    expect_refusals({
        {"port",
         {.source = "host = \"a\"\nuser = \"u\"\npassword = \"\"\nport = 99999"},
         "t.toml:6:8: source.port: found 99999; allowed is an integer from 1 to 65535"},
        {"port as text",
         {.source = "host = \"a\"\nuser = \"u\"\npassword = \"\"\nport = \"3306\""},
         "t.toml:6:8: source.port: found \"3306\"; allowed is an integer from 1 to 65535"},
        {"host as number",
         {.source = "host = 7\nuser = \"u\"\npassword = \"\""},
         "t.toml:3:8: source.host: found 7; allowed is a text in quotes, not empty"},
        {"password as number",
         {.source = "host = \"a\"\nuser = \"u\"\npassword = 12345"},
         "t.toml:5:12: source.password: is not a text; allowed is a text in quotes"},
        {"boolean",
         {.rest = "[initial]\nschema = \"yes\""},
         "t.toml:13:10: initial.schema: found \"yes\"; allowed are true and false"},
        {"choice",
         {.rest = "[conflict]\nexisting_tables = \"overwrite\""},
         "t.toml:13:19: conflict.existing_tables: found \"overwrite\"; allowed are \"intercept\", "
         "\"ignore\", \"adopt\""},
        {"differing tables",
         {.rest = "[conflict]\nexisting_tables = \"ignore\"\ndiffering_tables = \"drop\""},
         "t.toml:14:20: conflict.differing_tables: found \"drop\"; allowed are \"stop\", "
         "\"common-columns\", \"set-aside\""},
        {"differing tables that are not kept",
         {.rest = "[conflict]\ndiffering_tables = \"common-columns\""},
         "t.toml:13:20: conflict.differing_tables: is for conflict.existing_tables = \"ignore\" "
         "only: other tables have to be as on the source"},
        {"differing tables without a copy",
         {.rest = "[conflict]\nexisting_tables = \"ignore\"\ndiffering_tables = "
                  "\"common-columns\"\n[initial]\ndata = false"},
         "t.toml:14:20: conflict.differing_tables: is decided when rows are copied, which "
         "initial.data = false leaves out"},
        {"adopt without the policy",
         {.rest = "[adopt]\ngtid_set = "
                  "\"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5\""},
         "t.toml:12:1: adopt: is for conflict.existing_tables = \"adopt\" only"},
        {"adopt at two places",
         {.rest = "[conflict]\nexisting_tables = \"adopt\"\n[adopt]\nfile = \"b.1\"\noffset = "
                  "4\ngtid_set = \"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5\""},
         "t.toml:17:12: adopt.gtid_set: stands beside file and offset; give one of them"},
        {"adopt without an offset",
         {.rest = "[conflict]\nexisting_tables = \"adopt\"\n[adopt]\nfile = \"b.1\""},
         "t.toml:15:8: adopt.file: file and offset go together"},
        {"adopt by no GTID",
         {.rest = "[conflict]\nexisting_tables = \"adopt\"\n[adopt]\ngtid_set = \"now\""},
         "t.toml:15:12: adopt.gtid_set: GTID set: 'now' does not start with a UUID"},
        {"adopt and copy",
         {.rest = "[conflict]\nexisting_tables = \"adopt\"\n[initial]\nschema = true"},
         "t.toml:15:10: initial.schema: is not made with conflict.existing_tables = \"adopt\": "
         "what is "
         "on the target is taken as it is"},
        {"tls mode",
         {.source = "host = \"a\"\nuser = \"u\"\npassword = \"\"\ntls.mode = \"on\""},
         "t.toml:6:12: source.tls.mode: found \"on\"; allowed are \"disabled\", \"preferred\", "
         "\"required\", "
         "\"verify-ca\", \"verify-identity\""},
        {"duration without unit",
         {.source = "host = \"a\"\nuser = \"u\"\npassword = \"\"\nread_timeout = 10"},
         "t.toml:6:16: source.read_timeout: found 10; allowed is a time with its unit, such as "
         "\"500ms\", \"10s\", "
         "\"5m\" or \"24h\", from 1ms to 365d"},
        {"size",
         {.rest = "[initial]\nchunk_bytes = \"1k\""},
         "t.toml:13:15: initial.chunk_bytes: found \"1k\"; allowed is a size such as 1048576, "
         "\"64MB\" or \"64MiB\" "
         "of at least 64 KiB and at most 64 MiB"},
        {"size with zero",
         {.rest = "[relay]\nbytes_max = 100"},
         "t.toml:13:13: relay.bytes_max: found 100; allowed is a size such as 1048576, \"64MB\" or "
         "\"64MiB\" "
         "of at least 1 MiB, or 0"},
        {"table instead of value",
         {.rest = "[relay.zstd_level]"},
         "t.toml:12:1: relay.zstd_level: found a table; allowed is an integer from -7 to 19"},
        {"value instead of table",
         {.name = "relay = 7"},
         "t.toml:1:9: relay: found 7; allowed is a table, [relay]"},
        {"list",
         {.objects = "include = \"shop.*\""},
         "t.toml:11:11: objects.include: found \"shop.*\"; allowed is a list of texts, [\"a\", "
         "\"b\"]"},
        {"number in a list",
         {.objects = "include = [\"shop.*\", 7]"},
         "t.toml:11:22: objects.include: found 7 in the list; allowed are texts in quotes"},
        {"name",
         {.name = "name = \"my shop\""},
         "t.toml:1:8: name: found \"my shop\"; allowed are 1 to 64 letters (a-z, A-Z), digits, - "
         "and _"},
        {"what to do about conflicts",
         {.rest = "[apply]\non_conflict = \"skip\""},
         "t.toml:13:15: apply.on_conflict: found \"skip\"; allowed are \"stop\", \"overwrite\", "
         "\"ignore\", \"quarantine\""},
        {"lag without replicas",
         {.rest = "[apply.throttle]\nreplica_lag_max = \"5s\""},
         "t.toml:12:1: apply.throttle.replicas: replica_lag_max and replicas go together"},
        {"replica without a host",
         {.rest = "[apply.throttle]\nreplica_lag_max = \"5s\"\nreplicas = [\"db2\", \":3306\"]"},
         "t.toml:14:12: apply.throttle.replicas: found \":3306\"; allowed is \"host\" or "
         "\"host:port\""},
        {"meta database",
         {.rest = "[apply]\nmeta_database = \"MySQL\""},
         "t.toml:13:17: apply.meta_database: found \"MySQL\"; allowed is a name of up to 64 "
         "characters that is no "
         "system schema"},
    });
}

TEST(bad_task_file, things_that_do_not_go_together) {
    expect_refusals({
        {"two passwords",
         {.source = "host = \"a\"\nuser = \"u\"\npassword = \"s3cr3t\"\npassword_env = \"HOME\""},
         "t.toml:5:12: source.password: is given more than once; allowed is one of password, "
         "password_file, password_env and password_command"},
        {"no password",
         {.source = "host = \"a\"\nuser = \"u\""},
         "t.toml:2:1: source.password: is missing; needed is one of password, password_file, "
         "password_env and password_command"},
        {"password file that is not there",
         {.source = "host = \"a\"\nuser = \"u\"\npassword_file = \"pw\""},
         "t.toml:5:17: source.password_file: pw: cannot open: No such file or directory"},
        {"variable that is not set",
         {.source = "host = \"a\"\nuser = \"u\"\npassword_env = \"UNDERSTUDY_TEST_NOT_SET\""},
         "t.toml:5:16: source.password_env: the environment variable it names is not set"},
        {"host and socket",
         {.source = "host = \"a\"\nsocket = \"/s\"\nuser = \"u\"\npassword = \"\""},
         "t.toml:3:8: source.host: is given beside socket; a server is reached by host and port, "
         "or "
         "by its Unix socket"},
        {"a socket that is no path",
         {.source = "socket = \"mysqld.sock\"\nuser = \"u\"\npassword = \"\""},
         "t.toml:3:10: source.socket: found \"mysqld.sock\"; allowed is a path from / on"},
        {"a level of nothing",
         {.source = "host = \"a\"\nuser = \"u\"\npassword = \"\"\nzstd_level = 3"},
         "t.toml:6:14: source.zstd_level: is of use with compression = \"zstd\" only"},
        {"host and hosts",
         {.source = "host = \"a\"\nhosts = [\"b\"]\nuser = \"u\"\npassword = \"\""},
         "t.toml:3:8: source.host: is given beside hosts; allowed is one of them"},
        {"no hosts",
         {.source = "hosts = []\nuser = \"u\"\npassword = \"\""},
         "t.toml:3:9: source.hosts: is empty; needed is at least one server"},
        {"a host twice",
         {.source = "hosts = [\"a\", \"a:3306\"]\nuser = \"u\"\npassword = \"\""},
         "t.toml:3:9: source.hosts: names \"a:3306\" twice"},
        {"a port that is none",
         {.source = "hosts = [\"a:x\"]\nuser = \"u\"\npassword = \"\""},
         "t.toml:3:9: source.hosts: found \"a:x\"; allowed are \"host\", \"host:port\" and \"[IPv6 "
         "address]:port\""},
        {"verify without ca",
         {.source = "host = \"a\"\nuser = \"u\"\npassword = \"\"\ntls.mode = \"verify-ca\""},
         "t.toml:6:1: source.tls.ca: is missing; tls.mode \"verify-ca\" needs the file of the "
         "authority that signed "
         "the server's certificate"},
        {"missing ca file",
         {.source = "host = \"a\"\nuser = \"u\"\npassword = \"\"\ntls.ca = \"ca.pem\""},
         "t.toml:6:10: source.tls.ca: there is no file ca.pem"},
        {"heartbeat beyond the timeout",
         {.rest = "[replica]\nheartbeat_period = \"60s\""},
         "t.toml:13:20: replica.heartbeat_period: is not less than source.read_timeout: an idle "
         "source would be taken "
         "for a lost one"},
        {"memory for no frame",
         {.rest = "[relay]\nframe_bytes = \"16MiB\""},
         "t.toml:12:1: relay.memory_bytes: is less than four times relay.frame_bytes; frames are "
         "made, written and "
         "read at the same time"},
    });
}

TEST(bad_task_file, objects_and_renames) {
    expect_refusals({
        {"nothing included",
         {.objects = "include = []"},
         "t.toml:11:11: objects.include: the list is empty; nothing would be replicated"},
        {"include missing",
         {.objects = ""},
         "t.toml:10:1: objects.include: is missing; needed is what to replicate, such as "
         "[\"shop.*\", "
         "\"crm.customers\"]"},
        {"pattern",
         {.objects = "include = [\"a.b.c\"]"},
         "t.toml:11:12: objects.include: found \"a.b.c\"; more than one dot; put back-ticks around "
         "a name that holds "
         "one; allowed are \"db\", \"db.*\" and \"db.table\", with * and ? in both parts"},
        {"system schema",
         {.objects = "include = [\"shop.*\", \"mysql.user\"]"},
         "t.toml:11:22: objects.include: found \"mysql.user\"; system schemas are never "
         "replicated"},
        {"rename of what is not included",
         {.objects = "include = [\"shop.*\"]\nrename = { \"crm\" = \"c\" }"},
         "t.toml:12:20: objects.rename: renaming \"crm\" to \"c\": `crm` is not selected by "
         "objects.include"},
        {"two for one",
         {.objects =
              "include = [\"shop.*\"]\nrename.\"shop.a\" = \"x.c\"\nrename.\"shop.b\" = \"x.c\""},
         "t.toml:13:19: objects.rename: `shop`.`a` and `shop`.`b` would both be `x`.`c` on the "
         "target; rename one of "
         "them to something else or exclude it, or name it in objects.merge to merge their rows"},
        {"merged without saying so",
         {.objects = "include = [\"*\"]\nrename.\"s_*.a\" = \"x.a\"\nmerge = [\"x.b\"]"},
         "t.toml:12:18: objects.rename: renaming \"s_*.a\" to \"x.a\": several tables would have "
         "one name on the target; to merge their rows name it in objects.merge"},
        {"no way to treat what alters merged tables",
         {.objects = "include = [\"*\"]\nmerged_ddl = \"twice\""},
         "t.toml:12:14: objects.merged_ddl: found \"twice\"; allowed are \"stop\", "
         "\"once\""},
        {"name with a dot, not quoted",
         {.objects = "include = [\"shop.*\"]\nrename.shop.a = \"x.c\""},
         "t.toml:12:8: objects.rename: found a table for \"shop\"; allowed is a text in quotes "
         "(put quotes around a "
         "name with a dot)"},
    });
}

TEST(bad_task_file, accounts) {
    const std::string accounts = "include = [\"shop.*\"]\naccounts = ";
    EXPECT_EQ(refusal(pieces{.objects = accounts + "[\"web@%\", \"*\"]"}.text()), "(accepted)");
    expect_refusals(
        {{"no account",
          {.objects = accounts + "[\"app@\"]"},
          "t.toml:12:13: objects.accounts: found \"app@\"; \"app@\" is no account (user@host); "
          "allowed are \"user@host\", with * in both parts, and \"*\""},
         {"the task's own",
          {.objects = accounts + "[\"repl@%\"]"},
          "t.toml:12:13: objects.accounts: found \"repl@%\"; \"repl@%\" is an account that the "
          "task "
          "itself signs in with; allowed are \"user@host\", with * in both parts, and \"*\""}});
}

TEST(bad_task_file, all_problems_are_told_together_in_the_order_of_the_file) {
    EXPECT_EQ(
        refusal(
            "[source]\nhost = \"a\"\nport = 0\n[target]\nuser = \"u\"\npassword = \"s3cr3t\"\n"),
        "t.toml:1:1: objects: is missing; needed is a table with include = [\"db.*\"]\n"
        "t.toml:1:1: source.password: is missing; needed is one of password, password_file, "
        "password_env and password_command\n"
        "t.toml:1:1: source.user: is missing; needed is the account to sign in with\n"
        "t.toml:3:8: source.port: found 0; allowed is an integer from 1 to 65535\n"
        "t.toml:4:1: target.host: is missing; needed is a name or an address, or socket = the path "
        "of a Unix "
        "socket");
}

TEST(bad_task_file, syntax_errors_have_their_place) {
    const std::string what = refusal("[source]\nhost = \n");
    EXPECT_TRUE(what.starts_with("t.toml:2:8: ")) << what;
    EXPECT_TRUE(
        refusal("[source]\npassword = \"s3cr3t\npassword = \"x\"\n").starts_with("t.toml:2:"));
    EXPECT_TRUE(refusal("[source]\npassword = s3cr3t\n").starts_with("t.toml:2:"));
    EXPECT_TRUE(refusal("name = \"a\"\nname = \"b\"\n").starts_with("t.toml:2:"));
}

TEST(bad_task_file, a_file_name_that_is_no_task_name_needs_a_name_inside) {
    EXPECT_EQ(refusal(pieces{.name = ""}.text(), "my shop.toml"),
              "my shop.toml:1:1: name: is missing and the file's name will not do; allowed are 1 "
              "to 64 letters (a-z, "
              "A-Z), digits, - and _");
}

} // namespace
} // namespace understudy::state
