#include "relay/errc.hpp"
#include "relay/inspect.hpp"
#include "tests/relay/shop_log.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace understudy::relay_test {
namespace {

using namespace relay;
using test::scratch_directory;

TEST(verify, passes_a_good_log) {
    const scratch_directory directory("verify");
    shop_log log(directory.path());
    for (std::uint32_t id = 1; id <= 60; ++id)
        log.insert(id, "orders", id, 1);
    log.statement("ALTER TABLE orders ADD note TEXT");
    log.flush();
    const auto report = verify(directory.path(), {}, 2);
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_TRUE(report->good()) << report->damages.front().what;
    EXPECT_GT(report->segments, 1U);
    EXPECT_EQ(report->groups, 61U);
    EXPECT_EQ(report->events, 1U + 4 * 60 + 1); // the first: the format description
    EXPECT_EQ(report->torn_bytes, 0U);
}

TEST(verify, names_file_and_offset_of_a_changed_byte) {
    const scratch_directory directory("verify");
    shop_log log(directory.path());
    for (std::uint32_t id = 1; id <= 60; ++id)
        log.insert(id, "orders", id, 1);
    log.flush();
    const auto name = directory.path() / segment_name(1);
    std::fstream file(name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(name) / 3));
    file.put('!');
    file.close();
    const auto report = verify(directory.path());
    ASSERT_TRUE(report) << report.error().what;
    ASSERT_EQ(report->damages.size(), 1U);
    EXPECT_EQ(report->damages[0].path, name);
    EXPECT_GT(report->damages[0].offset, 0U);
    EXPECT_EQ(report->damages[0].code, errc::corrupt);
}

// Every checksum is good: what was received was wrong.
TEST(verify, finds_rows_that_do_not_fit_their_table) {
    for (const int more : {-1, 1}) {
        SCOPED_TRACE(more);
        const scratch_directory directory("verify");
        shop_log log(directory.path());
        log.insert(1, "orders", 1, 1);
        const auto bad = log.end();
        log.insert_misfit(2, "orders", 2, more);
        log.insert(3, "orders", 3, 1);
        log.flush();
        const auto report = verify(directory.path());
        ASSERT_TRUE(report) << report.error().what;
        ASSERT_EQ(report->damages.size(), 1U);
        EXPECT_EQ(report->damages[0].code, errc::corrupt);
        // The BEGIN and the TABLE_MAP stand before the rows.
        EXPECT_THAT(report->damages[0].what, testing::HasSubstr(bad.file + ":"));
    }
}

} // namespace
} // namespace understudy::relay_test
