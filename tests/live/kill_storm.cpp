// kill -9 of understudy, the source and the target at random moments, under load and with DDL, and
// a comparison of both servers now and then. Not a test of ctest: crash_live_test is the short one.
//
//   build/dev/tests/live/kill_storm --kills 200 [--seed N] [--writer auto|sql|row-image]
//                                   [--position] [--rounds-of 20]
//
// Prints its seed at the beginning and a summary at the end; 1 when anything was lost, doubled or
// stopped.

#include "tests/live/workload.hpp"
#include "tests/support/source_and_target.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

namespace understudy::test {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

struct storm_options {
    int kills = 20;
    int round = 20; // kills between two comparisons
    std::uint64_t seed = std::random_device{}();
    std::string writer = "auto";
    bool gtid = true;
};

struct storm_counts {
    int understudy = 0;
    int source = 0;
    int target = 0;
    int comparisons = 0;
    int restarts = 0; // of a task that had not reached a server that was just dead
    std::uint64_t statements = 0;
};

// Statements that change definitions, and rows between them; one session that comes back after the
// source was killed.
class ddl_writer {
public:
    ddl_writer(const live_server& server, std::uint64_t seed) : server_(server), random_(seed) {}

    void prepare() {
        server_.root().exec(
            "USE w; CREATE TABLE d0 (id INT PRIMARY KEY, v INT); CREATE TABLE d1 (id INT PRIMARY "
            "KEY, v INT, w0 INT); CREATE TABLE free (v INT)");
    }
    void start() {
        stop_ = false;
        thread_ = std::thread([this] { run(); });
    }
    void stop() {
        stop_ = true;
        if (thread_.joinable()) thread_.join();
    }
    ~ddl_writer() { stop(); }
    [[nodiscard]] std::uint64_t statements() const { return statements_; }

private:
    int number(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
    std::string statement() {
        const std::string table = fmt::format("d{}", number(0, 1));
        switch (number(0, 11)) {
        case 0: return fmt::format("ALTER TABLE {} ADD w{} INT DEFAULT 3", table, number(0, 2));
        case 1: return fmt::format("ALTER TABLE {} DROP COLUMN w{}", table, number(0, 2));
        case 2: return "ALTER TABLE " + table + " MODIFY v BIGINT";
        case 3: return "ALTER TABLE " + table + " MODIFY v INT";
        case 4: return fmt::format("CREATE INDEX i{} ON account (balance)", number(0, 1));
        case 5: return fmt::format("DROP INDEX i{} ON account", number(0, 1));
        case 6: return number(0, 4) == 0 ? "TRUNCATE TABLE free" : "INSERT INTO free VALUES (1)";
        case 7: return fmt::format("CREATE TABLE n{} AS SELECT * FROM d0", number(0, 2));
        case 8: return fmt::format("DROP TABLE n{}", number(0, 2));
        case 9: return "RENAME TABLE d0 TO swap, d1 TO d0, swap TO d1";
        default:
            return fmt::format("INSERT INTO {} (id, v) VALUES ({}, {}) ON DUPLICATE KEY UPDATE v = "
                               "v + 1",
                               table, number(1, 500), number(1, 9));
        }
    }
    void run() {
        while (!stop_) {
            try {
                auto sql = server_.root();
                sql.exec("USE w");
                while (!stop_) {
                    try {
                        sql.exec(statement());
                        ++statements_;
                    } catch (const sql_error& error) {
                        // A column, table or index that is there already or is not.
                        if (error.number() >= 2000) throw;
                    }
                    std::this_thread::sleep_for(std::chrono::milliseconds(number(1, 60)));
                }
            } catch (const std::exception&) {
                std::this_thread::sleep_for(100ms);
            }
        }
    }

    const live_server& server_;
    std::mt19937_64 random_;
    std::atomic<bool> stop_ = false;
    std::atomic<std::uint64_t> statements_ = 0;
    std::thread thread_;
};

class storm {
public:
    explicit storm(storm_options options)
        : options_(std::move(options)), random_(options_.seed),
          pair_(server_kind::mysql_97, server_kind::mysql_97, pair_options_of(options_)),
          load_(pair_.source(), {.writers = 2,
                                 .rows = 500,
                                 .seed = options_.seed,
                                 .survives_restarts = true,
                                 .pause_microseconds = 3000}),
          ddl_(pair_.source(), options_.seed + 1) {}

    void run() {
        load_.prepare();
        ddl_.prepare();
        for (int left = options_.kills; left > 0;) {
            const int now = std::min(left, options_.round);
            round(now);
            left -= now;
        }
    }
    [[nodiscard]] storm_counts counts() const {
        auto counts = counts_;
        counts.statements = ddl_.statements();
        return counts;
    }
    [[nodiscard]] std::uint64_t transactions() const { return load_.transactions(); }

private:
    static pair_options pair_options_of(const storm_options& options) {
        pair_options made;
        made.objects.include = {"w.*"};
        made.source.gtid = options.gtid;
        made.more_of_task_file = "[initial]\nchunk_bytes = \"64KiB\"\n[relay]\nsegment_bytes = "
                                 "\"1MiB\"\nframe_bytes = \"64KiB\"\n[apply]\nwriter = \"" +
                                 options.writer + "\"\n";
        return made;
    }

    void round(int kills) {
        load_.start();
        ddl_.start();
        task_.emplace(pair_.start_task());
        for (int i = 0; i < kills; ++i) {
            std::this_thread::sleep_for(
                std::chrono::milliseconds(std::uniform_int_distribution(50, 2'500)(random_)));
            kill_something();
        }
        load_.stop();
        ddl_.stop();
        look_after_task();
        task_->kill_9();
        ++counts_.understudy;
        const auto caught_up = pair_.run_task();
        if (caught_up.status.code != 0)
            throw std::runtime_error("it did not catch up: " + caught_up.error + caught_up.output);
        const auto differences = pair_.compare();
        ++counts_.comparisons;
        std::string text;
        for (const std::string& one : differences)
            text += one + "\n";
        if (!text.empty()) throw std::runtime_error("the servers differ:\n" + text);
        fmt::print("equal after {} kills, {} transactions, {} other statements\n",
                   counts_.understudy + counts_.source + counts_.target, load_.transactions(),
                   ddl_.statements());
        std::fflush(stdout);
    }

    void kill_something() {
        look_after_task();
        const int what = std::uniform_int_distribution(0, 9)(random_);
        const auto dead_for =
            std::chrono::milliseconds(std::uniform_int_distribution(0, 1'000)(random_));
        if (what < 6) {
            task_->kill_9();
            ++counts_.understudy;
            task_.emplace(pair_.start_task());
            return;
        }
        live_server& server = what < 8 ? pair_.source() : pair_.target();
        ++(what < 8 ? counts_.source : counts_.target);
        server.kill_9();
        std::this_thread::sleep_for(dead_for);
        server.restart();
    }

    // A task that has not reached a server yet may take its being away for a mistake.
    void look_after_task() {
        if (task_->running()) return;
        const std::string said = task_->error() + task_->output();
        const bool out_of_reach = said.contains("cannot be reached") ||
                                  said.contains("connection") || said.contains("did not pass");
        if (!out_of_reach) throw std::runtime_error("it stopped: " + said);
        ++counts_.restarts;
        task_.emplace(pair_.start_task());
    }

    storm_options options_;
    std::mt19937_64 random_;
    source_and_target pair_;
    workload load_;
    ddl_writer ddl_;
    std::optional<running_task> task_;
    storm_counts counts_;
};

storm_options parse(int argc, char** argv) {
    storm_options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--position") {
            options.gtid = false;
            continue;
        }
        if (++i == argc) throw std::invalid_argument(std::string(name) + " needs a value");
        const std::string value = argv[i];
        if (name == "--kills")
            options.kills = std::stoi(value);
        else if (name == "--rounds-of")
            options.round = std::max(1, std::stoi(value));
        else if (name == "--seed")
            options.seed = std::stoull(value);
        else if (name == "--writer")
            options.writer = value;
        else
            throw std::invalid_argument("unknown option " + std::string(name));
    }
    return options;
}

int main_of(int argc, char** argv) {
    const storm_options options = parse(argc, argv);
    fmt::print("seed {}, {} kills, writer {}, by {}\n", options.seed, options.kills, options.writer,
               options.gtid ? "GTID" : "position");
    std::fflush(stdout);
    const auto began = steady::now();
    storm one(options);
    std::string failure;
    try {
        one.run();
    } catch (const std::exception& thrown) {
        failure = thrown.what();
    }
    const auto counts = one.counts();
    fmt::print("{}: {} kills (understudy {}, source {}, target {}), {} comparisons, {} "
               "transactions, {} DDL and other statements, {} starts too early, {} s, seed {}\n",
               failure.empty() ? "good" : "FAILED",
               counts.understudy + counts.source + counts.target, counts.understudy, counts.source,
               counts.target, counts.comparisons, one.transactions(), counts.statements,
               counts.restarts,
               std::chrono::duration_cast<std::chrono::seconds>(steady::now() - began).count(),
               options.seed);
    if (!failure.empty()) fmt::print(stderr, "{}\n", failure);
    return failure.empty() ? 0 : 1;
}

} // namespace
} // namespace understudy::test

int main(int argc, char** argv) {
    try {
        return understudy::test::main_of(argc, argv);
    } catch (const std::exception& thrown) {
        fmt::print(stderr, "kill_storm: {}\n", thrown.what());
        return 2;
    }
}
