// Tables of real servers, cut into parts by keys of many types: every row in one part, and parts of
// about the same size.

#include "snapshot/key_splitter.hpp"
#include "snapshot/source_catalog.hpp"
#include "snapshot/source_session.hpp"
#include "tests/support/live_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace understudy::test {
namespace {

using boost::asio::awaitable;
using protocol::result;
using snapshot::key_range;

constexpr std::uint32_t parts_wanted = 8;

// Columns and key of a table, and how its rows are made of a number i and pseudo-random text.
struct cut_table {
    const char* name;
    const char* definition;
    const char* row;
    bool is_cut = true;
};

constexpr cut_table tables[] = {
    {"uuids", "k CHAR(36) CHARACTER SET ascii, PRIMARY KEY (k)",
     "CONCAT(LEFT(SHA2(i, 256), 8), '-', RIGHT(SHA2(i, 256), 27))"},
    {"binary_uuids", "k BINARY(16), PRIMARY KEY (k)", "UNHEX(LEFT(SHA2(i, 256), 32))"},
    {"one_kind", "kind VARCHAR(10) CHARACTER SET utf8mb4, id BIGINT, PRIMARY KEY (kind, id)",
     "IF(i % 20 = 0, CONCAT('kind', i % 7), 'view'), i"},
    {"tenants", "tenant INT UNSIGNED, k CHAR(32) CHARACTER SET latin1, PRIMARY KEY (tenant, k)",
     "IF(i % 10 = 0, 4000000000 + i % 3, 7), LEFT(SHA2(i, 256), 32)"},
    {"skewed", "id BIGINT UNSIGNED, PRIMARY KEY (id)", "IF(i % 2 = 0, i, 9000000000000000000 + i)"},
    {"times", "made DATETIME, id INT, PRIMARY KEY (made, id)",
     "'2020-02-29 12:00:00' + INTERVAL FLOOR(SQRT(i)) HOUR, i"},
    {"names", "name VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_bin, PRIMARY KEY (name)",
     "CONCAT('user:', LPAD(i, 8, '0'))"},
    {"prices", "price DECIMAL(20, 4), ratio DOUBLE, PRIMARY KEY (price, ratio)",
     "FLOOR(i / 100) / 10, i / 7"},
    {"letters", "name VARCHAR(40) CHARACTER SET utf8mb4, PRIMARY KEY (name)",
     "CONCAT(_utf8mb4 x'D0B8D0BCD18F', LPAD(i, 8, '0'))"},
    // No index helps to find what is behind a number of an ENUM.
    {"labels", "label ENUM('b', 'a'), id INT, PRIMARY KEY (label, id)", "1 + (i % 100 = 0), i",
     false},
};

class key_splitter : public testing::TestWithParam<server_kind> {
protected:
    void SetUp() override {
        auto sql = server.root();
        sql.exec("CREATE USER copy@'%' IDENTIFIED BY 'pass'; GRANT ALL ON *.* TO copy@'%'; CREATE "
                 "DATABASE cut; CREATE TABLE cut.n (i INT PRIMARY KEY); INSERT INTO cut.n VALUES "
                 "(0)");
        for (int size = 1; size < rows; size *= 2)
            sql.exec(fmt::format("INSERT INTO cut.n SELECT i + {} FROM cut.n", size));
        for (const cut_table& table : tables)
            sql.exec(fmt::format("CREATE TABLE cut.{0} ({1}) ENGINE=InnoDB; INSERT INTO cut.{0} "
                                 "SELECT {2} FROM cut.n; ANALYZE TABLE cut.{0}",
                                 table.name, table.definition, table.row));
        sql.exec("DROP TABLE cut.n");
    }
    template<typename T>
    T run(awaitable<T> what) {
        auto done = boost::asio::co_spawn(loop, std::move(what), boost::asio::use_future);
        loop.restart();
        loop.run();
        return done.get();
    }
    awaitable<result<std::vector<snapshot::source_table>>> read_tables() {
        snapshot::source_link source{loop.get_executor(), account(), [](const std::string&) {},
                                     &stop};
        auto session = co_await snapshot::open_source(source);
        if (!session) co_return std::unexpected(session.error());
        state::task_spec spec;
        spec.name = "t";
        spec.objects.include = {"cut.*"};
        auto catalog =
            co_await snapshot::read_catalog(**session, *state::object_selection::make(spec));
        if (!catalog) co_return std::unexpected(catalog.error());
        for (const snapshot::source_table& table : catalog->tables) {
            auto ranges = co_await snapshot::split_table(**session, table, parts_wanted);
            if (!ranges) co_return std::unexpected(ranges.error());
            parts[table.name.object] = *std::move(ranges);
        }
        co_await (*session)->close();
        co_return std::move(catalog->tables);
    }
    protocol::connect_options account() const {
        protocol::connect_options options;
        options.host = "127.0.0.1";
        options.port = server.port();
        options.user = "copy";
        options.password = protocol::secret(std::string("pass"));
        return options;
    }

    static constexpr int rows = 16384;
    live_server server = live_server::start(GetParam());
    boost::asio::io_context loop;
    snapshot::stop_signal stop;
    std::map<std::string, std::vector<key_range>> parts;
};

TEST_P(key_splitter, cuts_keys_of_all_types_and_distributions) {
    const auto read = run(read_tables());
    ASSERT_TRUE(read) << read.error().what;
    auto sql = server.root();
    for (const snapshot::source_table& table : *read) {
        SCOPED_TRACE(table.name.object);
        int all = 0;
        int largest = 0;
        for (const key_range& range : parts[table.name.object]) {
            const std::string condition = snapshot::condition_of(table, range);
            const int count = std::stoi(
                sql.scalar(fmt::format("SELECT COUNT(*) FROM {} WHERE {}", table.name.to_string(),
                                       condition.empty() ? "TRUE" : condition)));
            EXPECT_GT(count, 0) << condition;
            all += count;
            largest = std::max(largest, count);
        }
        EXPECT_EQ(all, rows) << "of all parts";
        const bool is_cut = std::ranges::find(tables, table.name.object, &cut_table::name)->is_cut;
        EXPECT_EQ(parts[table.name.object].size(), is_cut ? parts_wanted : 1U);
        if (is_cut) EXPECT_LE(largest, 3 * rows / static_cast<int>(parts_wanted));
    }
}

INSTANTIATE_TEST_SUITE_P(, key_splitter,
                         testing::Values(server_kind::mysql_97, server_kind::mysql_56,
                                         server_kind::mariadb_1011),
                         [](const auto& of) { return test_name(of.param); });

} // namespace
} // namespace understudy::test
