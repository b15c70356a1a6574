#include "relay/errc.hpp"
#include "relay/key_index.hpp"
#include "relay/recovery.hpp"
#include "tests/relay/test_keys.hpp"
#include "tests/relay/test_logs.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace understudy::relay_test {
namespace {

using namespace relay;
using role = protocol::boundary::role;

// Three segments of a few frames, the last one not sealed: small enough to hurt at every byte.
class damaged_log : public testing::TestWithParam<const char*> {
protected:
    void SetUp() override {
        source_.begin_file();
        for (std::size_t i = 0; i < 3; ++i)
            source_.add_group({30 + i});
        source_.add_group({400});
        source_.begin_file();
        for (std::size_t i = 0; i < 4; ++i)
            source_.add_group({60});
        options_.frame_bytes_max = 256;
        options_.segment_bytes_max = 700;
        options_.keys = test_keys(GetParam());
        const auto log = begin_log(whole_, options_);
        for (std::size_t i = 0; i < source_.events().size(); ++i) {
            append_all(*log, std::span(source_.events()).subspan(i, 1));
            if (source_.events()[i].role == role::ends) {
                ASSERT_TRUE(log->flush(true));
            }
        }
        definition_record record;
        record.from = log_start().binlog;
        record.what.database = "shop";
        record.what.table = "orders";
        ASSERT_TRUE(log->definitions().note(record));
        record.from.offset = 1'000;
        record.what.columns.resize(2);
        ASSERT_TRUE(log->definitions().note(record));
        options_.retention_bytes_max = 0;
        ASSERT_TRUE(log->retire(source_.events().back().end()));
        dynamic_cast<stored_log&>(*log).wait_for_indexes();
        indexes_ = read_indexes(*whole_);
        ASSERT_GE(indexes_.size(), 2U);
    }

    // Those that can be read; the others must be named.
    std::map<std::string, key_index> read_indexes(memory_directory& where) {
        std::map<std::string, key_index> found;
        for (const auto& name : *where.names()) {
            const auto number = parse_key_index_name(name);
            if (!number) continue;
            auto index = read_key_index(where, *number, options_.keys);
            if (index && *index) found.emplace(name, std::move(**index));
            if (index) continue;
            EXPECT_NE(index.error().what.find(name), std::string::npos) << index.error().what;
        }
        return found;
    }

    // Opens, and reads all there is: some prefix of complete groups, or corruption.
    void expect_prefix_or_corruption(const std::shared_ptr<memory_directory>& where) {
        const auto opened = stored_log::open_in(options_, where, std::nullopt);
        if (!opened) {
            EXPECT_TRUE(opened.error().code == errc::corrupt ||
                        opened.error().code == errc::unsupported_version ||
                        opened.error().code == errc::wrong_source)
                << opened.error().what;
            EXPECT_TRUE(opened.error().what.contains(".segment") ||
                        opened.error().what.contains("memory/definitions"))
                << opened.error().what;
            ++corrupt_;
            return;
        }
        for (const auto& [name, index] : read_indexes(*where))
            EXPECT_EQ(index, indexes_[name]);
        const auto& log = **opened;
        if (log.empty()) {
            ++prefixes_;
            return;
        }
        auto reader = (*opened)->open_reader((*opened)->begin());
        std::vector<read_event> got;
        protocol::result<void> ended;
        if (!reader) ended = std::unexpected(reader.error());
        while (ended) {
            auto event = (*reader)->next();
            if (!event) ended = std::unexpected(event.error());
            if (!event || !*event) break;
            const auto bytes = (*event)->bytes;
            got.push_back({{bytes.begin(), bytes.end()}, *(*event)->file, (*event)->end_offset});
        }
        if (!ended) {
            EXPECT_EQ(ended.error().code, errc::corrupt) << ended.error().what;
            EXPECT_NE(ended.error().what.find(".segment"), std::string::npos) << ended.error().what;
            ++corrupt_;
        }
        ASSERT_LE(got.size(), source_.events().size());
        ASSERT_EQ(difference(got, std::span(source_.events()).first(got.size())), "");
        if (!ended) return;
        ++prefixes_;
        ASSERT_EQ(log.end().binlog,
                  got.empty() ? log_start().binlog : source_.events()[got.size() - 1].end());
        ASSERT_TRUE(got.empty() || source_.events()[got.size() - 1].role == role::ends ||
                    source_.events()[got.size() - 1].role == role::outside);
    }

    source_log source_{test_uuid()};
    log_options options_ = small_options();
    std::shared_ptr<memory_directory> whole_ = std::make_shared<memory_directory>();
    std::map<std::string, key_index> indexes_;
    std::size_t corrupt_ = 0;
    std::size_t prefixes_ = 0;
};

TEST_P(damaged_log, has_three_segments_and_more) {
    EXPECT_GE(open_log(whole_, options_)->size().segments, 3U);
    EXPECT_EQ(compare(*open_log(whole_, options_), log_start(), source_.events()), "");
}

TEST_P(damaged_log, cut_at_every_byte_gives_whole_groups_or_is_called_corrupt) {
    for (const auto& name : *whole_->names()) {
        const auto bytes = whole_->read(name);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            SCOPED_TRACE(name + " cut to " + std::to_string(size));
            const auto where = whole_->copy();
            where->write(name, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
            expect_prefix_or_corruption(where);
            if (HasFatalFailure()) return;
        }
    }
    EXPECT_GT(corrupt_, 0U);
    EXPECT_GT(prefixes_, 0U);
}

TEST_P(damaged_log, flipped_at_every_byte_gives_whole_groups_or_is_called_corrupt) {
    for (const auto& name : *whole_->names()) {
        const auto bytes = whole_->read(name);
        for (std::size_t at = 0; at < bytes.size(); ++at) {
            SCOPED_TRACE(name + " flipped at " + std::to_string(at));
            const auto where = whole_->copy();
            auto flipped = bytes;
            flipped[at] ^= std::byte{static_cast<unsigned char>(1U << at % 8)};
            where->write(name, flipped);
            expect_prefix_or_corruption(where);
            if (HasFatalFailure()) return;
        }
    }
    EXPECT_GT(corrupt_, 0U);
    EXPECT_GT(prefixes_, 0U);
}

TEST_P(damaged_log, goes_on_behind_a_cut_tail) {
    const auto name = segment_name(segment_numbers(*whole_)->back());
    const auto bytes = whole_->read(name);
    for (std::size_t size = bytes.size(); size-- > 0;) {
        const auto where = whole_->copy();
        where->write(name, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)});
        const auto opened = stored_log::open_in(options_, where, std::nullopt);
        if (!opened) continue;
        const auto end = (*opened)->end().binlog;
        std::size_t next = 0;
        while (next < source_.events().size() && source_.events()[next].end() != end)
            ++next;
        if (next < source_.events().size()) ++next;
        append_all(**opened, std::span(source_.events()).subspan(next));
        ASSERT_EQ(compare(**opened, log_start(), source_.events()), "") << "cut to " << size;
    }
}

TEST_P(damaged_log, with_a_missing_segment_is_called_corrupt) {
    const auto where = whole_->copy();
    ASSERT_TRUE(where->remove(segment_name(2)));
    const auto opened = stored_log::open_in(options_, where, std::nullopt);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, errc::corrupt);
    EXPECT_NE(opened.error().what.find("000000000002.segment is missing"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(by, damaged_log, testing::Values("", "a"),
                         [](const auto& info) { return *info.param != 0 ? "encrypted" : "plain"; });

class recovery : public testing::TestWithParam<const char*> {};

// What was fsynced is there after a power cut at any moment, and nothing wrong is.
TEST_P(recovery, survives_a_power_cut_at_every_sync) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::minstd_rand random(seed);
    source_log source(test_uuid());
    source.add_random(random, 300, 200);
    auto options = small_options();
    options.segment_bytes_max = 2'048;
    options.keys = test_keys(GetParam());
    auto where = std::make_shared<memory_directory>();
    std::vector<std::shared_ptr<memory_directory>> cuts;
    std::minstd_rand cutting(random()); // used by the writing thread
    where->on_sync([&] {
        cuts.push_back(where->after_power_cut(nullptr));
        cuts.push_back(where->after_power_cut(&cutting));
    });
    std::vector<std::pair<std::size_t, std::size_t>> durable; // cuts taken, events then safe
    {
        const auto log = begin_log(where, options);
        for (std::size_t i = 0; i < source.events().size(); ++i) {
            append_all(*log, std::span(source.events()).subspan(i, 1));
            if (random() % 50 == 0 && source.events()[i].role == role::ends) {
                ASSERT_TRUE(log->flush(true));
                durable.emplace_back(cuts.size(), i + 1);
            }
        }
    }
    ASSERT_GT(cuts.size(), 10U);
    std::size_t safe = 0;
    auto next_durable = durable.begin();
    for (std::size_t cut = 0; cut < cuts.size(); ++cut) {
        while (next_durable != durable.end() && next_durable->first <= cut) {
            safe = next_durable++->second;
        }
        const auto opened = stored_log::open_in(options, cuts[cut], std::nullopt);
        ASSERT_TRUE(opened) << "cut " << cut << ": " << opened.error().what;
        if ((*opened)->empty()) {
            ASSERT_EQ(safe, 0U);
            continue;
        }
        auto reader = (*opened)->open_reader(log_start());
        ASSERT_TRUE(reader) << reader.error().what;
        const auto got = read_available(**reader);
        ASSERT_TRUE(got) << got.error().what;
        ASSERT_GE(got->size(), safe) << "cut " << cut;
        ASSERT_LE(got->size(), source.events().size());
        ASSERT_EQ(difference(*got, std::span(source.events()).first(got->size())), "");
    }
}

INSTANTIATE_TEST_SUITE_P(by, recovery, testing::Values("", "a"),
                         [](const auto& info) { return *info.param != 0 ? "encrypted" : "plain"; });

} // namespace
} // namespace understudy::relay_test
