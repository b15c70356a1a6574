#include "protocol/session/packets.hpp"

#include "protocol/errc.hpp"
#include "protocol/wire/byte_reader.hpp"

#include <string>

namespace understudy::protocol {

result<ok_packet> decode_ok(std::span<const std::byte> payload) {
    byte_reader reader(payload);
    const auto header = reader.u8();
    if (reader.ok() && header != 0x00 && header != 0xfe) {
        return fail(errc::malformed, "an OK packet starts with byte " + std::to_string(header));
    }
    ok_packet ok;
    ok.affected_rows = reader.lenenc();
    ok.last_insert_id = reader.lenenc();
    ok.status = reader.u16();
    ok.warnings = reader.u16();
    if (auto status = reader.status("an OK packet"); !status) {
        return std::unexpected(std::move(status.error()));
    }
    // Without session tracking the text is all that is left; servers send it with or without a
    // length in front.
    const auto rest = reader.peek();
    const auto text = reader.lenenc_text();
    ok.info = reader.ok() && reader.at_end() ? text : as_text(rest);
    return ok;
}

result<ok_packet> decode_eof(std::span<const std::byte> payload) {
    byte_reader reader(payload);
    reader.skip(1);
    ok_packet ok;
    ok.warnings = reader.u16();
    ok.status = reader.u16();
    if (auto status = reader.status("an EOF packet"); !status) {
        return std::unexpected(std::move(status.error()));
    }
    return ok;
}

error decode_error(std::span<const std::byte> payload) {
    byte_reader reader(payload);
    reader.skip(1);
    server_diagnostics said;
    said.number = reader.u16();
    if (!reader.ok()) {
        return {make_error_code(errc::malformed), "the server sends an error without a number", {}};
    }
    auto text = reader.rest_text();
    // Errors before the capabilities are agreed (too many connections, host blocked) have no state.
    if (text.starts_with('#') && text.size() >= 6) {
        said.sqlstate = text.substr(1, 5);
        text.remove_prefix(6);
    }
    said.message = text;
    auto what = "error " + std::to_string(said.number) +
                (said.sqlstate.empty() ? "" : " (" + said.sqlstate + ")") + ": " + said.message;
    return {make_error_code(errc::server_error), std::move(what), std::move(said)};
}

} // namespace understudy::protocol
