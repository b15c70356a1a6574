#include "protocol/wire/byte_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

// Every input of the corpus, finds of the fuzzers among them, goes through its decoder without
// libFuzzer.

namespace understudy::fuzz {
namespace {

void replay(const char* name, void (*feed)(std::span<const std::byte>)) {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::string(UNDERSTUDY_FUZZ_CORPUS) + "/" + name)) {
        SCOPED_TRACE(entry.path().filename().string());
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        // An allocation of exactly this size, so that reading past its end is seen.
        const auto bytes = protocol::as_bytes(text);
        const std::vector<std::byte> input(bytes.begin(), bytes.end());
        feed(input);
        ++count;
    }
    EXPECT_GT(count, 0U);
}

TEST(fuzz_corpus, of_events_passes) {
    replay("event", feed_event);
}

TEST(fuzz_corpus, of_gtid_set_texts_passes) {
    replay("gtid_set_text", feed_gtid_set_text);
}

TEST(fuzz_corpus, of_encoded_gtid_sets_passes) {
    replay("gtid_set_binary", feed_gtid_set_binary);
}

TEST(fuzz_corpus, of_rows_passes) {
    replay("rows", feed_rows);
}

TEST(fuzz_corpus, of_queries_passes) {
    replay("query", feed_query);
}

TEST(fuzz_corpus, of_handshakes_passes) {
    replay("handshake", feed_handshake);
}

TEST(fuzz_corpus, of_query_responses_passes) {
    replay("query_response", feed_query_response);
}

TEST(fuzz_corpus, of_values_passes) {
    replay("value", feed_value);
}

TEST(fuzz_corpus, of_json_documents_passes) {
    replay("json", feed_json);
}

TEST(fuzz_corpus, of_json_diffs_passes) {
    replay("json_diff", feed_json_diff);
}

TEST(fuzz_corpus, of_compressed_frames_passes) {
    replay("compressed_frames", feed_compressed_frames);
}

TEST(fuzz_corpus, of_names_passes) {
    replay("names", feed_names);
}

TEST(fuzz_corpus, of_dumps_passes) {
    replay("dump", feed_dump);
}

} // namespace
} // namespace understudy::fuzz
