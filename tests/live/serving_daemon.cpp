#include "tests/live/serving_daemon.hpp"
#include "tests/support/wait_until.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace understudy::test {

namespace json = boost::json;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

// Another build of the program may be tested by name.
std::string program() {
    const char* named = std::getenv("UNDERSTUDY_PROGRAM");
    return named != nullptr ? named : UNDERSTUDY_PROGRAM;
}

} // namespace

serving_daemon::serving_daemon(std::filesystem::path data_dir, std::vector<std::string> more,
                               std::vector<std::string> environment)
    : data_dir_(std::move(data_dir)), more_(std::move(more)), environment_(std::move(environment)) {
    start();
}

void serving_daemon::start() {
    std::vector<std::string> argv{program(), "serve", "--data-dir", data_dir_};
    if (std::ranges::find(more_, "--listen") == more_.end())
        argv.insert(argv.end(), {"--listen", "127.0.0.1:0"});
    argv.insert(argv.end(), more_.begin(), more_.end());
    process_.emplace(child_process::start({.argv = argv,
                                           .environment = environment_,
                                           .output_file = output(),
                                           .error_file = output()}));
    if (!wait_until([this] { return read_address(); }, 30s))
        throw std::runtime_error("the daemon does not come up: " + file_text(output()));
}

void serving_daemon::kill_9() {
    process_->kill(SIGKILL);
    ASSERT_TRUE(process_->wait(10s));
}

std::chrono::milliseconds serving_daemon::terminate() {
    const auto began = steady_clock::now();
    process_->kill(SIGTERM);
    const auto ended = process_->wait(30s);
    EXPECT_TRUE(ended && ended->code == 0) << file_text(output());
    return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - began);
}

http_reply serving_daemon::call(std::string_view method, std::string_view path,
                                std::string_view body) {
    return ask(port_, method, path, token_, body);
}

json::value serving_daemon::get(const std::string& path) {
    const auto reply = call("GET", path);
    EXPECT_EQ(reply.status, 200) << path << " " << reply.body;
    return json::parse(reply.body);
}

std::string serving_daemon::state(const std::string& task) {
    return std::string(get("/api/v1/tasks/" + task).at("state").as_string());
}

bool serving_daemon::wait_for(const std::string& task, const std::string& wanted,
                              std::chrono::milliseconds timeout) {
    return wait_until([&] { return state(task) == wanted; }, timeout);
}

finished_process serving_daemon::run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program());
    arguments.insert(arguments.end(), {"--data-dir", data_dir_});
    return run_to_end({.argv = std::move(arguments), .environment = {}}, 120s);
}

bool serving_daemon::read_address() {
    std::ifstream file(data_dir_ / "serve.json");
    std::string text;
    if (!std::getline(file, text)) return false;
    boost::system::error_code failure;
    const json::value address = json::parse(text, failure);
    if (failure || address.at("pid").as_int64() != process_->pid()) return false;
    const std::string url(address.at("url").as_string());
    port_ = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
    std::ifstream(data_dir_ / "api-token") >> token_;
    return true;
}

} // namespace understudy::test
