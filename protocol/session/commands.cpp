#include "protocol/session/commands.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <limits>
#include <string>

namespace understudy::protocol {

namespace {

enum class command : std::uint8_t {
    quit = 0x01,
    query = 0x03,
    binlog_dump = 0x12,
    register_replica = 0x15,
    binlog_dump_gtid = 0x1e,
};

constexpr std::uint64_t first_event_offset = 4; // behind the magic bytes of a file

byte_writer begin(std::vector<std::byte>& payload, command which) {
    byte_writer writer(payload);
    writer.u8(static_cast<std::uint8_t>(which));
    return writer;
}

} // namespace

std::vector<std::byte> encode_query(std::string_view sql) {
    std::vector<std::byte> payload;
    payload.reserve(1 + sql.size());
    begin(payload, command::query).text(sql);
    return payload;
}

std::vector<std::byte> encode_quit() {
    std::vector<std::byte> payload;
    begin(payload, command::quit);
    return payload;
}

std::vector<std::byte> encode_register_replica(std::uint32_t server_id) {
    std::vector<std::byte> payload;
    auto writer = begin(payload, command::register_replica);
    writer.u32(server_id);
    writer.u8(0);  // host
    writer.u8(0);  // user
    writer.u8(0);  // password
    writer.u16(0); // port
    writer.u32(0); // rank, unused
    writer.u32(0); // source id, filled in by the source
    return payload;
}

result<std::vector<std::byte>> encode_binlog_dump(const binlog_position& start, std::uint16_t flags,
                                                  std::uint32_t server_id) {
    if (start.offset > std::numeric_limits<std::uint32_t>::max()) {
        return fail(errc::source_unsuitable,
                    "position " + start.to_string() +
                        " is beyond 4 GiB, where a dump by file and position cannot begin: turn on "
                        "gtid_mode on the source, or start from an earlier position");
    }
    std::vector<std::byte> payload;
    auto writer = begin(payload, command::binlog_dump);
    writer.u32(static_cast<std::uint32_t>(start.offset));
    writer.u16(flags);
    writer.u32(server_id);
    writer.text(start.file);
    return payload;
}

std::vector<std::byte> encode_binlog_dump_gtid(const gtid_set& have, std::uint16_t flags,
                                               std::uint32_t server_id) {
    const auto encoded = have.encode();
    std::vector<std::byte> payload;
    auto writer = begin(payload, command::binlog_dump_gtid);
    writer.u16(flags);
    writer.u32(server_id);
    writer.u32(0); // no file name: the source finds the file
    writer.u64(first_event_offset);
    writer.u32(static_cast<std::uint32_t>(encoded.size()));
    writer.bytes(encoded);
    return payload;
}

} // namespace understudy::protocol
