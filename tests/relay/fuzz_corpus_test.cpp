#include "protocol/wire/byte_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace understudy::relay_test {
namespace {

// Also every input with one byte changed: what the fuzzer does most.
TEST(fuzz_corpus, of_relay_segments_passes) {
    std::size_t count = 0;
    const auto corpus =
        std::filesystem::path(UNDERSTUDY_SOURCE_DIR) / "tests/fuzz/corpus/relay_segment";
    for (const auto& entry : std::filesystem::directory_iterator(corpus)) {
        SCOPED_TRACE(entry.path().filename().string());
        std::ifstream stream(entry.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(stream), {}};
        const auto bytes = protocol::as_bytes(text);
        fuzz::feed_relay_segment(bytes);
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            std::vector<std::byte> changed(bytes.begin(), bytes.end());
            changed[at] ^= std::byte{0xff};
            fuzz::feed_relay_segment(changed);
            fuzz::feed_relay_segment(std::span(changed).first(at));
        }
        ++count;
    }
    EXPECT_GT(count, 0U);
}

} // namespace
} // namespace understudy::relay_test
