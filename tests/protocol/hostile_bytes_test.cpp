#include "protocol/binlog/boundary.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/gtid/gtid_set.hpp"
#include "tests/protocol/binlog_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

// Every decoder is given captured events that were cut or damaged. What it makes of damage is its
// own business as long as it returns; a cut event must not pass for a whole one. The sanitizers of
// the dev preset do the watching.

namespace understudy::protocol {
namespace {

using test::any_event_decoder;
using test::binlog_file;

// Events whose last field runs to the end of the event, and those that nothing is decoded of: a cut
// there cannot be seen (the length in the header and the checksum are what shows it).
bool any_length_is_legal(event_type type) {
    switch (type) {
    case event_type::query:
    case event_type::rotate:
    case event_type::rows_query:
    case event_type::gtid:
    case event_type::format_description:
    case event_type::table_map:
    case event_type::mariadb_annotate_rows:
    case event_type::user_var: return true;
    default: return false;
    }
}

bool is_decoded(event_type type) {
    return type != event_type::xa_prepare && type != event_type::stop &&
           static_cast<unsigned>(type) < static_cast<unsigned>(event_type::mariadb_annotate_rows);
}

// Without leaving a damaged table map in the decoder.
result<std::vector<std::string>> decode_apart(any_event_decoder& decoder, const event_view& event) {
    if (event.header.type == event_type::table_map) {
        return any_event_decoder(decoder).decode(event);
    }
    return decoder.decode(event);
}

TEST(captured_events, are_all_decoded) {
    for (const auto& name : test::captured_files()) {
        SCOPED_TRACE(name);
        const auto file = binlog_file::read(name);
        any_event_decoder decoder(file.format);
        for (std::size_t i = 0; i < file.events.size(); ++i) {
            const auto event = file.view(i);
            const auto decoded = decoder.decode(event);
            EXPECT_TRUE(decoded.has_value())
                << to_string(event.header.type) << " at " << event.header.end_log_pos << ": "
                << decoded.error().what;
        }
    }
}

TEST(captured_events, cut_at_any_byte_are_errors_and_never_crash) {
    for (const auto& name : test::captured_files()) {
        SCOPED_TRACE(name);
        const auto file = binlog_file::read(name);
        any_event_decoder decoder(file.format);
        for (std::size_t i = 0; i < file.events.size(); ++i) {
            const auto event = file.view(i);
            const auto type = event.header.type;
            for (std::size_t size = 0; size < event.body.size(); ++size) {
                // A copy of its own, so that reading one byte too many is seen.
                const std::vector<std::byte> body(
                    event.body.begin(), event.body.begin() + static_cast<std::ptrdiff_t>(size));
                const std::vector<std::byte> bytes(
                    event.bytes.begin(),
                    event.bytes.begin() + static_cast<std::ptrdiff_t>(event_header_size + size));
                const auto decoded = decode_apart(decoder, {event.header, bytes, body});
                boundary judge;
                static_cast<void>(judge.feed({event.header, bytes, body}, file.format));
                if (is_decoded(type) && !any_length_is_legal(type)) {
                    // Rows can be cut between two rows, or before the first.
                    const bool rows = decoded && (decoded->empty() || !decoded->front().empty());
                    EXPECT_TRUE(!decoded || rows) << to_string(type) << " cut to " << size;
                }
            }
            static_cast<void>(decoder.decode(event));
        }
    }
}

TEST(captured_events, with_flipped_bytes_never_crash) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    for (const auto& name : test::captured_files()) {
        const auto file = binlog_file::read(name);
        any_event_decoder decoder(file.format);
        for (std::size_t i = 0; i < file.events.size(); ++i) {
            const auto event = file.view(i);
            for (int round = 0; round < 60; ++round) {
                std::vector<std::byte> bytes(event.bytes.begin(), event.bytes.end());
                for (unsigned flips = random() % 3 + 1; flips > 0; --flips) {
                    bytes[event_header_size + random() % (bytes.size() - event_header_size)] =
                        static_cast<std::byte>(random());
                }
                const auto body = std::span(bytes).subspan(event_header_size, event.body.size());
                static_cast<void>(decode_apart(decoder, {event.header, bytes, body}));
                boundary judge;
                static_cast<void>(judge.feed({event.header, bytes, body}, file.format));
            }
            static_cast<void>(decoder.decode(event));
        }
    }
}

TEST(gtid_set, of_random_bytes_and_texts_never_crashes) {
    const auto seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    constexpr std::string_view alphabet = "0123456789abcdef-:,_ \nXZ";
    const std::string start = "11111111-2222-3333-4444-555555555555";
    for (int round = 0; round < 20'000; ++round) {
        std::vector<std::byte> bytes(random() % 80);
        std::ranges::generate(bytes, [&] {
            return random() % 3 == 0 ? static_cast<std::byte>(random())
                                     : std::byte{random() % 3 == 0};
        });
        static_cast<void>(gtid_set::decode(bytes));
        std::string text = random() % 2 == 0 ? start : "";
        for (unsigned i = random() % 30; i > 0; --i) {
            text += alphabet[random() % alphabet.size()];
        }
        if (const auto parsed = gtid_set::parse(text)) {
            EXPECT_EQ(gtid_set::parse(parsed->to_string()).value(), *parsed) << text;
            EXPECT_EQ(gtid_set::decode(parsed->encode()).value(), *parsed) << text;
        }
    }
}

} // namespace
} // namespace understudy::protocol
