#include "relay/errc.hpp"
#include "relay/inspection/segment_source.hpp"
#include "tests/relay/test_logs.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace understudy::relay_test {
namespace {

using relay::inspection::segment_source;

std::string read_more(relay::inspection::event_source& from, std::vector<read_event>& into) {
    for (;;) {
        const auto event = from.next();
        if (!event) return event.error().what;
        if (!*event) return {};
        if ((*event)->artificial) continue;
        into.push_back({{(*event)->bytes.begin(), (*event)->bytes.end()},
                        std::string((*event)->file),
                        (*event)->end_offset});
    }
}

class segment_source_over_a_log : public testing::Test {
protected:
    void SetUp() override {
        options_.directory = directory_.path() / "relay";
        auto opened = relay::log::open(options_);
        ASSERT_TRUE(opened) << opened.error().what;
        log_ = std::move(*opened);
        ASSERT_TRUE(log_->reset(log_start()));
        source_.begin_file();
    }
    void write(std::size_t groups) {
        const auto before = source_.events().size();
        for (std::size_t i = 0; i < groups; ++i)
            source_.add_group({100 + i % 50, i % 7 == 3 ? 3'000U : 10U});
        append_all(*log_, std::span(source_.events()).subspan(written_));
        written_ = source_.events().size();
        ASSERT_GT(written_, before);
        ASSERT_TRUE(log_->flush(true));
    }
    std::unique_ptr<relay::inspection::event_source> open(bool follow,
                                                          relay::inspection::frame_test test = {}) {
        auto opened = segment_source::open(options_.directory, follow, std::move(test));
        EXPECT_TRUE(opened) << opened.error().what;
        return opened ? std::move(*opened) : nullptr;
    }

    const test::scratch_directory directory_{"segments"};
    relay::log_options options_ = small_options();
    source_log source_{test_uuid()};
    std::unique_ptr<relay::log> log_;
    std::size_t written_ = 0;
};

TEST_F(segment_source_over_a_log, gives_what_the_source_sent) {
    write(60);
    std::vector<read_event> got;
    EXPECT_EQ(read_more(*open(false), got), "");
    EXPECT_EQ(difference(got, source_.events()), "");
    EXPECT_EQ(got.size(), source_.events().size());
}

TEST_F(segment_source_over_a_log, follows_the_writer_over_many_segments) {
    write(1);
    const auto source = open(true);
    std::vector<read_event> got;
    for (int round = 0; round < 30; ++round) {
        write(static_cast<std::size_t>(round % 5) + 1);
        ASSERT_EQ(read_more(*source, got), "");
        ASSERT_EQ(got.size(), source_.events().size()) << "round " << round;
    }
    EXPECT_EQ(difference(got, source_.events()), "");
}

TEST_F(segment_source_over_a_log, leaves_out_a_group_that_is_not_complete) {
    write(3);
    const auto complete = source_.events().size();
    source_.add_group({4'000, 4'000});
    const auto events = std::span(source_.events()).subspan(written_);
    append_all(*log_, events.first(events.size() - 1));
    ASSERT_TRUE(log_->flush(true));
    const auto source = open(true);
    std::vector<read_event> got;
    ASSERT_EQ(read_more(*source, got), "");
    EXPECT_EQ(got.size(), complete);
    append_all(*log_, events.last(1));
    ASSERT_TRUE(log_->flush(true));
    ASSERT_EQ(read_more(*source, got), "");
    EXPECT_EQ(difference(got, source_.events()), "");
    EXPECT_EQ(got.size(), source_.events().size());
}

TEST_F(segment_source_over_a_log, leaves_frames_unread_that_are_not_wanted) {
    write(60);
    auto middle = source_.events().size() / 2;
    while (!source_.events()[middle].id)
        ++middle;
    const auto wanted = *source_.events()[middle].id;
    std::size_t asked = 0;
    std::vector<read_event> got;
    const auto source = open(false, [&](const relay::frame_header& frame) {
        ++asked;
        return frame.gtids.contains(wanted);
    });
    ASSERT_EQ(read_more(*source, got), "");
    EXPECT_GT(asked, 10U);
    EXPECT_GT(got.size(), 3U);
    EXPECT_LT(got.size(), source_.events().size() / 3);
}

TEST_F(segment_source_over_a_log, damage_names_the_file) {
    write(60);
    log_.reset();
    const auto name = options_.directory / relay::segment_name(1);
    std::fstream file(name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(std::filesystem::file_size(name) / 3));
    file.put('!');
    file.close();
    std::vector<read_event> got;
    EXPECT_NE(read_more(*open(false), got).find(name.string()), std::string::npos);
}

} // namespace
} // namespace understudy::relay_test
