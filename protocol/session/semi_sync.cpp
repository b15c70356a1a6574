#include "protocol/session/semi_sync.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"

namespace understudy::protocol {

namespace {

constexpr std::uint8_t magic = 0xef;
constexpr std::uint8_t wants_ack_flag = 0x01;

} // namespace

result<semi_sync_event> take_semi_sync_header(std::span<const std::byte> bytes) {
    byte_reader reader(bytes);
    const auto first = reader.u8();
    const auto flags = reader.u8();
    if (!reader.ok() || first != magic || flags > wants_ack_flag) {
        return fail(errc::malformed,
                    "an event of the source comes without the header of semi-synchronous "
                    "replication, which was agreed on");
    }
    return semi_sync_event{reader.rest(), flags == wants_ack_flag};
}

std::vector<std::byte> encode_semi_sync_ack(const binlog_position& durable) {
    std::vector<std::byte> payload;
    byte_writer writer(payload);
    writer.u8(magic);
    writer.u64(durable.offset);
    writer.text(durable.file);
    return payload;
}

} // namespace understudy::protocol
