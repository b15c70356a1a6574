// The console, driven in Chromium as a person would (drive.mjs), against two servers and the
// daemon.

#include "tests/live/serving_daemon.hpp"
#include "tests/support/source_and_target.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace understudy::test {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using testing::IsEmpty;

const std::filesystem::path here = UNDERSTUDY_CONSOLE_TESTS;

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
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
    const auto fetched = run_to_end({.argv = {here / "fetch.sh"}, .environment = {}}, 300s);
    ASSERT_EQ(fetched.status.code, 0) << fetched.error;
    const char* images = std::getenv("UNDERSTUDY_CONSOLE_IMAGES");
    const json::object given{{"url", fmt::format("http://127.0.0.1:{}/", it.port())},
                             {"token", it.token()},
                             {"playwright", first_line(fetched.output)},
                             {"source", access(pair.source())},
                             {"target", access(pair.target())},
                             {"images", images == nullptr ? "" : images}};
    const auto driven =
        run_to_end({.argv = {"node", here / "drive.mjs"},
                    .environment = {"UNDERSTUDY_CONSOLE=" + json::serialize(given)}},
                   500s);
    ASSERT_EQ(driven.status.code, 0) << driven.output << driven.error << file_text(it.output());
    EXPECT_THAT(pair.compare(), IsEmpty());
    EXPECT_EQ(pair.target_sql().scalar("SELECT COUNT(*) FROM information_schema.tables WHERE "
                                       "table_schema = 'shop' AND table_name IN "
                                       "('orders', 'scratch')"),
              "0");
    EXPECT_LT(it.terminate(), 10s);
}

} // namespace
} // namespace understudy::test
