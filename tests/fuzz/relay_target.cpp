#include "protocol/binlog/format_description.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "relay/compression.hpp"
#include "relay/definition_store.hpp"
#include "relay/key_index.hpp"
#include "relay/key_index_builder.hpp"
#include "relay/recovery.hpp"
#include "relay/segment_index.hpp"
#include "relay/segment_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/relay/memory_directory.hpp"
#include "tests/relay/test_keys.hpp"

#include <memory>
#include <tuple>
#include <vector>

namespace understudy::fuzz {

namespace {

using bytes_view = std::span<const std::byte>;

// A hash that fits, because fuzzing would not get past a wrong one.
std::vector<std::byte> with_checksum(bytes_view bytes) {
    std::vector<std::byte> whole(bytes.begin(), bytes.end());
    protocol::byte_writer(whole).u64(relay::checksum(bytes));
    return whole;
}

void feed_frame(bytes_view bytes) {
    const auto header = relay::decode_frame_header(bytes);
    const auto sizes = relay::decode_frame_prefix(bytes);
    if (!header || header->raw_size > 1U << 20U) return;
    const auto stored = bytes.subspan(sizes->header);
    if (stored.size() < header->stored_size) return;
    std::vector<std::byte> raw(header->raw_size);
    relay::frame_decoder decoder;
    static_cast<void>(decoder.decode(*header, stored.first(header->stored_size), raw));
}

void feed_file(bytes_view bytes) {
    auto where = std::make_shared<relay_test::memory_directory>();
    where->write(relay::segment_name(1), {bytes.begin(), bytes.end()});
    auto reader = relay::segment_reader::open(*where, relay::segment_name(1));
    if (!reader) return;
    static_cast<void>(reader->footer());
    static_cast<void>(relay::scan_segment(*reader, bytes.size(), false));
}

void feed_definitions(bytes_view bytes) {
    auto where = std::make_shared<relay_test::memory_directory>();
    where->write("definitions", {bytes.begin(), bytes.end()});
    auto history = relay::definition_history::open(*where, {});
    if (history) std::ignore = history->all();
    auto store = relay::definition_store::open(where, {}, {});
    if (!store) return;
    relay::definition_record record;
    record.what.table = "t";
    std::ignore = (*store)->note(record);
}

void feed_index(bytes_view bytes) {
    const auto index = relay::decode_key_index(with_checksum(bytes), {});
    if (!index) return;
    const std::vector<std::uint32_t> columns{0};
    for (const auto& run : index->runs) {
        std::ignore = index->has_statements(run.first_frame);
        for (const auto& table : index->tables) {
            std::ignore =
                index->may_hold(run.first_frame, {table.database, table.table, columns, "key"});
        }
    }
}

// Events as they would stand in one frame.
void feed_indexed_rows(bytes_view bytes) {
    relay::key_index_builder builder({}, 1U << 16U);
    builder.take(protocol::encode_format_description("9.7.0"), {"binlog.000001", 4});
    builder.begin_frame(1);
    protocol::byte_reader in(bytes);
    while (in.ok() && !in.at_end()) {
        const auto size = in.u16();
        builder.take(in.bytes(size), {"binlog.000001", 1'000});
    }
    std::ignore = builder.finish(1, 1);
}

void feed_encrypted(bytes_view bytes) {
    static const auto keys = relay_test::test_keys("a");
    auto cipher = relay::file_cipher::begin(keys, relay::segment_purpose);
    std::vector<std::byte> frame(bytes.begin(), bytes.end());
    if (relay::decrypt_frame(frame, cipher)) std::ignore = relay::decode_frame_header(frame, true);
    std::ignore = relay::decode_frame_header(bytes, true);
    std::ignore = relay::open_segment_cipher(with_checksum(bytes), keys);
    std::ignore = relay::decode_segment_header(with_checksum(bytes), &cipher);
    std::ignore = relay::decode_segment_footer(with_checksum(bytes), 0, &cipher);
    std::ignore = cipher.open({}, bytes);
}

} // namespace

// The first byte chooses the part of a relay directory that the rest is, or a whole file.
void feed_relay_segment(bytes_view input) {
    if (input.empty()) return;
    const auto what = std::to_integer<unsigned>(input.front()) % 11;
    const auto body = input.subspan(1);
    switch (what) {
    case 0: static_cast<void>(relay::decode_segment_header(with_checksum(body))); break;
    case 1: feed_frame(body); break;
    case 2: static_cast<void>(relay::decode_segment_footer(with_checksum(body), 0)); break;
    case 3: static_cast<void>(relay::decode_segment_trailer(body, body.size())); break;
    case 4: feed_file(body); break;
    case 5: std::ignore = relay::decode_definitions_header(with_checksum(body)); break;
    case 6: std::ignore = relay::decode_record(with_checksum(body), nullptr); break;
    case 7: feed_definitions(body); break;
    case 8: feed_index(body); break;
    case 9: feed_indexed_rows(body); break;
    default: feed_encrypted(body); break;
    }
}

} // namespace understudy::fuzz
