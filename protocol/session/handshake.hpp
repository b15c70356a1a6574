#pragma once

#include "protocol/result.hpp"
#include "protocol/session/auth_method.hpp"
#include "protocol/session/connect_options.hpp"
#include "protocol/session/server_greeting.hpp"
#include "protocol/session/server_info.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace understudy::protocol {

// Signs in to a server: the connection phase as a state machine without a socket.
//
//   greeting [SSL request, TLS] response {auth switch | more data | our answer} (OK | ERR)
//
// Begin by reading a packet. Each call says what to do next. A clear-text password goes out only
// over TLS (for mysql_clear_password with the certificate checked) or, where the server takes it
// for safe, a Unix socket. Pure; used once, by net/connection.
class handshake {
public:
    enum class action : std::uint8_t {
        read,           // read a packet, pass it to on_packet
        write,          // write output(), then read
        write_then_tls, // write output(), set up TLS, then on_tls
        done,           // signed in: see server()
    };

    explicit handshake(connect_options options);
    ~handshake();
    handshake(const handshake&) = delete;
    handshake& operator=(const handshake&) = delete;

    [[nodiscard]] result<action> on_packet(std::span<const std::byte> payload,
                                           std::uint8_t sequence);
    [[nodiscard]] result<action> on_tls(std::string tls_version);

    // Packets ready for the wire; wiped at the next call.
    [[nodiscard]] std::span<const std::byte> output() const { return output_; }
    [[nodiscard]] const server_info& server() const { return server_; }
    // What an operator should know about the chosen mode of TLS; once known, it stays.
    [[nodiscard]] const std::optional<std::string>& warning() const { return warning_; }

private:
    enum class state : std::uint8_t { greeting, tls, answer, signed_in };

    [[nodiscard]] result<action> on_greeting(std::span<const std::byte> payload);
    [[nodiscard]] result<bool> decide_tls();
    [[nodiscard]] result<std::uint64_t> compression_capability() const;
    [[nodiscard]] result<action> send_response();
    [[nodiscard]] result<action> on_answer(std::span<const std::byte> payload);
    [[nodiscard]] result<action> on_switch(std::span<const std::byte> payload);
    [[nodiscard]] result<action> on_data(std::span<const std::byte> data);
    [[nodiscard]] auth_channel channel() const;
    void begin_response(std::vector<std::byte>& payload) const;
    action send(std::vector<std::byte> payload);
    [[nodiscard]] std::unexpected<error> refused(std::span<const std::byte> payload) const;
    [[nodiscard]] std::unexpected<error> no_plugin(const std::string& name) const;

    connect_options options_;
    server_greeting greeting_;
    server_info server_;
    std::unique_ptr<auth_method> method_;
    std::vector<std::byte> output_;
    std::optional<std::string> warning_;
    state state_ = state::greeting;
    std::uint8_t sequence_ = 0; // of the next packet, ours or theirs
    int switch_count_ = 0;
};

} // namespace understudy::protocol
