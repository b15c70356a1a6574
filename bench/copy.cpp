// The initial copy alone: database sbtest of a source into a target. Prints
// the CPU seconds and the largest resident set that it took. Used by bench/copy.sh.
//   copy SOURCE_PORT TARGET_PORT USER PASSWORD CONNECTIONS tls|no-tls binlog|no-binlog

#include "applier/checkpoint_store.hpp"
#include "applier/target_session.hpp"
#include "protocol/net/trust_store.hpp"
#include "snapshot/snapshot.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <sys/resource.h>

namespace {

using namespace understudy;

protocol::connect_options account(const std::string& port, const std::string& user,
                                  const std::string& password) {
    protocol::connect_options options;
    options.host = "127.0.0.1";
    options.port = static_cast<std::uint16_t>(std::stoul(port));
    options.user = user;
    options.password = protocol::secret(password);
    return options;
}

// The task's place on the target; gone with the meta database.
protocol::result<std::uint64_t> take_over(const state::task_spec& task) {
    auto session = applier::target_session::connect(task.target, {});
    if (!session) return std::unexpected(session.error());
    const applier::checkpoint_store store(task.apply.meta_database, task.name);
    if (auto prepared = store.prepare(**session); !prepared)
        return std::unexpected(prepared.error());
    if (auto made = store.create(**session, {}); !made) return std::unexpected(made.error());
    return store.take_over(**session);
}

int copy(const std::vector<std::string>& arguments) {
    if (arguments.size() != 7) {
        std::fputs("usage: copy SOURCE_PORT TARGET_PORT USER PASSWORD CONNECTIONS tls|no-tls "
                   "binlog|no-binlog\n",
                   stderr);
        return EXIT_FAILURE;
    }
    state::task_spec task;
    task.name = "bench";
    task.source = account(arguments[0], arguments[2], arguments[3]);
    task.target = account(arguments[1], arguments[2], arguments[3]);
    task.objects.include = {"sbtest.*"};
    task.initial.connections = static_cast<std::uint32_t>(std::stoul(arguments[4]));
    if (arguments[5] == "no-tls")
        task.source.tls.mode = task.target.tls.mode = protocol::tls_mode::disabled;
    task.initial.binlog = arguments[6] == "binlog";
    const auto selection = state::object_selection::make(task).value();

    const auto epoch = take_over(task);
    if (!epoch) {
        std::fprintf(stderr, "copy: %s\n", epoch.error().what.c_str());
        return EXIT_FAILURE;
    }

    boost::asio::io_context loop;
    boost::asio::thread_pool pool(task.initial.connections + 3); // as the program has them
    state::status_board board(task.name);
    snapshot::copier copier(loop.get_executor(), pool, task, *epoch, selection, board);
    protocol::result<snapshot::copy_outcome> outcome;
    boost::asio::co_spawn(
        loop, copier.run(),
        [&](std::exception_ptr thrown, protocol::result<snapshot::copy_outcome> end) {
            if (thrown) std::rethrow_exception(thrown);
            outcome = std::move(end);
        });
    loop.run();
    if (!outcome) {
        std::fprintf(stderr, "copy: %s\n", outcome.error().what.c_str());
        return EXIT_FAILURE;
    }
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const double cpu = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                       static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    std::printf("%.2f s of CPU, %ld MB\n", cpu, used.ru_maxrss / 1024);
    return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
    protocol::net::hide_trust_store_from_libraries(); // as the program does
    try {
        return copy({argv + 1, argv + argc});
    } catch (const std::exception& thrown) {
        std::fprintf(stderr, "copy: %s\n", thrown.what());
        return EXIT_FAILURE;
    }
}
