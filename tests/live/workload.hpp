#pragma once

#include "tests/support/live_server.hpp"

#include <atomic>
#include <cstdint>
#include <exception>
#include <string>
#include <thread>
#include <vector>

// Writers that change everything an initial copy and a stream can get wrong: key changes, unique
// swaps, NULL in unique keys, tables without a key with equal rows, foreign keys with cascades,
// transactions rolled back in part or whole.
//
//   workload load(source, {.database = "w", .seed = seed});
//   load.prepare();
//   load.start();
//   …
//   load.stop();      // throws what a writer met, unless the server was killed under it on purpose
namespace understudy::test {

struct workload_options {
    std::string database = "w";
    int writers = 3;
    int rows = 2000; // per table, before the writers start
    std::uint64_t seed = 1;
    bool survives_restarts = false; // writers reconnect when the server goes away
    int pause_microseconds = 0;     // between transactions
    bool xa = false;                // some of the transactions in two phases
};

class workload {
public:
    workload(const live_server& server, workload_options options);
    ~workload();
    workload(const workload&) = delete;
    workload& operator=(const workload&) = delete;

    void prepare();
    void start();
    void stop();
    [[nodiscard]] std::uint64_t transactions() const { return transactions_; }

private:
    void write(int writer);

    const live_server& server_;
    workload_options options_;
    std::atomic<bool> stopping_ = false;
    std::atomic<std::uint64_t> transactions_ = 0;
    std::vector<std::exception_ptr> failures_;
    std::vector<std::thread> threads_;
};

} // namespace understudy::test
