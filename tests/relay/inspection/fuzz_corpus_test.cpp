#include "tests/fuzz/fuzz_target.hpp"
#include "tests/relay/inspection/chopped_input.hpp"

#include <gtest/gtest.h>

namespace understudy::relay_test {
namespace {

// Every input as it is, cut off everywhere, and with a byte changed.
template<class Feed>
std::size_t replay(const std::string& corpus, std::size_t step, Feed feed) {
    std::size_t count = 0;
    const auto folder = std::filesystem::path(UNDERSTUDY_SOURCE_DIR) / "tests/fuzz/corpus" / corpus;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        SCOPED_TRACE(entry.path().filename().string());
        const auto bytes = read_bytes(entry.path());
        feed(std::span(bytes));
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            auto changed = bytes;
            changed[at] ^= std::byte{0xff};
            feed(std::span<const std::byte>(changed));
            feed(std::span<const std::byte>(changed).first(at));
        }
        ++count;
    }
    return count;
}

TEST(fuzz_corpus, of_conditions_passes) {
    EXPECT_GE(replay("where", 1, fuzz::feed_where), 4U);
}

TEST(fuzz_corpus, of_binlog_files_passes) {
    EXPECT_GE(replay("binlog_file", 29, fuzz::feed_binlog_file), 2U);
}

} // namespace
} // namespace understudy::relay_test
