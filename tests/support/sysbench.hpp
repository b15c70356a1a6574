#pragma once

#include "tests/support/child_process.hpp"
#include "tests/support/live_server.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

// sysbench's oltp_write_only load on a live server, over its socket as root.
//
//   sysbench load(source, {.tables = 4, .rows = 1000});
//   load.prepare();
//   load.start(30s);          // in the background
//   …
//   load.stop();
namespace understudy::test {

struct sysbench_options {
    std::string database = "sbtest";
    int tables = 4;
    int rows = 1000; // per table
    int threads = 8;
    std::uint64_t random_seed = 0; // 0: sysbench takes the clock
    std::string workload = "oltp_write_only";
};

class sysbench {
public:
    sysbench(const live_server& server, sysbench_options options = {});

    void prepare(); // makes the database, the tables and their rows
    // Until so many transactions are done; throws when sysbench fails.
    void run_transactions(std::uint64_t transaction_count);
    void run_for(std::chrono::seconds time);
    // In the background for at most that time.
    void start(std::chrono::seconds time_max);
    // Ends it if it still runs. An error of sysbench is thrown, unless the server may be killed
    // under it and the caller says so.
    void stop(bool may_have_failed = false);

    [[nodiscard]] bool running();
    [[nodiscard]] std::string output() const; // of what was started last

private:
    [[nodiscard]] command make(const std::string& verb, std::vector<std::string> more) const;

    std::filesystem::path socket_;
    sysbench_options options_;
    scratch_directory directory_;
    std::optional<child_process> process_;
};

} // namespace understudy::test
