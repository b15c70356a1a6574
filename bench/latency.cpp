// How long a commit of the source takes to be seen on a follower: transactions at a steady rate on
// one session of the source, and a reader of the follower that looks all the time. Prints
// percentiles of the time from the answer to COMMIT to the answer that shows the row. Used by
// bench/latency.sh.
//   latency SOURCE_PORT FOLLOWER_PORT USER PASSWORD RATE SECONDS

#include "applier/target_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace understudy;
using clock_type = std::chrono::steady_clock;
using session = std::unique_ptr<applier::target_session>;

constexpr double warm_up_seconds = 2;

session connect(const std::string& port, const std::string& user, const std::string& password) {
    protocol::connect_options options;
    options.host = "127.0.0.1";
    options.port = static_cast<std::uint16_t>(std::stoul(port));
    options.user = user;
    options.password = protocol::secret(password);
    auto made = applier::target_session::connect(options, {});
    if (!made) throw std::runtime_error(made.error().what);
    return std::move(*made);
}

void execute(applier::target_session& on, const std::string& sql) {
    if (auto done = on.execute(sql); !done) throw std::runtime_error(done.error().what);
}

std::size_t highest(applier::target_session& on) {
    auto value = on.scalar("SELECT MAX(id) FROM bench.latency");
    if (!value) throw std::runtime_error(value.error().what);
    return *value ? std::stoul(**value) : 0;
}

int measure(const std::vector<std::string>& arguments) {
    if (arguments.size() != 6) {
        std::fputs("usage: latency SOURCE_PORT FOLLOWER_PORT USER PASSWORD RATE SECONDS\n", stderr);
        return EXIT_FAILURE;
    }
    const session source = connect(arguments[0], arguments[2], arguments[3]);
    const session follower = connect(arguments[1], arguments[2], arguments[3]);
    const double rate = std::stod(arguments[4]);
    const auto count = static_cast<std::size_t>(rate * std::stod(arguments[5]));
    const std::size_t first = highest(*source);
    while (highest(*follower) < first)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));

    std::vector<clock_type::time_point> committed(count);
    std::vector<clock_type::time_point> seen(count);
    std::exception_ptr thrown;
    std::thread writer([&] {
        try {
            const auto began = clock_type::now();
            for (std::size_t i = 0; i < count; ++i) {
                const std::chrono::duration<double> due(static_cast<double>(i) / rate);
                std::this_thread::sleep_until(
                    began + std::chrono::duration_cast<clock_type::duration>(due));
                execute(*source, "START TRANSACTION");
                execute(*source, fmt::format("UPDATE bench.counted SET n = n + 1 WHERE id = {}",
                                             i * 7919 % 1'000));
                execute(*source,
                        fmt::format("INSERT INTO bench.latency VALUES ({})", first + i + 1));
                execute(*source, "COMMIT");
                committed[i] = clock_type::now();
            }
        } catch (...) {
            thrown = std::current_exception();
        }
    });
    const auto at_most = std::chrono::duration<double>(static_cast<double>(count) / rate + 60);
    const auto began = clock_type::now();
    std::size_t known = 0;
    while (known < count && clock_type::now() - began < at_most) {
        const std::size_t now = highest(*follower) - first;
        const auto when = clock_type::now();
        for (; known < now; ++known)
            seen[known] = when;
    }
    writer.join();
    if (thrown) std::rethrow_exception(thrown);
    if (known < count) throw std::runtime_error("the follower does not follow");

    // A row may be seen before the source's answer to COMMIT has arrived.
    // The first of them wait until the follower has looked up the tables.
    const auto first_counted =
        std::min(count - 1, static_cast<std::size_t>(rate * warm_up_seconds));
    std::vector<double> milliseconds;
    for (std::size_t i = first_counted; i < count; ++i) {
        const std::chrono::duration<double, std::milli> took = seen[i] - committed[i];
        milliseconds.push_back(std::max(0.0, took.count()));
    }
    std::ranges::sort(milliseconds);
    const auto percentile = [&](double part) {
        return milliseconds[static_cast<std::size_t>(part *
                                                     static_cast<double>(milliseconds.size() - 1))];
    };
    fmt::print("{:.2f} {:.2f} {:.2f} {:.2f}\n", percentile(0.5), percentile(0.9), percentile(0.99),
               milliseconds.back());
    return EXIT_SUCCESS;
}

} // namespace

int main(int count, char** arguments) {
    try {
        return measure({arguments + 1, arguments + count});
    } catch (const std::exception& error) {
        std::fprintf(stderr, "latency: %s\n", error.what());
        return EXIT_FAILURE;
    }
}
