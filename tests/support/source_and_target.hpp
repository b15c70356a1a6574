#pragma once

#include "tests/support/child_process.hpp"
#include "tests/support/comparison.hpp"
#include "tests/support/live_server.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

// A source and a target of these kinds, a task file that replicates one into the other, and the
// program to run it with: what a live test of the whole starts from.
//
//   source_and_target pair(server_kind::mysql_97, server_kind::mysql_97,
//                          {.objects = {.include = {"shop.*"}}});
//   pair.source_sql().exec("CREATE DATABASE shop; …");
//   EXPECT_EQ(pair.run_task({"--until", "caught-up"}).status.code, 0);
//   EXPECT_THAT(pair.compare(), IsEmpty());
//
// The program signs in over TCP as repl on the source and as apply on the target, with passwords
// (caching_sha2_password where the server has it). One thread at a time.
namespace understudy::test {

struct pair_options {
    object_selection objects{};
    server_options source{};
    server_options target{};
    // Of the task file. The authorities of servers started with `tls` are written beside it.
    std::string source_tls_mode = "preferred";
    std::string target_tls_mode = "preferred";
    // source.hosts, instead of the source's own host and port.
    std::vector<std::string> source_hosts{};
    std::string more_of_source{};    // further keys of [source]
    std::string more_of_objects{};   // and of [objects]
    std::string more_of_task_file{}; // further TOML, after everything else
    // On *.*; empty: everything a replica's session can need.
    std::string source_privileges{};
    std::string target_privileges{};
    std::string name = "test"; // of the task
};

// A running `understudy`; ends with it.
class running_task {
public:
    running_task(child_process process, std::filesystem::path output, std::filesystem::path error);

    [[nodiscard]] bool running() { return process_.running(); }
    [[nodiscard]] pid_t pid() const { return process_.pid(); }
    void kill_9(); // and waits for its end
    void signal(int number) { process_.kill(number); }
    [[nodiscard]] std::optional<exit_status> wait(std::chrono::milliseconds timeout) {
        return process_.wait(timeout);
    }
    [[nodiscard]] std::string output() const { return file_text(output_); }
    [[nodiscard]] std::string error() const { return file_text(error_); }
    [[nodiscard]] long memory_max_kib(); // largest resident set so far

private:
    child_process process_;
    std::filesystem::path output_;
    std::filesystem::path error_;
};

class source_and_target {
public:
    source_and_target(server_kind source, server_kind target, pair_options options = {});

    [[nodiscard]] live_server& source() { return servers_[0]; }
    [[nodiscard]] live_server& target() { return servers_[1]; }
    // As root; connections that live as long as the pair. After a server was restarted they are
    // connected anew.
    [[nodiscard]] sql_client& source_sql() { return connected(source_sql_, source()); }
    [[nodiscard]] sql_client& target_sql() { return connected(target_sql_, target()); }
    // As the accounts that the program uses.
    [[nodiscard]] sql_endpoint source_account() const;
    [[nodiscard]] sql_endpoint target_account() const;

    [[nodiscard]] std::filesystem::path task_file() const {
        return directory_.path() / (options_.name + ".toml");
    }
    [[nodiscard]] std::filesystem::path data_dir() const { return directory_.path() / "data"; }
    [[nodiscard]] const object_selection& objects() const { return options_.objects; }
    // Writes the task file anew, for instance after its options were changed.
    void write_task_file();
    [[nodiscard]] pair_options& options() { return options_; }

    // understudy run TASK --data-dir DIR, and `more`, which may have a --data-dir of its own. The
    // first waits for its end; one that does not come is told with the status of the task and what
    // the target is about, in less than the time CTest gives a test.
    [[nodiscard]] finished_process
    run_task(std::vector<std::string> more = {"--until", "caught-up"},
             std::chrono::milliseconds timeout = std::chrono::minutes(3));
    [[nodiscard]] running_task start_task(std::vector<std::string> more = {});
    // Any command of the program, as it stands.
    [[nodiscard]] finished_process
    run_program(std::vector<std::string> arguments,
                std::chrono::milliseconds timeout = std::chrono::minutes(5));

    // The differences of the selected objects (comparison.hpp); none means equal.
    [[nodiscard]] std::vector<std::string> compare(const comparison_options& what = {});

private:
    [[nodiscard]] running_task start(std::vector<std::string> argv);
    [[nodiscard]] std::string why_it_goes_on(const std::vector<std::string>& arguments);
    struct connection {
        std::optional<sql_client> client{};
        pid_t server = 0;
    };
    static sql_client& connected(connection& to, const live_server& server);
    void make_accounts();
    [[nodiscard]] std::string endpoint_text(const std::string& side, live_server& server,
                                            const sql_endpoint& account,
                                            const std::string& tls_mode);
    [[nodiscard]] std::vector<std::string> task_arguments(std::vector<std::string> more) const;

    pair_options options_;
    scratch_directory directory_;
    std::vector<live_server> servers_;
    connection source_sql_;
    connection target_sql_;
    int run_count_ = 0;
};

} // namespace understudy::test
