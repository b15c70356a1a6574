#include "relay/errc.hpp"
#include "relay/inspect.hpp"
#include "relay/segment_reader.hpp"
#include "tests/relay/test_logs.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace understudy::relay_test {
namespace {

using namespace relay;

class inspect : public testing::Test {
protected:
    void SetUp() override {
        source_.begin_file();
        for (std::size_t i = 0; i < 60; ++i)
            source_.add_group({100 + i});
        source_.add_group({3'000});
        options_.directory = path_;
        std::filesystem::remove_all(path_);
        auto opened = log::open(options_);
        ASSERT_TRUE(opened) << opened.error().what;
        log_ = std::move(*opened);
        ASSERT_TRUE(log_->reset(log_start()));
        append_all(*log_, source_.events());
        ASSERT_TRUE(log_->flush(true));
    }
    void TearDown() override {
        log_.reset();
        std::filesystem::remove_all(path_);
    }

    std::string walk(const std::filesystem::path& where, std::vector<read_event>& got) {
        const auto done = segment_walker(where).walk([&](const walked_event& event) {
            if (!event.artificial) {
                got.push_back(
                    {{event.bytes.begin(), event.bytes.end()}, event.file, event.end_offset});
            }
            return true;
        });
        return done ? std::string() : done.error().what;
    }

    const std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                        ("understudy_inspect_" + std::to_string(::getpid()));
    source_log source_{test_uuid()};
    log_options options_ = small_options();
    std::unique_ptr<log> log_;
};

TEST_F(inspect, lists_segments_of_a_log_that_is_being_written) {
    const auto segments = list_segments(path_);
    ASSERT_TRUE(segments) << segments.error().what;
    ASSERT_GT(segments->size(), 1U);
    std::uint64_t groups = 0;
    for (const auto& segment : *segments)
        groups += segment.groups;
    EXPECT_EQ(groups, 61U);
    EXPECT_TRUE(segments->front().sealed);
    EXPECT_FALSE(segments->back().sealed);
    EXPECT_EQ(segments->back().end, log_->end().binlog);
}

TEST_F(inspect, walks_every_event) {
    std::vector<read_event> got;
    ASSERT_EQ(walk(path_, got), "");
    EXPECT_EQ(difference(got, source_.events()), "");
}

TEST_F(inspect, walks_a_single_segment) {
    std::vector<read_event> got;
    ASSERT_EQ(walk(path_ / segment_name(1), got), "");
    ASSERT_GT(got.size(), 5U);
    EXPECT_EQ(difference(got, std::span(source_.events()).first(got.size())), "");
}

TEST_F(inspect, names_file_and_offset_of_damage) {
    const auto name = path_ / segment_name(1);
    std::fstream file(name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(name) / 3));
    file.put('!');
    file.close();
    std::vector<read_event> got;
    EXPECT_NE(walk(path_, got).find(name.string()), std::string::npos);
    EXPECT_EQ(difference(got, std::span(source_.events()).first(got.size())), "");
}

} // namespace
} // namespace understudy::relay_test
