#pragma once

#include "tests/support/certificate_authority.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/sql_client.hpp"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A real database server for one test, with its own data directory and a free loopback port. It
// dies with the test process and leaves nothing behind (child_process.hpp, scratch_directory.hpp).
//
//   live_server source = live_server::start(server_kind::mysql_97, {.gtid = false});
//   source.root().exec("CREATE DATABASE shop");
//   source.kill_9();
//   source.restart();
//
// Its binary log is on, in ROW format; sync_binlog and innodb_flush_log_at_trx_commit are 1; the
// rest is in tests/servers/<kind>.options. Errors are std::runtime_error with the end of the
// server's error log. One thread at a time.
namespace understudy::test {

enum class server_kind { mysql_97, mysql_56, mariadb_1011, mariadb_118 };

[[nodiscard]] std::string_view to_string(server_kind kind); // as tests/servers/fetch.sh knows it
[[nodiscard]] std::string test_name(server_kind kind);      // the same, for a test's name
[[nodiscard]] bool is_mariadb(server_kind kind);

struct server_options {
    std::vector<std::string> extra_args{}; // come last and so override the defaults
    bool gtid = true;                      // MariaDB has GTIDs always: gtid_strict_mode
    bool tls = false; // a certificate for 127.0.0.1 and localhost from an authority of its own
};

class live_server {
public:
    [[nodiscard]] static live_server start(server_kind kind, server_options options = {});

    // Starts them side by side; the result has their order.
    struct wanted {
        server_kind kind;
        server_options options{};
    };
    [[nodiscard]] static std::vector<live_server> start_all(std::vector<wanted> servers);

    [[nodiscard]] server_kind kind() const { return kind_; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::filesystem::path socket_path() const { return directory_.path() / "s.sock"; }
    [[nodiscard]] std::filesystem::path data_dir() const { return directory_.path() / "data"; }
    [[nodiscard]] pid_t pid() const;
    [[nodiscard]] std::string error_log() const;
    // The authority of a server started with `tls`; its certificate is what clients trust.
    [[nodiscard]] certificate_authority& authority();

    // root@localhost over the server's socket; each call is a connection of its own.
    [[nodiscard]] sql_client root() const;
    // An account over TCP; it is not made here.
    [[nodiscard]] sql_endpoint endpoint(std::string user, std::string password) const;
    // The path of a tool: "mysqlbinlog", "mariadb-dump". MySQL 5.6 has none.
    [[nodiscard]] std::filesystem::path tool(std::string_view name) const;

    void kill_9();
    void stop(); // an orderly shutdown, waited for
    // On the same data and port; stops it first if it runs.
    void restart();
    void restart(std::vector<std::string> extra_args);

private:
    enum class readiness { answers, port_taken };

    live_server(server_kind kind, server_options options);
    void launch();
    readiness wait_until_ready();
    void start_first_time();
    [[nodiscard]] std::vector<std::string> arguments() const;

    server_kind kind_;
    server_options options_;
    std::filesystem::path root_;
    scratch_directory directory_;
    std::uint16_t port_ = 0;
    std::uint32_t server_id_ = 0;
    std::optional<certificate_authority> authority_;
    std::optional<certificate_files> certificate_;
    std::optional<child_process> process_;
};

// Where this kind is unpacked (tests/servers/fetch.sh, which fetches it the first time).
[[nodiscard]] std::filesystem::path server_root(server_kind kind);

} // namespace understudy::test
