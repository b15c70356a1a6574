#include "protocol/binlog/event_header.hpp"
#include "relay/errc.hpp"
#include "relay/format.hpp"
#include "relay/segment_reader.hpp"
#include "tests/relay/memory_directory.hpp"
#include "tests/relay/source_log.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace understudy::relay_test {
namespace {

using namespace relay;

std::vector<std::byte> bytes_of_the_page() {
    std::ifstream page(UNDERSTUDY_SOURCE_DIR "/docs/relay-format.md");
    EXPECT_TRUE(page) << "docs/relay-format.md cannot be read";
    std::vector<std::byte> bytes;
    bool inside = false;
    for (std::string line; std::getline(page, line);) {
        if (line.starts_with("```")) {
            if (inside) break;
            inside = line == "```hex";
            continue;
        }
        if (!inside) continue;
        std::istringstream words(line.substr(4)); // behind the offset
        for (unsigned value = 0; words >> std::hex >> value;) {
            bytes.push_back(static_cast<std::byte>(value));
        }
    }
    return bytes;
}

TEST(format_page, has_an_example_that_decodes_to_what_it_says) {
    auto where = std::make_shared<memory_directory>();
    where->write(segment_name(1), bytes_of_the_page());
    auto reader = segment_reader::open(*where, segment_name(1));
    ASSERT_TRUE(reader) << reader.error().what;
    const auto& header = reader->header();
    EXPECT_EQ(header.number, 1U);
    EXPECT_EQ(header.first_frame, 1U);
    EXPECT_EQ(header.source, test_uuid());
    EXPECT_EQ(header.base.binlog.to_string(), "binlog.000001:157");
    EXPECT_TRUE(header.base.executed.empty());
    EXPECT_TRUE(header.format_description.empty());
    EXPECT_EQ(reader->first_offset(), 0x5fU);

    const auto footer = reader->footer();
    ASSERT_TRUE(footer) << footer.error().what;
    ASSERT_TRUE(*footer);
    EXPECT_EQ((*footer)->frames_end, 0x10dU);
    EXPECT_EQ((*footer)->end.binlog.to_string(), "binlog.000001:184");
    EXPECT_EQ((*footer)->end.executed.to_string(), "3e11fa47-71ca-11e1-9e33-c80aa9429562:1");
    ASSERT_EQ((*footer)->frames.size(), 1U);
    EXPECT_EQ((*footer)->frames[0].offset, 0x5fU);

    const auto step = reader->read(reader->first_offset(), (*footer)->frames_end);
    ASSERT_TRUE(step);
    ASSERT_EQ(step->what, segment_reader::outcome::frame) << step->why;
    const auto& frame = step->entry.header;
    EXPECT_EQ(step->entry.header_size, 0x93U);
    EXPECT_EQ(frame.kind, frame_kind::groups);
    EXPECT_EQ(frame.codec, frame_codec::stored);
    EXPECT_EQ(frame.group_count, 1U);
    EXPECT_EQ(frame.durable_before, 95U);
    EXPECT_EQ(frame.end().to_string(), "binlog.000001:184");
    EXPECT_EQ(frame.gtids.to_string(), "3e11fa47-71ca-11e1-9e33-c80aa9429562:1");
    const auto event = protocol::decode_event_header(step->stored);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->type, protocol::event_type::xid);
    EXPECT_EQ(event->timestamp, 0x69248101U);
    EXPECT_EQ(event->length, 27U);
    EXPECT_EQ(step->entry.next_offset(), (*footer)->frames_end);
}

TEST(format, gives_back_the_header_it_encoded) {
    segment_header header;
    header.number = 77;
    header.first_frame = 4'711;
    header.source = test_uuid();
    header.created_us = 1;
    header.base = {{"mysql-bin.000123", 5'000'000'000}, {}};
    header.base.executed.add({{test_uuid(), "tag"}, 5});
    header.format_description = {std::byte{1}, std::byte{2}};
    const auto bytes = encode_segment_header(header);
    const auto decoded = decode_segment_header(bytes);
    ASSERT_TRUE(decoded) << decoded.error().what;
    EXPECT_EQ(decoded->base, header.base);
    EXPECT_EQ(decoded->format_description, header.format_description);
    EXPECT_EQ(decoded->first_frame, header.first_frame);
}

TEST(format, refuses_a_newer_version_by_name) {
    auto bytes = bytes_of_the_page();
    bytes[8] = std::byte{2};
    const auto decoded = decode_segment_header(bytes);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code, errc::unsupported_version);
    EXPECT_NE(decoded.error().what.find("version 2"), std::string::npos);
}

} // namespace
} // namespace understudy::relay_test
