// Pulls a source's whole binary log into a relay log, as a task's receiver does, and says how long
// it took. bench/relay_pull.sh runs it against mysqlbinlog.
//
//   relay_pull HOST PORT USER PASSWORD plain|tls[+zlib|+zstd] FILE OFFSET DIRECTORY [ZSTD_LEVEL
//   [FRAME_KB]]
//
// With UNDERSTUDY_RELAY_KEY_FILE the log is encrypted; with UNDERSTUDY_BENCH_INDEX the indexes of
// keys are made afterwards, with their cost on standard error. FILE and OFFSET: where the source's
// log ends. Prints seconds, raw bytes and stored bytes.

#include "protocol/net/replica_session.hpp"
#include "relay/key_indexer.hpp"
#include "relay/log.hpp"
#include "relay/posix_directory.hpp"
#include "relay/receiver.hpp"
#include "relay/recovery.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>

namespace {

namespace asio = boost::asio;
using namespace understudy;

[[noreturn]] void give_up(const std::string& why) {
    std::fprintf(stderr, "relay_pull: %s\n", why.c_str());
    std::exit(1);
}

asio::awaitable<void> read_uuid(asio::any_io_executor executor, protocol::connect_options source,
                                protocol::uuid& found) {
    auto opened = co_await protocol::net::connection::open(executor, source, [](std::string) {});
    if (!opened) give_up(opened.error().what);
    const auto facts = co_await protocol::net::read_source_facts(**opened);
    if (!facts) give_up(facts.error().what);
    found = facts->server_uuid;
    co_await (*opened)->close();
}

// Writes the indexes of keys of sealed segments, and says on standard error what they cost.
void index_all(const relay::log_options& settings) {
    auto where = relay::open_posix_directory(settings.directory);
    if (!where) give_up(where.error().what);
    const auto numbers = relay::segment_numbers(**where);
    if (!numbers) give_up(numbers.error().what);
    const auto started = std::clock();
    std::size_t runs = 0;
    std::size_t bytes = 0;
    for (const auto number : *numbers) {
        const auto index = relay::index_segment(**where, number, settings.keys, nullptr,
                                                settings.key_index_bytes_max, {});
        if (!index) continue; // the last one is not sealed
        if (auto done = relay::write_key_index(**where, *index, settings.keys); !done)
            give_up(done.error().what);
        runs += index->runs.size();
        bytes += relay::encode_key_index(*index, settings.keys).size();
    }
    std::fprintf(stderr, "indexes: %.2f s of CPU, %zu runs, %zu bytes\n",
                 static_cast<double>(std::clock() - started) / CLOCKS_PER_SEC, runs, bytes);
}

} // namespace

int main(int argc, char** argv) {
    if (argc < 9)
        give_up("HOST PORT USER PASSWORD plain|tls[+zlib|+zstd] FILE OFFSET DIRECTORY [LEVEL "
                "[FRAME_KB [SEGMENT_MB]]]");
    relay::receiver_options options;
    options.source.host = argv[1];
    options.source.port = static_cast<std::uint16_t>(std::stoul(argv[2]));
    options.source.user = argv[3];
    options.source.password = protocol::secret(argv[4]);
    const std::string link = argv[5];
    options.source.tls.mode =
        link.starts_with("tls") ? protocol::tls_mode::required : protocol::tls_mode::disabled;
    if (const auto plus = link.find('+'); plus != std::string::npos) {
        const auto algorithm = protocol::parse_compression(link.substr(plus + 1));
        if (!algorithm) give_up("no such compression: " + link);
        options.source.compressed = *algorithm;
    }
    options.server_id = 4'000'000'079;
    options.server_uuid = *protocol::uuid::parse("99999999-1111-2222-3333-444444444446");
    options.by_gtid = false;
    const protocol::binlog_position goal{argv[6], std::stoull(argv[7])};

    asio::io_context io;
    relay::log_options settings;
    settings.directory = argv[8];
    if (argc > 9) settings.zstd_level = std::stoi(argv[9]);
    if (argc > 10)
        settings.frame_bytes_max = static_cast<std::uint32_t>(std::stoul(argv[10])) << 10U;
    if (argc > 11) settings.segment_bytes_max = std::stoull(argv[11]) << 20U;
    asio::co_spawn(io, read_uuid(io.get_executor(), options.source, settings.source_uuid),
                   [](std::exception_ptr) {});
    io.run();
    io.restart();

    if (const char* keys = std::getenv("UNDERSTUDY_RELAY_KEY_FILE")) {
        auto ring = relay::key_ring::open({.key_file = keys, .key_variable = {}});
        if (!ring) give_up(ring.error().what);
        settings.keys = std::move(*ring);
    }
    const auto started = std::chrono::steady_clock::now();
    auto log = relay::log::open(settings);
    if (!log) give_up(log.error().what);
    if (auto done = (*log)->reset({{"", 4}, {}}); !done) give_up(done.error().what);
    state::status_board board("bench");
    relay::receiver receiver(io.get_executor(), **log, options, board);
    asio::co_spawn(io, receiver.run(), [](std::exception_ptr thrown, protocol::result<void> ended) {
        if (thrown) std::rethrow_exception(thrown);
        if (!ended) give_up(ended.error().what);
    });
    asio::steady_timer timer(io);
    std::function<void(boost::system::error_code)> look = [&](boost::system::error_code) {
        if ((*log)->end().binlog >= goal) {
            receiver.stop();
            return;
        }
        timer.expires_after(std::chrono::milliseconds(5));
        timer.async_wait(look);
    };
    look({});
    io.run();
    if (auto done = (*log)->flush(true); !done) give_up(done.error().what);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    const auto size = (*log)->size();
    if (std::getenv("UNDERSTUDY_BENCH_INDEX") != nullptr) index_all(settings);
    const double cpu = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
    std::printf("%.2f %llu %llu %.2f\n", took.count(),
                static_cast<unsigned long long>(size.raw_bytes),
                static_cast<unsigned long long>(size.stored_bytes), cpu);
}
