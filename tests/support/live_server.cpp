#include "tests/support/live_server.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <csignal>
#include <fstream>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

namespace understudy::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const fs::path source_dir = UNDERSTUDY_SOURCE_DIR;

// Below the ephemeral range, where outgoing connections do not take ports in passing.
std::uint16_t random_port() {
    std::random_device random;
    return std::uniform_int_distribution<std::uint16_t>(12000, 31999)(random);
}

std::uint32_t random_server_id() {
    std::random_device random;
    return std::uniform_int_distribution<std::uint32_t>(1000, 4'000'000'000)(random);
}

std::string last_part(const std::string& text) {
    constexpr std::size_t shown_max = 4000;
    return text.size() <= shown_max ? text : text.substr(text.size() - shown_max);
}

bool says_port_is_taken(const std::string& log) {
    return log.find("Bind on TCP/IP port") != std::string::npos ||
           log.find("Address already in use") != std::string::npos;
}

void add_lines(std::vector<std::string>& arguments, const fs::path& file) {
    std::ifstream lines(file);
    if (!lines) throw std::runtime_error("cannot read " + file.string());
    for (std::string line; std::getline(lines, line);) {
        if (!line.empty()) arguments.push_back(line);
    }
}

std::string user_name() {
    return run_successfully({.argv = {"id", "-un"}, .environment = {}}, 10s);
}

} // namespace

std::string_view to_string(server_kind kind) {
    switch (kind) {
    case server_kind::mysql_97: return "mysql-9.7";
    case server_kind::mysql_56: return "mysql-5.6";
    case server_kind::mariadb_1011: return "mariadb-10.11";
    case server_kind::mariadb_118: return "mariadb-11.8";
    }
    throw std::logic_error("unknown server kind");
}

std::string test_name(server_kind kind) {
    std::string name(to_string(kind));
    std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
}

bool is_mariadb(server_kind kind) {
    return to_string(kind).starts_with("mariadb");
}

fs::path server_root(server_kind kind) {
    std::string root = run_successfully(
        {.argv = {source_dir / "tests/servers/fetch.sh", std::string(to_string(kind))},
         .environment = {}},
        10min);
    while (root.ends_with('\n'))
        root.pop_back();
    return root;
}

live_server::live_server(server_kind kind, server_options options)
    : kind_(kind), options_(std::move(options)), root_(server_root(kind)), directory_("server"),
      server_id_(random_server_id()) {
    if (options_.tls) {
        authority_.emplace(directory_.path() / "tls");
        certificate_ = authority_->issue({.names = {"localhost"}, .addresses = {"127.0.0.1"}});
    }
    run_successfully(
        {.argv = {"cp", "-a", "--reflink=auto", root_ / "template", data_dir()}, .environment = {}},
        1min);
    fs::remove(data_dir() / "auto.cnf");
}

live_server live_server::start(server_kind kind, server_options options) {
    live_server server(kind, std::move(options));
    server.port_ = random_port();
    server.launch();
    server.start_first_time();
    return server;
}

std::vector<live_server> live_server::start_all(std::vector<wanted> servers) {
    std::vector<live_server> started;
    for (wanted& each : servers) {
        live_server& server = started.emplace_back(live_server(each.kind, std::move(each.options)));
        server.port_ = random_port();
        server.launch();
    }
    for (live_server& server : started)
        server.start_first_time();
    return started;
}

// Whoever has the port first keeps it: nothing can be reserved for a server beforehand.
void live_server::start_first_time() {
    for (int try_count = 1; wait_until_ready() == readiness::port_taken; ++try_count) {
        if (try_count == 20) throw std::runtime_error("no free port in 20 tries\n" + error_log());
        port_ = random_port();
        launch();
    }
}

std::vector<std::string> live_server::arguments() const {
    const fs::path& dir = directory_.path();
    std::string user = user_name();
    while (user.ends_with('\n'))
        user.pop_back();
    std::vector<std::string> all = {root_ / "bin" / (is_mariadb(kind_) ? "mariadbd" : "mysqld"),
                                    fmt::format("--datadir={}", data_dir().string()),
                                    // A MariaDB that starts removes from /tmp what looks like
                                    // another's temporary tables.
                                    fmt::format("--tmpdir={}", (dir / "tmp").string()),
                                    fmt::format("--socket={}", socket_path().string()),
                                    fmt::format("--pid-file={}", (dir / "server.pid").string()),
                                    fmt::format("--log-error={}", (dir / "error.log").string()),
                                    fmt::format("--port={}", port_),
                                    fmt::format("--server-id={}", server_id_),
                                    fmt::format("--user={}", user), "--bind-address=127.0.0.1"};
    add_lines(all, source_dir / fmt::format("tests/servers/{}.options", to_string(kind_)));
    if (is_mariadb(kind_)) {
        all.emplace_back(options_.gtid ? "--gtid-strict-mode=ON" : "--gtid-strict-mode=OFF");
    } else if (options_.gtid) {
        all.insert(all.end(), {"--gtid-mode=ON", "--enforce-gtid-consistency=ON"});
    }
    if (certificate_) {
        all.insert(all.end(), {fmt::format("--ssl-ca={}", authority_->ca_file().string()),
                               fmt::format("--ssl-cert={}", certificate_->certificate.string()),
                               fmt::format("--ssl-key={}", certificate_->key.string())});
    }
    all.insert(all.end(), options_.extra_args.begin(), options_.extra_args.end());
    return all;
}

void live_server::launch() {
    const fs::path log = directory_.path() / "error.log";
    // Left by a killed server: its lock file names a process id that may be another's by now.
    fs::remove(socket_path());
    fs::remove(socket_path().string() + ".lock");
    fs::create_directories(directory_.path() / "tmp");
    // Only this start's messages are looked at.
    if (fs::exists(log)) fs::rename(log, directory_.path() / "error.log.old");
    process_.emplace(child_process::start(
        {.argv = arguments(), .environment = {}, .output_file = log, .error_file = log}));
}

live_server::readiness live_server::wait_until_ready() {
    const auto deadline = std::chrono::steady_clock::now() + 2min;
    while (std::chrono::steady_clock::now() < deadline) {
        if (!process_->running()) {
            if (says_port_is_taken(error_log())) return readiness::port_taken;
            throw std::runtime_error(
                fmt::format("{} does not start:\n{}", to_string(kind_), last_part(error_log())));
        }
        try {
            root().exec("SELECT 1");
            return readiness::answers;
        } catch (const sql_error&) {
            std::this_thread::sleep_for(50ms);
        }
    }
    throw std::runtime_error(fmt::format("{} does not answer after two minutes:\n{}",
                                         to_string(kind_), last_part(error_log())));
}

pid_t live_server::pid() const {
    if (!process_) throw std::logic_error("the server does not run");
    return process_->pid();
}

std::string live_server::error_log() const {
    return file_text(directory_.path() / "error.log");
}

certificate_authority& live_server::authority() {
    if (!authority_) throw std::logic_error("the server was started without tls");
    return *authority_;
}

sql_client live_server::root() const {
    return sql_client({.socket = socket_path(), .user = "root"});
}

sql_endpoint live_server::endpoint(std::string user, std::string password) const {
    return {.port = port_, .user = std::move(user), .password = std::move(password)};
}

fs::path live_server::tool(std::string_view name) const {
    fs::path path = root_ / "bin" / name;
    if (!fs::exists(path)) throw std::runtime_error("no such tool: " + path.string());
    return path;
}

void live_server::kill_9() {
    if (!process_) return;
    process_->kill(SIGKILL);
    if (!process_->wait(30s)) throw std::runtime_error("the server survives SIGKILL");
    process_.reset();
}

void live_server::stop() {
    if (!process_) return;
    process_->kill(SIGTERM);
    if (!process_->wait(2min)) {
        throw std::runtime_error("the server does not stop:\n" + last_part(error_log()));
    }
    process_.reset();
}

void live_server::restart() {
    stop();
    for (int try_count = 1;; ++try_count) {
        launch();
        if (wait_until_ready() == readiness::answers) return;
        if (try_count == 50) {
            throw std::runtime_error(fmt::format("port {} stays taken\n{}", port_, error_log()));
        }
        std::this_thread::sleep_for(200ms);
    }
}

void live_server::restart(std::vector<std::string> extra_args) {
    options_.extra_args = std::move(extra_args);
    restart();
}

} // namespace understudy::test
