#include "protocol/assert.hpp"
#include "protocol/session/dump_error.hpp"
#include "protocol/session/dump_stream.hpp"
#include "protocol/session/packets.hpp"
#include "protocol/session/semi_sync.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>
#include <tuple>

// input := mode 1 {size 2, packet}     mode: bit 0 semi-synchronous

namespace understudy::fuzz {

namespace {

using namespace protocol;

bool take(dump_stream& stream, std::span<const std::byte> packet, bool semi_sync) {
    if (is_error(packet)) {
        std::ignore = dump_error(decode_error(packet));
        return false;
    }
    if (is_eof(packet) || packet.empty()) return false;
    auto event = packet.subspan(1);
    if (semi_sync) {
        const auto inner = take_semi_sync_header(event);
        if (!inner) return false;
        event = inner->event;
    }
    const auto item = stream.feed(event);
    if (!item) return false;
    UNDERSTUDY_ASSERT(item->event.bytes.size() <= event.size());
    std::ignore = encode_semi_sync_ack(stream.position());
    return true;
}

} // namespace

// What a source sends after COM_BINLOG_DUMP.
void feed_dump(std::span<const std::byte> input) {
    if (input.empty()) return;
    const bool semi_sync = (input.front() & std::byte{1}) != std::byte{0};
    byte_reader in(input.subspan(1));
    dump_stream stream({});
    while (!in.at_end()) {
        const auto size = in.u16();
        const auto packet = in.bytes(std::min<std::size_t>(size, in.remaining()));
        if (!in.ok() || !take(stream, packet, semi_sync)) return;
    }
}

} // namespace understudy::fuzz
