#include "protocol/binlog/rotate_event.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

namespace understudy::protocol {

namespace {

constexpr std::size_t file_name_size_max = 512; // FN_REFLEN of the server

result<binlog_position> checked(const byte_reader& in, std::string_view file, std::uint64_t offset,
                                const char* what) {
    if (auto read = in.status(what); !read) {
        return std::unexpected(std::move(read.error()));
    }
    if (file.empty() || file.size() > file_name_size_max) {
        return fail(errc::malformed, std::string(what) + ": a binary log file name of " +
                                         std::to_string(file.size()) + " bytes");
    }
    return binlog_position{std::string(file), offset};
}

// Fields of type, length, value (all length-encoded): 1 file name, 2 position, 0 the end.
result<binlog_position> decode_heartbeat_v2(const event_view& event) {
    byte_reader in(event.body);
    std::string_view file;
    std::uint64_t offset = 0;
    while (in.ok()) {
        const auto field = in.lenenc();
        if (!in.ok() || field == 0) {
            break;
        }
        byte_reader value(in.lenenc_bytes());
        if (field == 1) {
            file = value.rest_text();
        } else if (field == 2) {
            offset = value.lenenc();
            if (!value.ok()) {
                in.set_failed();
            }
        }
    }
    return checked(in, file, offset, "Heartbeat event");
}

} // namespace

result<binlog_position> decode_rotate_event(const event_view& event) {
    byte_reader in(event.body);
    const auto offset = in.u64();
    const auto file = in.rest_text();
    return checked(in, file, offset, "Rotate event");
}

result<binlog_position> decode_heartbeat(const event_view& event) {
    if (event.header.type == event_type::heartbeat_v2) {
        return decode_heartbeat_v2(event);
    }
    byte_reader in(event.body);
    const auto file = in.rest_text();
    return checked(in, file, event.header.end_log_pos, "Heartbeat event");
}

} // namespace understudy::protocol
