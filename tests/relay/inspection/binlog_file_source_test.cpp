#include "relay/errc.hpp"
#include "relay/inspection/binlog_file_source.hpp"
#include "tests/relay/inspection/chopped_input.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gtest/gtest.h>

namespace understudy::relay_test {
namespace {

using relay::inspection::binlog_file_source;

struct read_result {
    std::vector<std::byte> bytes; // of all events
    std::size_t count = 0;
    std::string last_file;
    std::string error;
};

read_result read_all(relay::inspection::event_source& from) {
    read_result all;
    for (;;) {
        const auto event = from.next();
        if (!event) all.error = event.error().what;
        if (!event || !*event) return all;
        EXPECT_EQ((*event)->end_offset - (*event)->start_offset, (*event)->bytes.size());
        all.bytes.insert(all.bytes.end(), (*event)->bytes.begin(), (*event)->bytes.end());
        all.last_file = (*event)->file;
        ++all.count;
    }
}

std::vector<std::byte> without_magic(const std::vector<std::byte>& file) {
    return {file.begin() + 4, file.end()};
}

TEST(binlog_file_source, gives_every_byte_however_it_arrives) {
    for (const char* name : {"mysql_97_all_types.binlog", "mysql_56_all_types.binlog",
                             "mariadb_1011.binlog", "mysql_97_payload_and_partial_json.binlog"}) {
        const auto file = read_bytes(captured(name));
        for (unsigned seed = 1; seed <= 5; ++seed) {
            SCOPED_TRACE(std::string(name) + ", seed " + std::to_string(seed));
            binlog_file_source source(std::make_unique<chopped_input>(file, seed), "binlog.000001");
            const auto all = read_all(source);
            EXPECT_EQ(all.error, "");
            EXPECT_EQ(all.bytes, without_magic(file));
            EXPECT_EQ(source.unfinished_bytes(), 0U);
        }
    }
}

TEST(binlog_file_source, goes_on_when_the_file_grows) {
    const auto file = read_bytes(captured("mysql_97_statements.binlog"));
    const auto readable = std::make_shared<std::size_t>(0);
    binlog_file_source source(std::make_unique<chopped_input>(file, 7, readable), "binlog.000001");
    std::vector<std::byte> got;
    for (; *readable <= file.size(); *readable += 13) {
        const auto all = read_all(source);
        ASSERT_EQ(all.error, "");
        got.insert(got.end(), all.bytes.begin(), all.bytes.end());
    }
    *readable = file.size();
    const auto rest = read_all(source);
    got.insert(got.end(), rest.bytes.begin(), rest.bytes.end());
    EXPECT_EQ(got, without_magic(file));
}

TEST(binlog_file_source, tells_a_torn_end_by_its_size) {
    auto file = read_bytes(captured("mysql_97_statements.binlog"));
    file.resize(file.size() - 5);
    binlog_file_source source(std::make_unique<chopped_input>(file, 1), "binlog.000001");
    const auto all = read_all(source);
    EXPECT_EQ(all.error, "");
    EXPECT_EQ(all.bytes.size() + source.unfinished_bytes() + 4, file.size());
    EXPECT_GT(source.unfinished_bytes(), 0U);
}

TEST(binlog_file_source, refuses_what_is_no_binary_log) {
    const std::string text = "CREATE TABLE t (a INT);";
    const auto as_bytes = std::as_bytes(std::span(text.data(), text.size()));
    binlog_file_source source(
        std::make_unique<chopped_input>(std::vector(as_bytes.begin(), as_bytes.end()), 1), "x.sql");
    EXPECT_NE(read_all(source).error.find("x.sql is no binary log"), std::string::npos);
}

TEST(binlog_file_source, names_the_place_of_an_impossible_event) {
    auto file = read_bytes(captured("mysql_97_statements.binlog"));
    for (std::size_t i = 4 + 9; i < 4 + 13; ++i)
        file[i] = std::byte{0}; // the length of the first event
    binlog_file_source source(std::make_unique<chopped_input>(file, 1), "binlog.000001");
    EXPECT_EQ(read_all(source).error, "binlog.000001:4: what stands here is no event");
}

TEST(binlog_file_source, follows_into_the_file_with_the_next_number) {
    const test::scratch_directory directory("binlogs");
    const auto bytes = captured("mysql_97_statements.binlog");
    const auto first = directory.path() / "binlog.000009";
    std::filesystem::copy_file(bytes, first);
    const auto source = binlog_file_source::open(first, true);
    ASSERT_TRUE(source) << source.error().what;
    const auto one = read_all(**source);
    EXPECT_EQ(one.last_file, "binlog.000009");
    std::filesystem::copy_file(bytes, directory.path() / "binlog.000010");
    const auto two = read_all(**source);
    EXPECT_EQ(two.last_file, "binlog.000010");
    EXPECT_EQ(two.bytes, one.bytes);
}

TEST(binlog_file_source, counts_file_names_on) {
    using relay::inspection::next_binlog_name;
    EXPECT_EQ(next_binlog_name("binlog.000009"), "binlog.000010");
    EXPECT_EQ(next_binlog_name("my.host-bin.999999"), "my.host-bin.1000000");
    EXPECT_EQ(next_binlog_name("binlog"), "");
    EXPECT_EQ(next_binlog_name("mysql_97.binlog"), "");
}

} // namespace
} // namespace understudy::relay_test
