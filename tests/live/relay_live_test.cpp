// The receiver and the relay log against real sources: the log holds the source's binary log files
// byte for byte, whatever happens to the connection, the source or us in between.

#include "protocol/errc.hpp"
#include "relay/errc.hpp"
#include "relay/inspect.hpp"
#include "relay/receiver.hpp"
#include "tests/support/live_server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <future>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace understudy::relay {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using protocol::result;
using test::live_server;
using test::server_kind;

constexpr std::size_t magic_size = 4; // of a binary log file
// In a format description event:
constexpr std::size_t event_size_at = 9;
constexpr std::size_t flags_at = 17;
constexpr std::size_t created_at = 19 + 2 + 50;

log_options options_for(const std::filesystem::path& directory, const live_server& source) {
    log_options options;
    options.directory = directory;
    options.source_uuid = *protocol::uuid::parse(source.root().scalar("SELECT @@server_uuid"));
    options.frame_bytes_max = 64U << 10U;
    options.segment_bytes_max = 16U << 10U; // what is inserted compresses well
    options.memory_bytes_max = 512U << 10U;
    return options;
}

// A log and its receiver, on a thread of their own, as a task has them.
class pull {
public:
    pull(const log_options& options, const live_server& source, bool by_gtid) {
        auto opened = log::open(options);
        if (!opened) throw std::runtime_error(opened.error().what);
        log_ = std::move(*opened);
        if (log_->empty() && !log_->reset({{"", 4}, {}})) throw std::runtime_error("reset");
        receiver_options wanted;
        wanted.source.host = "127.0.0.1";
        wanted.source.port = source.port();
        wanted.source.user = "repl";
        wanted.source.password = protocol::secret("secret");
        wanted.source.tls.mode = protocol::tls_mode::disabled;
        wanted.server_id = 4'000'000'078;
        wanted.server_uuid = *protocol::uuid::parse("99999999-1111-2222-3333-444444444445");
        wanted.by_gtid = by_gtid;
        wanted.heartbeat_period = 500ms;
        wanted.backoff_max = 1s;
        receiver_ = std::make_unique<receiver>(io_.get_executor(), *log_, wanted, board_);
        asio::co_spawn(io_, receiver_->run(), [this](std::exception_ptr thrown, result<void> done) {
            if (thrown)
                ended_.set_exception(thrown);
            else
                ended_.set_value(std::move(done));
        });
        thread_ = std::jthread([this] { io_.run(); });
    }
    ~pull() {
        asio::post(io_, [this] { receiver_->stop(); });
        thread_.join();
    }

    bool wait_for(const std::function<bool()>& condition, std::chrono::seconds limit = 60s) {
        const auto deadline = std::chrono::steady_clock::now() + limit;
        while (!condition()) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(20ms);
        }
        return true;
    }
    bool wait_for_end(const live_server& source) {
        auto root = source.root();
        const bool old = source.kind() == server_kind::mysql_56;
        const auto row = root.query(old ? "SHOW MASTER STATUS" : "SHOW BINARY LOG STATUS").at(0);
        const protocol::binlog_position end{*row.at(0), std::stoull(*row.at(1))};
        const bool there = wait_for([&] { return log_->end().binlog >= end; });
        if (!there) {
            ADD_FAILURE() << "the relay is at " << log_->end().binlog.to_string() << ", not at "
                          << end.to_string() << ": " << board_.read().receiver_note;
        }
        return there;
    }
    log& relay() { return *log_; }
    state::status_board& board() { return board_; }
    std::future<result<void>> ended() { return ended_.get_future(); }

private:
    state::status_board board_{"test"};
    asio::io_context io_;
    std::unique_ptr<log> log_;
    std::unique_ptr<receiver> receiver_;
    std::promise<result<void>> ended_;
    std::jthread thread_;
};

void prepare(live_server& source) {
    auto root = source.root();
    root.exec("CREATE USER repl@'%' IDENTIFIED BY 'secret';"
              "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO repl@'%';"
              "CREATE DATABASE d;"
              "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGBLOB)");
}

void insert(live_server& source, int count) {
    auto root = source.root();
    for (int i = 0; i < count; ++i) {
        if (i % 25 == 24) root.exec("FLUSH BINARY LOGS");
        if (i % 10 == 9) {
            root.exec("INSERT INTO d.t (v) VALUES (REPEAT('large ', 50000))"); // over many frames
        } else {
            root.exec("BEGIN; INSERT INTO d.t (v) VALUES (UUID()), (REPEAT('x', 3000));"
                      "UPDATE d.t SET v = UUID() WHERE id % 7 = 3 AND LENGTH(v) < 100; COMMIT");
        }
    }
}

// What a source changes in a file's format description when it sends it: the IN_USE flag, which
// comes and goes and is not part of the checksum; the time of creation, which is 0 for a replica
// that has been connected before (Binlog_sender::send_format_description_event), and then the
// checksum as well.
std::string without_sender_s_changes(std::string file) {
    if (file.size() < magic_size + created_at + 4) return file;
    std::uint32_t event_size = 0;
    std::memcpy(&event_size, file.data() + magic_size + event_size_at, sizeof event_size);
    if (file.size() < magic_size + event_size) return file;
    file[magic_size + flags_at] &= '\xfe';
    std::fill_n(file.data() + magic_size + created_at, 4, '\0');
    std::fill_n(file.data() + magic_size + event_size - 4, 4, '\0');
    return file;
}

void expect_same_as_files(const std::filesystem::path& directory, const live_server& source) {
    std::map<std::string, std::string> files;
    const auto walked = segment_walker(directory).walk([&](const walked_event& event) {
        if (event.artificial) return true;
        auto& file = files
                         .try_emplace(event.file, "\xfe"
                                                  "bin")
                         .first->second;
        EXPECT_EQ(file.size() + event.bytes.size(), event.end_offset) << event.file;
        file.append(reinterpret_cast<const char*>(event.bytes.data()), event.bytes.size());
        return true;
    });
    ASSERT_TRUE(walked) << walked.error().what;
    const auto listed = source.root().query("SHOW BINARY LOGS");
    EXPECT_EQ(files.size(), listed.size());
    for (const auto& row : listed) {
        std::ifstream stream(source.data_dir() / *row.at(0), std::ios::binary);
        const std::string expected((std::istreambuf_iterator<char>(stream)), {});
        EXPECT_TRUE(without_sender_s_changes(files[*row.at(0)]) ==
                    without_sender_s_changes(expected))
            << *row.at(0) << " has " << expected.size() << " bytes on the source, "
            << files[*row.at(0)].size() << " in the relay";
    }
    const auto report = verify(directory);
    ASSERT_TRUE(report) << report.error().what;
    EXPECT_TRUE(report->good()) << report->damages.front().what;
}

void pulls_every_byte(live_server source, bool by_gtid) {
    prepare(source);
    test::scratch_directory directory("relay");
    const auto options = options_for(directory.path(), source);
    {
        pull first(options, source, by_gtid);
        insert(source, 60);
        ASSERT_TRUE(first.wait_for_end(source));
    }
    insert(source, 30);
    {
        pull second(options, source, by_gtid); // another process, later
        insert(source, 30);
        ASSERT_TRUE(second.wait_for_end(source));
        ASSERT_TRUE(second.relay().flush(true));
        EXPECT_GT(second.relay().size().segments, 1U);
    }
    expect_same_as_files(directory.path(), source);
}

TEST(relay_live, holds_the_files_of_9_7_byte_for_byte_by_gtid) {
    pulls_every_byte(live_server::start(server_kind::mysql_97), true);
}

TEST(relay_live, holds_the_files_of_9_7_byte_for_byte_by_position) {
    pulls_every_byte(live_server::start(server_kind::mysql_97, {.gtid = false}), false);
}

TEST(relay_live, holds_the_files_of_5_6_byte_for_byte_by_position) {
    pulls_every_byte(live_server::start(server_kind::mysql_56, {.gtid = false}), false);
}

void survives_cuts_and_kills(live_server source, bool by_gtid) {
    prepare(source);
    test::scratch_directory directory("relay");
    const auto options = options_for(directory.path(), source);
    {
        pull under_test(options, source, by_gtid);
        insert(source, 20);
        for (int round = 0; round < 3; ++round) {
            insert(source, 10);
            auto root = source.root();
            for (const auto& row : root.query("SELECT id FROM information_schema.processlist "
                                              "WHERE command LIKE 'Binlog Dump%'")) {
                root.exec("KILL " + *row.at(0));
            }
            insert(source, 10);
            source.kill_9();
            std::this_thread::sleep_for(400ms);
            EXPECT_FALSE(under_test.board().read().connected);
            source.restart();
            insert(source, 10);
        }
        ASSERT_TRUE(under_test.wait_for_end(source));
        EXPECT_TRUE(under_test.board().read().connected);
        EXPECT_EQ(under_test.board().read().receiver_note, "");
    }
    expect_same_as_files(directory.path(), source);
}

TEST(relay_live, loses_nothing_when_the_connection_is_cut_and_the_source_killed_by_gtid) {
    survives_cuts_and_kills(live_server::start(server_kind::mysql_97), true);
}

TEST(relay_live, loses_nothing_when_the_connection_is_cut_and_the_source_killed_by_position) {
    survives_cuts_and_kills(live_server::start(server_kind::mysql_97, {.gtid = false}), false);
}

TEST(relay_live, stops_with_an_explanation_when_the_source_has_purged_what_it_needs) {
    auto source = live_server::start(server_kind::mysql_97);
    prepare(source);
    insert(source, 60);
    auto root = source.root();
    root.exec("FLUSH BINARY LOGS");
    const auto last = root.query("SHOW BINARY LOGS").back().at(0);
    root.exec("PURGE BINARY LOGS TO '" + *last + "'");
    test::scratch_directory directory("relay");
    pull under_test(options_for(directory.path(), source), source, true);
    auto ended = under_test.ended();
    ASSERT_EQ(ended.wait_for(30s), std::future_status::ready);
    const auto outcome = ended.get();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, protocol::errc::binlog_position_lost) << outcome.error().what;
}

TEST(relay_live, stops_when_another_server_answers_at_the_sources_address) {
    auto source = live_server::start(server_kind::mysql_97);
    prepare(source);
    test::scratch_directory directory("relay");
    auto options = options_for(directory.path(), source);
    options.source_uuid.bytes[3] ^= 1U;
    pull under_test(options, source, true);
    auto ended = under_test.ended();
    ASSERT_EQ(ended.wait_for(30s), std::future_status::ready);
    const auto outcome = ended.get();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, errc::wrong_source) << outcome.error().what;
}

} // namespace
} // namespace understudy::relay
