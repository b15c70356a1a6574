#include "protocol/wire/byte_reader.hpp"
#include "relay/inspect.hpp"
#include "relay/key_index.hpp"
#include "relay/posix_directory.hpp"
#include "tests/relay/shop_log.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

// docs/relay-format.md is complete: a reader in another language, written from it, reads what our
// code reads.

namespace understudy::relay_test {
namespace {

using namespace relay;
using namespace std::chrono_literals;
using test::scratch_directory;
using testing::Contains;
using testing::HasSubstr;

std::vector<std::string> read_by_python(const std::filesystem::path& where) {
    const auto text = test::run_successfully(
        {.argv = {"python3", UNDERSTUDY_SOURCE_DIR "/tests/relay/inspection/second_reader.py",
                  where.string()},
         .environment = {"PYTHONDONTWRITEBYTECODE=1"}},
        60s);
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);)
        lines.push_back(line);
    return lines;
}

std::vector<std::string> of_kind(const std::vector<std::string>& lines, std::string_view kind) {
    std::vector<std::string> found;
    std::ranges::copy_if(lines, std::back_inserter(found),
                         [&](const auto& line) { return line.starts_with(kind); });
    return found;
}

std::vector<std::string> events_of(const std::filesystem::path& where) {
    std::vector<std::string> lines;
    const auto walked = segment_walker(where).walk([&](const walked_event& event) {
        if (event.artificial) return true;
        const auto text = protocol::as_text(event.bytes);
        lines.push_back(fmt::format("event {} {} {} {} {}", event.file, event.end_offset,
                                    std::to_integer<unsigned>(event.bytes[4]), event.bytes.size(),
                                    ::crc32(0, reinterpret_cast<const unsigned char*>(text.data()),
                                            static_cast<unsigned>(text.size()))));
        return true;
    });
    EXPECT_TRUE(walked) << walked.error().what;
    return lines;
}

TEST(second_reader, reads_every_event_definition_and_key) {
    const scratch_directory directory("second_reader");
    shop_log log(directory.path());
    log.define("orders", {"id", "status"});
    for (std::uint32_t id = 1; id <= 60; ++id)
        log.insert(id, "orders", id, 1 + static_cast<int>(id % 2));
    // Larger than a frame, so that an event and its group go on over several.
    log.statement("CREATE TABLE big (id INT) COMMENT '" + std::string(3'000, 'x') + "'");
    log.enter("binlog.000002");
    log.update(100, "orders", 7, 2, 77, 1);
    log.index();
    const auto lines = read_by_python(directory.path());

    const auto events = of_kind(lines, "event");
    EXPECT_EQ(events, events_of(directory.path()));
    EXPECT_GT(events.size(), 245U);
    EXPECT_EQ(of_kind(lines, "definition"),
              (std::vector<std::string>{
                  "definition binlog.000001:" +
                  std::to_string(4 + protocol::encode_format_description("9.7.0").size()) +
                  " shop.orders id int []; status enum('new','paid') ['new', 'paid']; "
                  "PRIMARY [(0, 0)]"}));
    // The index says of each row where it is; now and then it says of one where it is not.
    const auto runs = of_kind(lines, "run");
    const auto folder = open_posix_directory(directory.path()).value();
    const auto index = read_key_index(*folder, 1, {});
    ASSERT_TRUE(index) << index.error().what;
    ASSERT_TRUE(*index);
    ASSERT_GT((*index)->runs.size(), 2U);
    for (std::size_t i = 0; i < (*index)->runs.size(); ++i) {
        std::vector<std::uint32_t> rows;
        const auto first = (*index)->runs[i].first_frame;
        for (std::uint32_t row = 1; row < 100; ++row) {
            const std::string key{'\1', '\4', 0, 0, 0, static_cast<char>(row), 0, 0, 0};
            const std::vector<std::uint32_t> columns{0};
            if ((*index)->may_hold(first, {"shop", "orders", columns, key})) rows.push_back(row);
        }
        if (rows.empty()) continue;
        EXPECT_THAT(runs, Contains(testing::AllOf(
                              testing::StartsWith(fmt::format("run {} ", first)),
                              HasSubstr(fmt::format("shop.orders [{}]", fmt::join(rows, ", "))))));
    }
}

TEST(second_reader, notices_a_changed_byte) {
    const scratch_directory directory("second_reader");
    shop_log log(directory.path());
    log.insert(1, "orders", 1, 1);
    log.flush();
    const auto name = directory.path() / segment_name(1);
    std::fstream file(name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(name)) - 10);
    file.put('!');
    file.close();
    EXPECT_THROW(read_by_python(directory.path()), std::runtime_error);
}

} // namespace
} // namespace understudy::relay_test
