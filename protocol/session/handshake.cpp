#include "protocol/session/handshake.hpp"

#include "protocol/assert.hpp"
#include "protocol/errc.hpp"
#include "protocol/session/packets.hpp"
#include "protocol/session/sign_in_error.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "protocol/wire/capabilities.hpp"
#include "protocol/wire/packet_framing.hpp"

#include <openssl/crypto.h>

#include <utility>

namespace understudy::protocol {

namespace {

constexpr std::string_view native_plugin = "mysql_native_password";
constexpr std::string_view caching_sha2_plugin = "caching_sha2_password";

constexpr std::byte more_data_header{0x01};
constexpr std::byte next_factor_header{0x02};
// An account of MariaDB can name several plugins, which are tried one after the other.
constexpr int switch_count_max = 8;

// utf8mb4_general_ci: known to every server from 5.5 on, MariaDB included.
constexpr std::uint8_t collation = 45;
constexpr std::uint32_t packet_bytes_max = 1U << 30U;
// All of a handshake response but what is of no fixed size.
constexpr std::size_t response_head_bytes_max = 256;

void wipe(std::vector<std::byte>& bytes) {
    OPENSSL_cleanse(bytes.data(), bytes.size());
    bytes.clear();
}

} // namespace

handshake::handshake(connect_options options) : options_(std::move(options)) {}

handshake::~handshake() {
    wipe(output_);
}

result<handshake::action> handshake::on_packet(std::span<const std::byte> payload,
                                               std::uint8_t sequence) {
    UNDERSTUDY_ASSERT(state_ != state::tls && state_ != state::signed_in);
    wipe(output_);
    // A server that refuses us at once may send its error with any number.
    const bool is_early_error = state_ == state::greeting && is_error(payload);
    if (sequence != sequence_ && !is_early_error) {
        return fail(errc::malformed, "packet number " + std::to_string(sequence) + " where " +
                                         std::to_string(sequence_) + " comes next");
    }
    ++sequence_;
    switch (state_) {
    case state::greeting: return on_greeting(payload);
    case state::answer: return on_answer(payload);
    case state::tls:
    case state::signed_in: break;
    }
    std::unreachable();
}

result<handshake::action> handshake::on_greeting(std::span<const std::byte> payload) {
    if (is_error(payload)) return refused(payload);
    auto greeting = decode_server_greeting(payload);
    if (!greeting) return std::unexpected(std::move(greeting.error()));
    greeting_ = *std::move(greeting);
    if ((greeting_.capabilities & capability::needed) != capability::needed) {
        return fail(errc::unsupported, "the server (version " + greeting_.version +
                                           ") is too old: MySQL 5.6 or newer is needed");
    }
    auto wanted = capability::wanted;
    if (!options_.database.empty()) wanted |= capability::connect_with_db;
    const auto compresses = compression_capability();
    if (!compresses) return std::unexpected(compresses.error());
    wanted |= *compresses;
    server_ = {greeting_.version,
               greeting_.version_number,
               greeting_.is_mariadb,
               greeting_.connection_id,
               wanted & greeting_.capabilities,
               false,
               {}};

    auto use_tls = decide_tls();
    if (!use_tls) return std::unexpected(std::move(use_tls.error()));
    if (!*use_tls) return send_response();

    server_.capabilities |= capability::ssl;
    std::vector<std::byte> request;
    begin_response(request);
    send(std::move(request));
    state_ = state::tls;
    return action::write_then_tls;
}

result<bool> handshake::decide_tls() {
    const auto mode = options_.tls.mode;
    const bool offered = (greeting_.capabilities & capability::ssl) != 0;
    switch (mode) {
    case tls_mode::disabled: return false;
    case tls_mode::preferred:
        if (options_.is_local()) return false; // bytes do not leave the machine
        warning_ = offered ? "TLS to " + options_.address() +
                                 " encrypts, but tls.mode \"preferred\" does not check who "
                                 "answers: use \"verify-identity\" with tls.ca"
                           : "the connection to " + options_.address() +
                                 " is not encrypted: the server does not offer TLS, and tls.mode "
                                 "\"preferred\" allows that";
        return offered;
    case tls_mode::required:
    case tls_mode::verify_ca:
    case tls_mode::verify_identity: break;
    }
    if (!offered) {
        return fail(errc::tls_not_offered,
                    "tls.mode is \"" + std::string(protocol::to_string(mode)) + "\", but " +
                        options_.address() +
                        " does not offer TLS: give the server a certificate, or choose "
                        "tls.mode = \"disabled\" if the network may be trusted");
    }
    return true;
}

result<std::uint64_t> handshake::compression_capability() const {
    if (options_.compressed == compression::none) return std::uint64_t{0};
    const auto bit = options_.compressed == compression::zstd ? capability::zstd_compression
                                                              : capability::compress;
    if ((greeting_.capabilities & bit) == 0) {
        return fail(errc::unsupported,
                    "compression is \"" + std::string(protocol::to_string(options_.compressed)) +
                        "\", which " + options_.address() + " (version " + greeting_.version +
                        ") does not offer: choose compression = \"zlib\" or \"none\", or see "
                        "protocol_compression_algorithms on the server");
    }
    return bit;
}

result<handshake::action> handshake::on_tls(std::string tls_version) {
    UNDERSTUDY_ASSERT(state_ == state::tls);
    server_.encrypted = true;
    server_.tls_version = std::move(tls_version);
    return send_response();
}

// The part that an SSL request and the response have in common.
void handshake::begin_response(std::vector<std::byte>& payload) const {
    byte_writer writer(payload);
    writer.u32(static_cast<std::uint32_t>(server_.capabilities));
    writer.u32(packet_bytes_max);
    writer.u8(collation);
    writer.zeros(23);
}

auth_channel handshake::channel() const {
    const bool verifies =
        options_.tls.mode == tls_mode::verify_ca || options_.tls.mode == tls_mode::verify_identity;
    return {server_.encrypted, server_.encrypted && verifies, options_.is_local()};
}

result<handshake::action> handshake::send_response() {
    // The account may use another plugin than the server's default; then the server switches.
    std::string plugin = greeting_.plugin;
    if (!answers_greeting(plugin)) {
        plugin = greeting_.is_mariadb ? native_plugin : caching_sha2_plugin;
    }
    method_ = make_auth_method(plugin, options_.password, channel());
    auto answer = method_->begin(greeting_.nonce);
    if (!answer) return std::unexpected(std::move(answer.error()));

    std::vector<std::byte> payload;
    // In one piece: the answer may be the password, and what grows leaves a copy behind.
    payload.reserve(response_head_bytes_max + options_.user.size() + answer->size() +
                    options_.database.size());
    begin_response(payload);
    byte_writer writer(payload);
    writer.nul_text(options_.user);
    writer.lenenc_bytes(*answer); // below 251 bytes the same as the older one-byte length
    wipe(*answer);
    if ((server_.capabilities & capability::connect_with_db) != 0) {
        writer.nul_text(options_.database);
    }
    writer.nul_text(plugin);
    if ((server_.capabilities & capability::connect_attributes) != 0) {
        std::vector<std::byte> attributes;
        byte_writer attribute(attributes);
        for (const auto* text : {"_client_name", "understudy", "program_name", "understudy"}) {
            attribute.lenenc_text(text);
        }
        for (const auto& [name, value] : options_.attributes) {
            attribute.lenenc_text(name);
            attribute.lenenc_text(value);
        }
        writer.lenenc_bytes(attributes);
    }
    if ((server_.capabilities & capability::zstd_compression) != 0) {
        writer.u8(static_cast<std::uint8_t>(options_.zstd_level));
    }
    state_ = state::answer;
    return send(std::move(payload));
}

result<handshake::action> handshake::on_answer(std::span<const std::byte> payload) {
    const bool awaits_data = method_->awaits_data();
    if (payload.empty()) {
        return fail(errc::malformed, "the server answers the sign-in with an empty packet");
    }
    const auto header = payload.front();
    if (header == error_header) return refused(payload);
    if (header == more_data_header) return on_data(payload.subspan(1));
    if (header == next_factor_header) {
        return fail(errc::plugin_unsupported,
                    "the account of " + options_.to_string() +
                        " needs a second factor to sign in; use an account with a password only");
    }
    if (!awaits_data && header == eof_header) return on_switch(payload);
    if (!awaits_data && header == ok_header) {
        auto ok = decode_ok(payload);
        if (!ok) return std::unexpected(std::move(ok.error()));
        state_ = state::signed_in;
        return action::done;
    }
    // MariaDB and MySQL before 5.7 mark a plugin's data only where it could be taken for something
    // else.
    if (awaits_data && header != eof_header && header != ok_header) return on_data(payload);
    return fail(errc::malformed, "the server answers the sign-in with a packet of type " +
                                     std::to_string(std::to_integer<int>(header)));
}

result<handshake::action> handshake::on_switch(std::span<const std::byte> payload) {
    if (payload.size() == 1) return no_plugin("mysql_old_password");
    if (++switch_count_ > switch_count_max) {
        return fail(errc::malformed, "the server switches the authentication plugin more than " +
                                         std::to_string(switch_count_max) + " times");
    }
    byte_reader reader(payload);
    reader.skip(1);
    const std::string plugin(reader.nul_text());
    const auto nonce = reader.rest();
    if (auto status = reader.status("the switch of the authentication plugin"); !status) {
        return std::unexpected(std::move(status.error()));
    }
    method_ = make_auth_method(plugin, options_.password, channel());
    if (!method_) return no_plugin(plugin);
    auto answer = method_->begin(nonce);
    if (!answer) {
        return wrap(std::move(answer.error()), "the account of " + options_.to_string());
    }
    return send(*std::move(answer));
}

result<handshake::action> handshake::on_data(std::span<const std::byte> data) {
    auto answer = method_->proceed(data);
    if (!answer) return std::unexpected(std::move(answer.error()));
    if (!*answer) return action::read;
    return send(**std::move(answer));
}

handshake::action handshake::send(std::vector<std::byte> payload) {
    wipe(output_);
    append_packets(payload, sequence_, output_);
    wipe(payload);
    return action::write;
}

std::unexpected<error> handshake::refused(std::span<const std::byte> payload) const {
    return std::unexpected(sign_in_error(decode_error(payload), options_));
}

std::unexpected<error> handshake::no_plugin(const std::string& name) const {
    const auto* const mend = greeting_.is_mariadb ? "ed25519" : "caching_sha2_password";
    return fail(errc::plugin_unsupported,
                "the account of " + options_.to_string() + " uses the authentication plugin \"" +
                    name + "\", which Understudy does not speak; run ALTER USER … IDENTIFIED " +
                    (greeting_.is_mariadb ? "VIA " : "WITH ") + mend +
                    (greeting_.is_mariadb ? " USING PASSWORD('…')" : " BY '…'") +
                    " on the server, or use another account");
}

} // namespace understudy::protocol
