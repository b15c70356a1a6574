#include "protocol/wire/byte_writer.hpp"
#include "relay/compression.hpp"
#include "relay/recovery.hpp"
#include "relay/segment_index.hpp"
#include "relay/segment_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/relay/memory_directory.hpp"

#include <memory>
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

} // namespace

// The first byte chooses the part of a segment that the rest is, or the whole file.
void feed_relay_segment(bytes_view input) {
    if (input.empty()) return;
    const auto what = std::to_integer<unsigned>(input.front()) % 5;
    const auto body = input.subspan(1);
    switch (what) {
    case 0: static_cast<void>(relay::decode_segment_header(with_checksum(body))); break;
    case 1: feed_frame(body); break;
    case 2: static_cast<void>(relay::decode_segment_footer(with_checksum(body), 0)); break;
    case 3: static_cast<void>(relay::decode_segment_trailer(body, body.size())); break;
    default: feed_file(body); break;
    }
}

} // namespace understudy::fuzz
