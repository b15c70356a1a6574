#include "tests/support/source_and_target.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace understudy::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// Another build of the program may be tested by name.
std::string program() {
    const char* named = std::getenv("UNDERSTUDY_PROGRAM");
    return named != nullptr ? named : UNDERSTUDY_PROGRAM;
}

// A value of a task file: names and paths here need no more than this.
std::string toml(const std::string& text) {
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') quoted += '\\';
        quoted += c;
    }
    return quoted + "\"";
}

std::string toml(const std::vector<std::string>& texts) {
    std::vector<std::string> quoted;
    for (const std::string& text : texts)
        quoted.push_back(toml(text));
    return fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::string source_privileges(server_kind kind) {
    const std::string everywhere = "REPLICATION SLAVE, REPLICATION CLIENT, SELECT, RELOAD,"
                                   " LOCK TABLES, SHOW VIEW, EVENT, TRIGGER, PROCESS";
    // Before 8.0.20 the right to read routines is SELECT on mysql.proc.
    if (is_mariadb(kind)) {
        return "REPLICATION SLAVE, BINLOG MONITOR, SELECT, LOCK TABLES, SHOW VIEW, EVENT, TRIGGER";
    }
    return kind == server_kind::mysql_97 ? everywhere + ", SHOW_ROUTINE" : everywhere;
}

void make_account(const live_server& server, const std::string& user, const std::string& password,
                  const std::string& privileges, bool with_grant_option) {
    server.root().exec(fmt::format("CREATE USER '{0}'@'%' IDENTIFIED BY '{1}';"
                                   "GRANT {2} ON *.* TO '{0}'@'%'{3}",
                                   user, password, privileges,
                                   with_grant_option ? " WITH GRANT OPTION" : ""));
}

} // namespace

running_task::running_task(child_process process, fs::path output, fs::path error)
    : process_(std::move(process)), output_(std::move(output)), error_(std::move(error)) {}

void running_task::kill_9() {
    process_.kill(SIGKILL);
    if (!process_.wait(30s)) throw std::runtime_error("the program survives SIGKILL");
}

long running_task::memory_max_kib() {
    if (!process_.running()) return process_.wait(0ms)->memory_max_kib;
    std::ifstream status(fmt::format("/proc/{}/status", process_.pid()));
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) return std::stol(line.substr(6));
    }
    return 0;
}

source_and_target::source_and_target(server_kind source, server_kind target, pair_options options)
    : options_(std::move(options)), directory_("task"),
      servers_(live_server::start_all({{source, options_.source}, {target, options_.target}})) {
    make_accounts();
    write_task_file();
}

void source_and_target::make_accounts() {
    const std::string& given = options_.source_privileges;
    make_account(source(), "repl", "repl-secret",
                 given.empty() ? test::source_privileges(source().kind()) : given, false);
    const std::string& wanted = options_.target_privileges;
    make_account(target(), "apply", "apply-secret", wanted.empty() ? "ALL" : wanted,
                 wanted.empty());
}

sql_client& source_and_target::connected(connection& to, const live_server& server) {
    if (!to.client || to.server != server.pid()) {
        to.client.emplace(server.root());
        to.server = server.pid();
    }
    return *to.client;
}

sql_endpoint source_and_target::source_account() const {
    return servers_[0].endpoint("repl", "repl-secret");
}

sql_endpoint source_and_target::target_account() const {
    return servers_[1].endpoint("apply", "apply-secret");
}

std::string source_and_target::endpoint_text(const std::string& side, live_server& server,
                                             const sql_endpoint& account,
                                             const std::string& tls_mode) {
    const server_options& started_with = side == "source" ? options_.source : options_.target;
    const bool has_hosts = side == "source" && !options_.source_hosts.empty();
    const std::string address =
        has_hosts ? "hosts = " + toml(options_.source_hosts)
                  : fmt::format("host = {}\nport = {}", toml(account.host), account.port);
    std::string text = fmt::format("[{}]\n{}\nuser = {}\npassword = {}\n", side, address,
                                   toml(account.user), toml(account.password));
    text += fmt::format("tls.mode = {}\n", toml(tls_mode));
    if (side == "source") text += options_.more_of_source;
    if (started_with.tls) {
        text += fmt::format("tls.ca = {}\n", toml(server.authority().ca_file().string()));
    }
    return text;
}

void source_and_target::write_task_file() {
    std::ostringstream text;
    text << "name = " << toml(options_.name) << "\n"
         << endpoint_text("source", source(), source_account(), options_.source_tls_mode)
         << endpoint_text("target", target(), target_account(), options_.target_tls_mode)
         << "[objects]\ninclude = " << toml(options_.objects.include) << "\n";
    if (!options_.objects.exclude.empty()) {
        text << "exclude = " << toml(options_.objects.exclude) << "\n";
    }
    if (!options_.objects.rename.empty()) {
        std::vector<std::string> pairs;
        for (const auto& [from, to] : options_.objects.rename) {
            pairs.push_back(fmt::format("{} = {}", toml(from), toml(to)));
        }
        text << fmt::format("rename = {{ {} }}\n", fmt::join(pairs, ", "));
    }
    if (!options_.more_of_objects.empty()) text << options_.more_of_objects << "\n";
    text << options_.more_of_task_file;
    std::ofstream file(task_file(), std::ios::trunc);
    file << text.str();
    file.close();
    // It has passwords.
    fs::permissions(task_file(), fs::perms::owner_read | fs::perms::owner_write);
    if (!file) throw std::runtime_error("cannot write " + task_file().string());
}

std::vector<std::string> source_and_target::task_arguments(std::vector<std::string> more) const {
    std::vector<std::string> arguments = {"run", task_file()};
    if (std::ranges::find(more, "--data-dir") == more.end())
        arguments.insert(arguments.end(), {"--data-dir", data_dir()});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
}

finished_process source_and_target::run_task(std::vector<std::string> more,
                                             std::chrono::milliseconds timeout) {
    const std::vector<std::string> arguments = task_arguments(std::move(more));
    running_task task = start(arguments);
    const auto ended = task.wait(timeout);
    if (!ended) {
        throw std::runtime_error(fmt::format(
            "still running after {} ms: {}\n{}{}{}", timeout.count(), fmt::join(arguments, " "),
            task.output(), task.error(), why_it_goes_on(arguments)));
    }
    return {*ended, task.output(), task.error()};
}

std::string source_and_target::why_it_goes_on(const std::vector<std::string>& arguments) {
    const auto data_dir = std::ranges::find(arguments, "--data-dir");
    std::string text = run_program({"status", "--data-dir", *std::next(data_dir)}).output;
    for (const auto& row : target().root().query("SHOW FULL PROCESSLIST")) {
        for (const auto& value : row)
            text += value.value_or("NULL") + "  ";
        text += '\n';
    }
    return text;
}

finished_process source_and_target::run_program(std::vector<std::string> arguments,
                                                std::chrono::milliseconds timeout) {
    arguments.insert(arguments.begin(), program());
    return run_to_end({.argv = std::move(arguments), .environment = {}}, timeout);
}

running_task source_and_target::start_task(std::vector<std::string> more) {
    return start(task_arguments(std::move(more)));
}

running_task source_and_target::start(std::vector<std::string> argv) {
    const int number = ++run_count_;
    const fs::path output = directory_.path() / fmt::format("output-{}", number);
    const fs::path error = directory_.path() / fmt::format("error-{}", number);
    argv.insert(argv.begin(), program());
    return {child_process::start({.argv = std::move(argv),
                                  .environment = {},
                                  .output_file = output,
                                  .error_file = error}),
            output, error};
}

std::vector<std::string> source_and_target::compare(const comparison_options& what) {
    return test::compare(source_sql(), target_sql(), options_.objects, what);
}

} // namespace understudy::test
