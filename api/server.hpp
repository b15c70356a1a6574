#pragma once

#include "api/access.hpp"
#include "api/metrics.hpp"
#include "api/task_service.hpp"
#include "protocol/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace understudy::api {

struct server_options {
    std::string address = "127.0.0.1";
    std::uint16_t port = 8470;      // 0: any that is free
    std::filesystem::path tls_cert; // PEM, with the chain; beyond this machine needed
    std::filesystem::path tls_key;
    token_table tokens;
    std::vector<std::string> host_names; // beside the address and, on loopback, localhost
    std::string version;
    std::filesystem::path audit_file;

    std::size_t connections_max = 256;
    std::size_t connections_max_per_peer = 128; // on loopback everybody is one peer
    std::size_t streams_max = 32;
    double requests_per_second = 100; // of one peer
    double requests_burst = 300;
    double refusals_per_second = 0.5; // wrong tokens of one peer
    double refusals_burst = 20;
    std::size_t body_bytes_max = 1U << 20U;
    std::uint32_t header_bytes_max = 16U << 10U;
    std::chrono::milliseconds header_timeout{10'000};
    std::chrono::milliseconds body_timeout{20'000};
    std::chrono::milliseconds write_timeout{20'000};
    std::chrono::milliseconds idle_timeout{60'000};
    std::chrono::milliseconds event_interval{1'000};
};

// The HTTP server: accepts, limits, reads requests, finds out who asks, lets the router answer.
// One thread for the sockets, two for quick answers, six for those that ask the tasks' servers: a
// request that takes long holds up no other, and none holds up a task.
//
// An address beyond loopback is refused without TLS and tokens (errc::not_safe).
class server {
public:
    // Listens when it returns. `service` must live longer.
    [[nodiscard]] static protocol::result<std::unique_ptr<server>> start(task_service& service,
                                                                         server_options options);
    // Ends open connections; waits for requests that are being answered.
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] http_figures figures() const;
    // The one that new connections are shown (PEM, without its chain); empty without TLS. Any
    // thread.
    [[nodiscard]] std::string certificate() const;
    // From now on these tokens, and the certificate as it is in its files now. On an error all
    // stays as it was. Any thread.
    [[nodiscard]] protocol::result<void> reload(token_table tokens);

private:
    struct impl;
    explicit server(std::unique_ptr<impl> state);
    std::unique_ptr<impl> impl_;
};

// 127.0.0.0/8, ::1; names are none.
[[nodiscard]] bool is_loopback(const std::string& address);

} // namespace understudy::api
