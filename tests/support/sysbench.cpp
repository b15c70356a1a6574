#include "tests/support/sysbench.hpp"

#include <fmt/format.h>

#include <csignal>
#include <stdexcept>
#include <utility>

namespace understudy::test {

using namespace std::chrono_literals;

sysbench::sysbench(const live_server& server, sysbench_options options)
    : socket_(server.socket_path()), options_(std::move(options)), directory_("sysbench") {}

command sysbench::make(const std::string& verb, std::vector<std::string> more) const {
    std::vector<std::string> argv = {"sysbench",
                                     options_.workload,
                                     "--db-driver=mysql",
                                     "--mysql-user=root",
                                     fmt::format("--mysql-socket={}", socket_.string()),
                                     fmt::format("--mysql-db={}", options_.database),
                                     fmt::format("--tables={}", options_.tables),
                                     fmt::format("--table-size={}", options_.rows),
                                     fmt::format("--rand-seed={}", options_.random_seed)};
    argv.insert(argv.end(), more.begin(), more.end());
    argv.push_back(verb);
    return {.argv = std::move(argv),
            .environment = {},
            .output_file = directory_.path() / "output",
            .error_file = directory_.path() / "output"};
}

void sysbench::prepare() {
    sql_client({.socket = socket_}).exec("CREATE DATABASE IF NOT EXISTS " + options_.database);
    run_successfully(make("prepare", {}), 10min);
}

void sysbench::run_transactions(std::uint64_t transaction_count) {
    run_successfully(make("run", {fmt::format("--threads={}", options_.threads), "--time=0",
                                  fmt::format("--events={}", transaction_count)}),
                     30min);
}

void sysbench::run_for(std::chrono::seconds time) {
    start(time);
    if (!process_->wait(time + 1min)) throw std::runtime_error("sysbench does not end");
    stop();
}

void sysbench::start(std::chrono::seconds time_max) {
    std::filesystem::remove(directory_.path() / "output");
    process_.emplace(child_process::start(
        make("run", {fmt::format("--threads={}", options_.threads), "--events=0",
                     fmt::format("--time={}", time_max.count())})));
}

void sysbench::stop(bool may_have_failed) {
    if (!process_) return;
    const bool ended_by_itself = !process_->running();
    // sysbench has no orderly end by signal; its open transactions are rolled back by the server.
    process_->kill(SIGKILL);
    const std::optional<exit_status> status = process_->wait(30s);
    process_.reset();
    if (ended_by_itself && !may_have_failed && (!status || status->code != 0)) {
        throw std::runtime_error("sysbench failed:\n" + output());
    }
}

bool sysbench::running() {
    return process_ && process_->running();
}

std::string sysbench::output() const {
    return file_text(directory_.path() / "output");
}

} // namespace understudy::test
