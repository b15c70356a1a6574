#include "apps/serve_daemon.hpp"

#include "api/errc.hpp"
#include "api/server.hpp"
#include "apps/daemon_files.hpp"
#include "apps/serve_service.hpp"
#include "apps/service_manager.hpp"
#include "apps/status_journal.hpp"
#include "apps/stop_signals.hpp"
#include "apps/task_log.hpp"
#include "apps/task_supervisor.hpp"
#include "apps/webhook.hpp"
#include "state/durable_file.hpp"
#include "state/errc.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace understudy::apps {

namespace {

using namespace std::chrono_literals;
using steady_clock = std::chrono::steady_clock;

constexpr auto tick = 500ms;
constexpr auto status_interval = 10s;
constexpr auto stop_patience = 10s;

struct endpoint {
    std::string address;
    std::uint16_t port = 0;
};

// "127.0.0.1:8470", "[::]:8470"
std::optional<endpoint> parse_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    endpoint made{.address = std::string(text.substr(0, colon)), .port = 0};
    const auto number = text.substr(colon + 1);
    const auto [end, failed] =
        std::from_chars(number.data(), number.data() + number.size(), made.port);
    if (made.address.starts_with('[') && made.address.ends_with(']'))
        made.address = made.address.substr(1, made.address.size() - 2);
    const bool whole = failed == std::errc() && end == number.data() + number.size();
    return whole && !made.address.empty() ? std::optional(made) : std::nullopt;
}

protocol::result<api::token_table> read_tokens(const serve_command& what,
                                               const std::string& own_token) {
    api::token_table tokens;
    if (!what.tokens.empty()) {
        const auto text = state::read_whole(what.tokens);
        if (!text) return std::unexpected(text.error());
        auto parsed = api::token_table::parse(*text);
        if (!parsed)
            return protocol::fail(api::errc::bad_tokens,
                                  what.tokens.string() + ": " + parsed.error().what);
        tokens = *std::move(parsed);
    }
    tokens.add(api::role::owner, "command line", own_token);
    return tokens;
}

// The first line of the file; none without a file.
protocol::result<std::string> read_webhook_token(const std::filesystem::path& file) {
    if (file.empty()) return std::string();
    const auto text = state::read_whole(file);
    if (!text) return std::unexpected(text.error());
    std::string token = text->substr(0, text->find('\n'));
    if (token.ends_with('\r')) token.pop_back();
    const bool clean = std::ranges::all_of(token, [](char c) { return c > ' ' && c <= '~'; });
    if (token.empty() || !clean) {
        return protocol::fail(state::errc::task_file_invalid,
                              file.string() + ": the first line is no token");
    }
    return token;
}

class daemon {
public:
    explicit daemon(serve_command what) : what_(std::move(what)) {}

    protocol::result<void> run() {
        if (auto started = start(); !started) return started;
        manager_.ready(fmt::format("{} tasks", supervisor_->tasks().size()));
        watch();
        stop();
        return {};
    }

private:
    protocol::result<void> start() {
        what_.data_dir = std::filesystem::absolute(what_.data_dir);
        auto files = daemon_files::open(what_.data_dir);
        if (!files) return std::unexpected(files.error());
        files_ = *std::move(files);
        log_ = std::make_unique<task_log>(what_.data_dir, what_.json_log);
        if (auto hooked = start_webhook(); !hooked) return hooked;
        auto supervisor = task_supervisor::open(
            {.data_dir = what_.data_dir,
             .limits = what_.limits,
             .on_change = [this](const state_change& change) { on_change(change); }});
        if (!supervisor) return std::unexpected(supervisor.error());
        supervisor_ = *std::move(supervisor);
        journal_ = std::make_unique<status_journal>(*log_);
        std::error_code failure;
        const auto program = std::filesystem::read_symlink("/proc/self/exe", failure);
        if (failure) return protocol::fail(state::errc::io_failed, failure.message());
        service_ = std::make_unique<serve_service>(*supervisor_, what_.data_dir, program);
        if (auto listening = listen(); !listening) return listening;
        supervisor_->begin();
        service_->set_ready(true);
        return {};
    }

    protocol::result<void> listen() {
        const auto at = parse_endpoint(what_.listen);
        if (!at) {
            return protocol::fail(state::errc::task_file_invalid,
                                  "--listen: found \"" + what_.listen +
                                      "\"; allowed is ADDRESS:PORT, such as 127.0.0.1:8470");
        }
        auto tokens = read_tokens(what_, files_->token());
        if (!tokens) return std::unexpected(tokens.error());
        // Beyond this machine the token of the command line alone is not enough of a decision.
        if (!api::is_loopback(at->address) && what_.tokens.empty()) {
            return protocol::fail(state::errc::task_file_invalid,
                                  at->address + " can be reached from other machines: that needs "
                                                "--tls-cert, --tls-key and --tokens");
        }
        api::server_options options;
        options.address = at->address;
        options.port = at->port;
        options.tls_cert = what_.tls_cert;
        options.tls_key = what_.tls_key;
        options.tokens = *std::move(tokens);
        options.host_names = what_.host_names;
        options.version = what_.version;
        options.audit_file = what_.data_dir / "audit.log";
        auto server = api::server::start(*service_, std::move(options));
        if (!server) return std::unexpected(server.error());
        server_ = *std::move(server);
        const bool everywhere = at->address == "0.0.0.0" || at->address == "::";
        const std::string host = everywhere ? "127.0.0.1"
                                 : at->address.find(':') == std::string::npos
                                     ? at->address
                                     : "[" + at->address + "]";
        url_ = fmt::format("{}://{}:{}", what_.tls_cert.empty() ? "http" : "https", host,
                           server_->port());
        log_->write(log_level::info, fmt::format("understudy {} serves {} from {}", what_.version,
                                                 url_, what_.data_dir.string()));
        return files_->announce(url_, server_->certificate());
    }

    protocol::result<void> start_webhook() {
        if (what_.webhook.empty()) return {};
        const auto to = parse_http_address(what_.webhook);
        if (!to) {
            return protocol::fail(state::errc::task_file_invalid,
                                  "--webhook: allowed is http://HOST[:PORT]/PATH, or https://, "
                                  "without a user (--webhook-token is for what is secret)");
        }
        auto token = read_webhook_token(what_.webhook_token);
        if (!token) return std::unexpected(token.error());
        webhook::options options;
        options.to = *to;
        options.token = *std::move(token);
        options.complain = [this](const std::string& text) {
            log_->write(log_level::warning, text);
        };
        webhook_ = std::make_unique<webhook>(std::move(options));
        return {};
    }

    void on_change(const state_change& change) {
        const bool bad = is_failed(change.to);
        std::string text = fmt::format("{} (was {})", to_string(change.to), to_string(change.from));
        if (bad) {
            text += ": " + change.error;
            if (!change.advice.empty()) text += " What to do: " + change.advice;
        }
        log_->write(bad ? log_level::error : log_level::info, change.task, change.position, text);
        if (webhook_) webhook_->tell(change);
    }

    void watch() {
        const auto watchdog = manager_.watchdog_interval();
        auto written = steady_clock::now();
        auto alive = written;
        while (true) {
            const auto signal = signals_.wait(tick);
            if (signal == SIGTERM || signal == SIGINT) return;
            if (signal == SIGHUP) reload();
            const auto now = steady_clock::now();
            journal_->look(supervisor_->tasks());
            if (now - written >= status_interval) {
                written = now;
                supervisor_->write_statuses();
                supervisor_->retry_changed_passwords();
            }
            if (watchdog && now - alive >= *watchdog - tick) {
                alive = now;
                manager_.alive();
            }
        }
    }

    // All of it or nothing.
    protocol::result<void> read_anew() {
        auto tokens = read_tokens(what_, files_->token());
        if (!tokens) return std::unexpected(tokens.error());
        auto webhook_token = read_webhook_token(what_.webhook_token);
        if (!webhook_token) return std::unexpected(webhook_token.error());
        if (auto done = server_->reload(*std::move(tokens)); !done) return done;
        if (webhook_) webhook_->use_token(*std::move(webhook_token));
        return {};
    }

    void reload() {
        manager_.reloading();
        log_->close_files();
        const auto done = read_anew();
        if (done)
            log_->write(log_level::info,
                        "reloaded: tokens, certificate; failed tasks are tried again");
        else
            log_->write(log_level::error, "not reloaded, all is as before: " + done.error().what);
        if (auto told = files_->announce(url_, server_->certificate()); !told)
            log_->write(log_level::error, "the command line cannot ask: " + told.error().what);
        supervisor_->retry_failed();
        manager_.ready("reloaded");
    }

    void stop() {
        manager_.stopping();
        service_->set_ready(false);
        const auto left = supervisor_->stop_all(stop_patience);
        journal_->look(supervisor_->tasks());
        if (!left.empty()) {
            // Their threads wait for a server. What they have committed is committed: they end as
            // by a crash.
            log_->write(log_level::warning,
                        fmt::format("ended without waiting for: {}", fmt::join(left, ", ")));
            files_.reset();
            ::_exit(0);
        }
        log_->write(log_level::info, "stopped");
    }

    serve_command what_;
    const stop_signals signals_; // before any thread
    service_manager manager_;
    std::unique_ptr<daemon_files> files_;
    std::unique_ptr<task_log> log_;
    std::unique_ptr<webhook> webhook_;
    std::unique_ptr<task_supervisor> supervisor_;
    std::unique_ptr<status_journal> journal_;
    std::unique_ptr<serve_service> service_;
    std::unique_ptr<api::server> server_;
    std::string url_; // where the command line asks
};

} // namespace

protocol::result<void> serve(const serve_command& what) {
    return daemon(what).run();
}

} // namespace understudy::apps
