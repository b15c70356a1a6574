// The console, driven in Chromium as a person would (drive*.mjs), against two servers and the
// daemon.

#include "tests/live/serving_daemon.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/source_and_target.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace understudy::test {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::IsEmpty;

const std::filesystem::path here = UNDERSTUDY_CONSOLE_TESTS;

std::string node_packages() {
    const auto fetched = run_to_end({.argv = {here / "fetch.sh"}, .environment = {}}, 300s);
    EXPECT_EQ(fetched.status.code, 0) << fetched.error;
    return fetched.output.substr(0, fetched.output.find('\n'));
}

// What the console is driven by, and whom it meets; `more` is what the script wants besides.
void drive(const char* script, serving_daemon& it, json::object more) {
    more["url"] = fmt::format("http://127.0.0.1:{}/", it.port());
    more["token"] = it.token();
    more["packages"] = node_packages();
    const auto driven = run_to_end({.argv = {"node", here / script},
                                    .environment = {"UNDERSTUDY_CONSOLE=" + json::serialize(more)}},
                                   500s);
    EXPECT_EQ(driven.status.code, 0) << driven.output << driven.error << file_text(it.output());
}

json::object access(const live_server& server) {
    return {{"mysql", server.tool("mysql").string()},
            {"socket", server.socket_path().string()},
            {"port", server.port()}};
}

// A shop; tables that are to stay where they are; an account that lacks what the precheck names.
pair_options shop() {
    pair_options options;
    options.objects.include = {"shop.*"};
    options.objects.exclude = {"shop.scratch"};
    options.objects.rename = {{"shop.orders", "shop.facts"}};
    options.source_privileges = "REPLICATION SLAVE, REPLICATION CLIENT, SELECT, SHOW VIEW, EVENT, "
                                "TRIGGER, PROCESS, SHOW_ROUTINE";
    return options;
}

constexpr const char* tables = R"sql(
CREATE DATABASE shop; CREATE DATABASE other; CREATE TABLE other.t (id INT PRIMARY KEY);
CREATE TABLE shop.customers (id INT PRIMARY KEY, name VARCHAR(40));
CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, customer VARCHAR(40), status VARCHAR(20));
CREATE TABLE shop.visits (at DATETIME, page VARCHAR(40));
CREATE TABLE shop.scratch (id INT PRIMARY KEY);
SET SESSION cte_max_recursion_depth = 100000;
INSERT INTO shop.customers WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    SELECT i, CONCAT('customer ', i) FROM n;
INSERT INTO shop.orders (customer, status) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    SELECT CONCAT('customer ', i % 3000), 'new' FROM n;
INSERT INTO shop.visits VALUES (NOW(), '/'), (NOW(), '/'), (NULL, NULL);
INSERT INTO shop.scratch VALUES (1);
ANALYZE TABLE shop.customers, shop.orders
)sql";

// With UNDERSTUDY_CONSOLE_IMAGES=DIR it leaves its screenshots there (docs/images, for the README).
TEST(console, leads_from_an_empty_page_to_an_equal_target) {
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, shop());
    pair.source_sql().exec(tables);
    serving_daemon it(pair.data_dir());
    const char* images = std::getenv("UNDERSTUDY_CONSOLE_IMAGES");
    drive("drive.mjs", it,
          {{"source", access(pair.source())},
           {"target", access(pair.target())},
           {"images", images == nullptr ? "" : images}});
    EXPECT_THAT(pair.compare(), IsEmpty());
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema.tables WHERE "
                                       "table_schema = 'shop' AND table_name IN "
                                       "('orders', 'scratch')"),
              "0");
    EXPECT_LT(it.terminate(), 10s);
}

TEST(console, says_what_is_wrong_and_takes_what_mends_it) {
    pair_options options;
    options.objects.include = {"shop.*"};
    source_and_target pair(server_kind::mysql_97, server_kind::mysql_97, options);
    pair.source_sql().exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY); "
                           "INSERT INTO shop.t VALUES (1)");
    scratch_directory directory("console");
    const auto tokens = directory.path() / "tokens";
    std::ofstream(tokens) << "viewer vera the-token-of-a-viewer\n";
    serving_daemon it(pair.data_dir(), {"--tokens", tokens});
    std::string definition = file_text(pair.task_file());
    const std::string user = "user = \"repl\"";
    definition.replace(definition.find(user), user.size(), "user = \"nobody\"");
    const json::object body{{"toml", definition}};
    ASSERT_EQ(it.call("POST", "/api/v1/tasks", json::serialize(body)).status, 201);
    ASSERT_EQ(it.call("POST", "/api/v1/tasks/test/start").status, 202);
    ASSERT_TRUE(it.wait_for("test", "precheck failed")) << file_text(it.output());
    drive("drive_trouble.mjs", it,
          {{"viewer", "the-token-of-a-viewer"},
           {"tokens", tokens.string()},
           {"daemon", it.process().pid()}});
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM shop.t"), "1");
}

} // namespace
} // namespace understudy::test
