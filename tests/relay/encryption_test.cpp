#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "relay/errc.hpp"
#include "relay/recovery.hpp"
#include "relay/segment_reader.hpp"
#include "tests/relay/test_keys.hpp"
#include "tests/relay/test_logs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace understudy::relay_test {
namespace {

using namespace relay;
using role = protocol::boundary::role;

// Groups of one frame each, all of the same size, in segments of a few.
class encrypted_log : public testing::Test {
protected:
    void SetUp() override {
        options_.frame_bytes_max = 256;
        options_.segment_bytes_max = 1'200;
        options_.keys = test_keys("a");
        source_.begin_file();
        add_groups(10);
        const auto log = begin_log(where_, options_);
        write(*log, 0);
    }

    void add_groups(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i)
            source_.add_group({60});
    }
    void write(relay::log& log, std::size_t first) {
        for (std::size_t i = first; i < source_.events().size(); ++i) {
            append_all(log, std::span(source_.events()).subspan(i, 1));
            if (source_.events()[i].role == role::ends) {
                ASSERT_TRUE(log.flush(true));
            }
        }
    }
    std::vector<frame_entry> frames_of(std::uint64_t segment) {
        auto reader = segment_reader::open(*where_, segment_name(segment), options_.keys);
        EXPECT_TRUE(reader) << reader.error().what;
        auto scan = scan_segment(
            *reader, (*reader->footer()) ? (*reader->footer())->frames_end : *reader->size(),
            false);
        EXPECT_TRUE(scan) << scan.error().what;
        return scan->frames;
    }
    // What opening or reading says.
    protocol::error refusal() {
        auto opened = stored_log::open_in(options_, where_, std::nullopt);
        if (!opened) return opened.error();
        auto reader = (*opened)->open_reader(log_start());
        if (!reader) return reader.error();
        const auto got = read_available(**reader);
        if (!got) return got.error();
        return {{}, "nothing", {}};
    }

    source_log source_{test_uuid()};
    log_options options_ = small_options();
    std::shared_ptr<memory_directory> where_ = std::make_shared<memory_directory>();
};

// As one who has no key, but knows how a frame is checked.
void mend_checksum(std::vector<std::byte>& file, const frame_entry& frame) {
    const auto header = std::span(file).subspan(frame.offset, frame.header_size);
    const auto stored =
        std::span(file).subspan(frame.offset + frame.header_size, frame.header.stored_size);
    const std::vector<std::byte> covered(header.begin(), header.end() - 8);
    std::vector<std::byte> sum;
    protocol::byte_writer(sum).u64(frame_checksum(covered, stored));
    std::ranges::copy(sum, header.last(8).begin());
}

TEST_F(encrypted_log, is_read_with_its_key_and_shows_nothing_without) {
    EXPECT_EQ(compare(*open_log(where_, options_), log_start(), source_.events()), "");
    ASSERT_GE(where_->names()->size(), 3U);
    for (const auto& name : *where_->names()) {
        const auto bytes = where_->read(name);
        EXPECT_EQ(protocol::as_text(bytes).find("binlog.0"), std::string_view::npos) << name;
        const auto uuid = test_uuid();
        const auto source = protocol::as_text(std::as_bytes(std::span(uuid.bytes)));
        EXPECT_EQ(protocol::as_text(bytes).find(source), std::string_view::npos) << name;
    }
    options_.keys = {};
    auto said = refusal();
    EXPECT_EQ(said.code, errc::bad_key);
    EXPECT_NE(said.what.find("000000000001.segment"), std::string::npos) << said.what;
    EXPECT_NE(said.what.find("key a"), std::string::npos) << said.what;
    options_.keys = test_keys("b");
    EXPECT_EQ(refusal().code, errc::bad_key);
    // Another key under the same id.
    options_.keys = *key_ring::parse("a " + std::string(64, '1'), "test keys");
    said = refusal();
    EXPECT_EQ(said.code, errc::tampered);
    EXPECT_NE(said.what.find("at byte 0"), std::string::npos) << said.what;
}

TEST_F(encrypted_log, says_where_a_frame_was_changed_by_one_who_knows_the_format) {
    for (const auto& name : *where_->names()) {
        const auto number = parse_segment_name(name);
        if (!number) continue;
        const auto whole = where_->read(name);
        for (const auto& frame : frames_of(*number)) {
            for (const auto at :
                 {frame.offset + frame_prefix_size + 2, frame.offset + frame.header_size - 10,
                  frame.offset + frame.header_size - 30, frame.offset + frame.header_size + 3}) {
                auto bytes = whole;
                bytes[at] ^= std::byte{0x10};
                mend_checksum(bytes, frame);
                where_->write(name, bytes);
                const auto said = refusal();
                EXPECT_TRUE(said.code == errc::tampered || said.code == errc::corrupt) << said.what;
                EXPECT_NE(said.what.find(name + ": at byte " + std::to_string(frame.offset)),
                          std::string::npos)
                    << said.what;
                EXPECT_NE(said.what.find("tampered"), std::string::npos) << said.what;
            }
        }
        where_->write(name, whole);
    }
}

TEST_F(encrypted_log, notices_frames_that_changed_places) {
    const auto name = segment_name(1);
    const auto frames = frames_of(1);
    ASSERT_GE(frames.size(), 3U);
    const auto& first = frames[1];
    const auto& second = frames[2];
    auto bytes = where_->read(name);
    const auto at = [&](std::uint64_t offset) {
        return bytes.begin() + static_cast<std::ptrdiff_t>(offset);
    };
    std::rotate(at(first.offset), at(second.offset), at(second.next_offset()));
    where_->write(name, bytes);
    const auto said = refusal();
    EXPECT_EQ(said.code, errc::corrupt) << said.what;
    EXPECT_NE(said.what.find(name + ": at byte " + std::to_string(first.offset)), std::string::npos)
        << said.what;
}

TEST_F(encrypted_log, notices_a_frame_of_another_segment) {
    // Two of one size.
    const auto numbers = *segment_numbers(*where_);
    for (const auto from : numbers) {
        for (const auto& there : frames_of(from)) {
            for (const auto into : numbers) {
                const auto frames = frames_of(into);
                const auto here = std::ranges::find_if(frames, [&](const auto& one) {
                    return from != into && one.header_size == there.header_size &&
                           one.header.stored_size == there.header.stored_size;
                });
                if (here == frames.end()) continue;
                auto bytes = where_->read(segment_name(into));
                const auto other = where_->read(segment_name(from));
                std::copy_n(other.begin() + static_cast<std::ptrdiff_t>(there.offset),
                            there.header_size + there.header.stored_size,
                            bytes.begin() + static_cast<std::ptrdiff_t>(here->offset));
                where_->write(segment_name(into), bytes);
                const auto said = refusal();
                EXPECT_NE(said.what.find("tampered"), std::string::npos) << said.what;
                return;
            }
        }
    }
    FAIL() << "no two frames of different segments have the same size";
}

TEST_F(encrypted_log, notices_a_footer_in_the_clear) {
    auto reader = segment_reader::open(*where_, segment_name(1), options_.keys);
    const auto footer = **reader->footer();
    auto bytes = where_->read(segment_name(1));
    bytes.resize(footer.frames_end);
    const auto forged = encode_segment_footer(footer);
    bytes.insert(bytes.end(), forged.begin(), forged.end());
    where_->write(segment_name(1), bytes);
    EXPECT_EQ(refusal().code, errc::tampered);
}

TEST_F(encrypted_log, goes_on_with_the_newest_key_and_reads_the_old_ones) {
    std::size_t written = source_.events().size();
    for (const char* const ids : {"ab", "bac", "", "c"}) {
        options_.keys = test_keys(std::string(ids).empty() ? "" : ids);
        // Old segments are encrypted with a and b: without a ring they cannot be opened.
        if (std::string(ids).empty() || std::string(ids) == "c") {
            EXPECT_EQ(refusal().code, errc::bad_key);
            continue;
        }
        add_groups(3);
        const auto log = open_log(where_, options_);
        write(*log, written);
        written = source_.events().size();
        EXPECT_EQ(compare(*log, log_start(), source_.events()), "");
    }
    std::set<std::string> used;
    const auto numbers = segment_numbers(*where_);
    for (const auto number : *numbers) {
        auto reader = segment_reader::open(*where_, segment_name(number), test_keys("abc"));
        ASSERT_TRUE(reader);
        used.insert(reader->cipher()->what().key_id);
    }
    EXPECT_EQ(used, (std::set<std::string>{"a", "b", "c"}));
    // When the segments of the old key are gone, the key may go.
    options_.keys = test_keys("abc");
    options_.retention_bytes_max = 1;
    {
        const auto log = open_log(where_, options_);
        ASSERT_TRUE(log->retire(log->end().binlog));
    }
    options_.keys = test_keys("c");
    ASSERT_TRUE(stored_log::open_in(options_, where_, std::nullopt));
}

TEST(encryption, of_a_log_that_was_not_begins_with_the_next_segment) {
    const auto where = std::make_shared<memory_directory>();
    source_log source(test_uuid());
    source.begin_file();
    source.add_group({60});
    auto options = small_options();
    append_all(*begin_log(where, options), source.events());
    const auto first = source.events().size();
    source.add_group({70});
    options.keys = test_keys("a");
    {
        const auto log = open_log(where, options);
        append_all(*log, std::span(source.events()).subspan(first));
        ASSERT_TRUE(log->flush(true));
        EXPECT_EQ(compare(*log, log_start(), source.events()), "");
    }
    EXPECT_EQ(segment_numbers(*where)->size(), 2U);
    EXPECT_TRUE(segment_reader::open(*where, segment_name(1)));
    EXPECT_FALSE(segment_reader::open(*where, segment_name(2)));
    EXPECT_EQ(compare(*open_log(where, options), log_start(), source.events()), "");
}

TEST(file_cipher, has_another_nonce_and_key_each_time) {
    const auto keys = test_keys("a");
    std::set<std::vector<std::byte>> seen;
    const std::vector<std::byte> text(20, std::byte{7});
    for (int i = 0; i < 50; ++i) {
        auto cipher = file_cipher::begin(keys, "test");
        for (int j = 0; j < 4; ++j) {
            auto sealed = cipher.seal({}, text);
            ASSERT_EQ(cipher.open({}, sealed).value(), text);
            sealed.resize(file_cipher::nonce_size + text.size());
            seen.insert(sealed);
        }
    }
    EXPECT_EQ(seen.size(), 200U);
    auto one = file_cipher::begin(keys, "test");
    auto other_purpose = *file_cipher::resume(keys, one.what(), "other");
    const auto sealed = one.seal({}, text);
    EXPECT_EQ(other_purpose.open({}, sealed).error().code, errc::tampered);
    EXPECT_EQ(one.open(text, sealed).error().code, errc::tampered);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        auto changed = sealed;
        changed[i] ^= std::byte{1};
        EXPECT_FALSE(one.open({}, changed)) << i;
        EXPECT_FALSE(one.open({}, std::span(sealed).first(i))) << i;
    }
    EXPECT_TRUE(file_cipher::resume(keys, one.what(), "test")->open({}, sealed));
}

} // namespace
} // namespace understudy::relay_test
