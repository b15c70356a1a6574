#pragma once

#include "tests/protocol/server_packets.hpp"
#include "tests/support/certificate_authority.hpp"

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

// One scripted conversation on a loopback port, in a thread of its own: what a server does to a
// client, up to the byte. After the last step it holds the connection open and reads on until the
// client ends it. Destroying it ends it.
namespace understudy::test {

struct server_step {
    enum class what : std::uint8_t {
        send,    // these bytes, as they are
        expect,  // one packet from the client
        tls,     // become a TLS server
        stall,   // do nothing until the client is gone
        hang_up, // close the connection
    };
    what action = what::stall;
    bytes data{};
};

struct server_certificate {
    certificate_files files;
    std::filesystem::path client_ca{}; // when given, a client certificate is demanded
};

class fake_server {
public:
    explicit fake_server(std::vector<server_step> script,
                         std::optional<server_certificate> certificate = std::nullopt);
    ~fake_server();
    fake_server(const fake_server&) = delete;
    fake_server& operator=(const fake_server&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    // The server name the client asked for in TLS; after the client is done.
    [[nodiscard]] std::string server_name();
    // Payloads of the packets it expected; after the client is done.
    [[nodiscard]] std::vector<bytes> received();

private:
    struct line;
    void run();
    void join();

    std::vector<server_step> script_;
    std::optional<server_certificate> certificate_;
    std::vector<bytes> received_;
    std::string server_name_;
    int listener_ = -1;
    std::atomic<bool> ending_ = false;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

[[nodiscard]] inline server_step send(bytes data) {
    return {server_step::what::send, std::move(data)};
}
[[nodiscard]] inline server_step expect() {
    return {server_step::what::expect};
}
[[nodiscard]] inline server_step tls() {
    return {server_step::what::tls};
}

} // namespace understudy::test
