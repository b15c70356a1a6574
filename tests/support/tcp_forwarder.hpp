#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace understudy::test {

// Stands before a server of this machine as a load balancer does, on a port of its own. cut() takes
// the connections away from the clients only: the server goes on with what it has been sent and
// notices nothing.
class tcp_forwarder {
public:
    explicit tcp_forwarder(std::uint16_t server_port);
    ~tcp_forwarder();
    tcp_forwarder(const tcp_forwarder&) = delete;
    tcp_forwarder& operator=(const tcp_forwarder&) = delete;

    [[nodiscard]] std::uint16_t port() const { return port_; }
    void cut();

private:
    struct connection {
        int client = -1;
        int server = -1;
        std::thread to_server;
        std::thread to_client;
    };
    void accept_all();
    void take(int client);
    void close_all();

    std::uint16_t server_port_;
    std::uint16_t port_ = 0;
    int listener_ = -1;
    std::mutex mutex_;
    std::list<std::unique_ptr<connection>> connections_;
    std::thread acceptor_;
};

} // namespace understudy::test
