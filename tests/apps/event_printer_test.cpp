#include "apps/event_printer.hpp"

#include "relay/inspection/binlog_file_source.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace understudy::apps {
namespace {

const std::filesystem::path captured =
    std::filesystem::path(UNDERSTUDY_SOURCE_DIR) / "tests/data/binlog";

relay::inspection::event_stream open(const std::string& name) {
    auto source = relay::inspection::binlog_file_source::open(captured / name, false);
    EXPECT_TRUE(source) << name;
    return {std::move(*source), relay::inspection::event_stream::checksums::check};
}

// All lines of a binlog file, or the error that ended it.
protocol::result<std::vector<std::string>> print_file(const std::string& name) {
    auto stream = open(name);
    event_printer printer;
    std::vector<std::string> lines;
    for (;;) {
        const auto event = stream.next();
        if (!event) return std::unexpected(event.error());
        if (!*event) return lines;
        const auto printed = printer.print(**event);
        if (!printed) return std::unexpected(printed.error());
        lines.insert(lines.end(), printed->begin(), printed->end());
    }
}

bool has(const std::vector<std::string>& lines, const std::string& part) {
    return std::ranges::any_of(
        lines, [&](const std::string& line) { return line.find(part) != std::string::npos; });
}

TEST(event_printer, prints_what_three_servers_wrote) {
    for (const char* name :
         {"mysql_97_all_types.binlog", "mysql_97_statements.binlog", "mysql_56_all_types.binlog",
          "mysql_97_tagged_previous_gtids.binlog", "mariadb_1011.binlog"}) {
        SCOPED_TRACE(name);
        const auto lines = print_file(name);
        ASSERT_TRUE(lines.has_value()) << lines.error().what;
        EXPECT_GE(lines->size(), 2U);
    }
}

TEST(event_printer, shows_statements_gtids_and_rows) {
    const auto lines = print_file("mysql_97_statements.binlog");
    ASSERT_TRUE(lines.has_value()) << lines.error().what;
    EXPECT_TRUE((*lines)[0].find("mysql_97_statements.binlog:4 ") != std::string::npos)
        << (*lines)[0];
    EXPECT_TRUE((*lines)[0].find("server 9.7.4") != std::string::npos) << (*lines)[0];
    EXPECT_TRUE(has(*lines, "11111111-2222-3333-4444-555555555555:red_1:77"));
    EXPECT_TRUE(has(*lines, "st.t (5 columns)"));
    EXPECT_TRUE(has(*lines, "st.t, 2 rows"));
    EXPECT_TRUE(has(*lines, "    + (1, 'one', 1, "));
    EXPECT_TRUE(has(*lines, "    - (2, "));
    EXPECT_TRUE(
        has(*lines, "INSERT INTO t (a,b,j,bl) VALUES ('one',1,'[1]','x'),('two',2,NULL,NULL)"));
    EXPECT_TRUE(has(*lines, "COMMIT of "));
    for (const std::string& line : *lines)
        EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(event_printer, shows_what_mariadb_has_compressed) {
    const auto lines = print_file("mariadb_1011_compressed.binlog");
    ASSERT_TRUE(lines.has_value()) << lines.error().what;
    EXPECT_TRUE(has(*lines, "CREATE TABLE ma.longname (a INT)"));
    EXPECT_TRUE(has(*lines, "'cccccccccccccccccccc'"));
    EXPECT_TRUE(has(*lines, "Gtid_list           0-"));
}

TEST(event_printer, expands_compressed_transactions) {
    auto stream = open("mysql_97_payload_and_partial_json.binlog");
    event_printer printer;
    std::size_t unpacked = 0;
    std::size_t partial = 0;
    for (;;) {
        const auto event = stream.next();
        ASSERT_TRUE(event) << event.error().what;
        if (!*event) break;
        const auto lines = printer.print(**event);
        ASSERT_TRUE(lines) << lines.error().what;
        if (has(*lines, ", changes in ")) ++partial;
        if ((*event)->event.header.type == protocol::event_type::transaction_payload) {
            EXPECT_NE(lines->front().find(" unpacked:"), std::string::npos) << lines->front();
        }
        if ((*event)->unpacked) ++unpacked;
    }
    EXPECT_GT(unpacked, 3U);
    EXPECT_EQ(partial, 1U);
}

TEST(event_printer, rows_without_their_table_map_are_an_error) {
    auto stream = open("mysql_97_statements.binlog");
    event_printer printer;
    for (;;) {
        const auto event = stream.next();
        ASSERT_TRUE(event && *event) << "no rows in the file";
        const auto type = (*event)->event.header.type;
        if (type == protocol::event_type::table_map) continue;
        const auto printed = printer.print(**event);
        if (type == protocol::event_type::write_rows) {
            ASSERT_FALSE(printed.has_value());
            EXPECT_NE(printed.error().what.find("without its table map"), std::string::npos);
            return;
        }
        ASSERT_TRUE(printed.has_value()) << printed.error().what;
    }
}

} // namespace
} // namespace understudy::apps
