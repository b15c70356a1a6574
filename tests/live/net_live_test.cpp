// Our own client against real servers: sign-in, large packets, binary log dumps byte for byte.

#include "protocol/errc.hpp"
#include "protocol/net/replica_session.hpp"
#include "protocol/session/dump_stream.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/live/own_client.hpp"
#include "tests/protocol/run_awaitable.hpp"
#include "tests/support/live_server.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace understudy::protocol::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::ask;
using test::create_account;
using test::expect_user;
using test::live_server;
using test::options_for;
using test::run_awaitable;
using test::server_kind;
using ::testing::HasSubstr;

replica_options replica(std::variant<gtid_set, binlog_position> start) {
    replica_options options;
    options.server_id = 4'000'000'077;
    options.server_uuid = *uuid::parse("99999999-1111-2222-3333-444444444444");
    options.heartbeat_period = 1s;
    options.start = std::move(start);
    return options;
}

// What a dump gives: the bytes of each file, from its magic number on.
using files = std::map<std::string, std::string>;

asio::awaitable<result<files>> dump(asio::any_io_executor executor, connect_options options,
                                    replica_options wanted) {
    auto opened = co_await connection::open(executor, std::move(options), {});
    if (!opened) co_return std::unexpected(opened.error());
    auto session = co_await replica_session::start(*std::move(opened), wanted);
    if (!session) co_return std::unexpected(session.error());
    const auto end = (*session)->source().written;
    dump_stream stream(binlog_position{});
    files found;
    while (stream.position().file != end.file || stream.position().offset < end.offset) {
        auto events = co_await (*session)->read();
        if (!events) co_return std::unexpected(events.error());
        for (const auto bytes : *events) {
            auto item = stream.feed(bytes);
            if (!item) co_return std::unexpected(item.error());
            if (item->what != dump_stream::kind::event) continue;
            auto& file = found[stream.position().file];
            if (file.empty())
                file = "\xfe"
                       "bin";
            file += as_text(bytes);
        }
    }
    co_await (*session)->close();
    co_return found;
}

result<files> dump(const connect_options& options, std::variant<gtid_set, binlog_position> start) {
    asio::io_context io;
    return run_awaitable(io, dump(io.get_executor(), options, replica(std::move(start))));
}

result<files> dump(const live_server& server, std::variant<gtid_set, binlog_position> start) {
    return dump(options_for(server), std::move(start));
}

std::string file_of(const live_server& server, const std::string& name) {
    std::ifstream in(server.data_dir() / name, std::ios::binary);
    std::string content{std::istreambuf_iterator<char>(in), {}};
    // The flag IN_USE of the file that is being written is cleared on the way to a replica.
    constexpr std::size_t flags_of_first_event = 4 + 17;
    if (content.size() > flags_of_first_event) {
        content[flags_of_first_event] =
            static_cast<char>(content[flags_of_first_event] & ~event_flag::binlog_in_use);
    }
    return content;
}

void write_some_log(const live_server& server) {
    auto root = server.root();
    root.exec("CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, "
              "v LONGBLOB); INSERT INTO shop.t (v) VALUES (REPEAT('a', 100)), (NULL), ('')");
    root.exec("FLUSH LOGS");
    for (int i = 0; i < 200; ++i) {
        root.exec(fmt::format("INSERT INTO shop.t (v) VALUES (REPEAT('b', {}))", i * 97));
    }
    root.exec("UPDATE shop.t SET v = REPEAT('c', 500000) WHERE id < 6; FLUSH LOGS; "
              "DELETE FROM shop.t WHERE id > 100");
}

void expect_same_files(const live_server& server, const result<files>& got, std::size_t count) {
    ASSERT_TRUE(got.has_value()) << got.error().what;
    EXPECT_GE(got->size(), count);
    for (const auto& [name, content] : *got) {
        EXPECT_TRUE(content == file_of(server, name))
            << name << ": " << content.size() << " bytes, on disk " << file_of(server, name).size();
    }
}

binlog_position first_position(const live_server& server) {
    return {server.root().query("SHOW BINARY LOGS").at(0).at(0).value(), 4};
}

TEST(net_on_mysql_97, signs_in_with_a_cold_and_a_warm_cache) {
    auto server = live_server::start(server_kind::mysql_97, {.tls = true});
    create_account(server);
    server.root().exec("CREATE USER nobody@'%'");
    auto verified = options_for(server, tls_mode::verify_identity);
    verified.tls.ca = server.authority().ca_file();
    auto local = options_for(server, tls_mode::preferred);
    local.host = server.socket_path();
    for (const auto& options :
         {options_for(server), options_for(server, tls_mode::preferred), verified, local}) {
        SCOPED_TRACE(std::string(to_string(options.tls.mode)) + " " + options.host);
        server.root().exec("FLUSH PRIVILEGES"); // forgets the cache: the full way
        expect_user(options);
        expect_user(options); // the fast way
        auto wrong = options;
        wrong.password = secret("wrong");
        EXPECT_EQ(ask(wrong, "DO 1").error().code, make_error_code(errc::access_denied));
        auto nobody = options;
        nobody.user = "nobody";
        nobody.password = secret();
        expect_user(nobody, "nobody@127.0.0.1");
    }
}

TEST(net_on_mysql_97, carries_a_row_of_20_mb_both_ways) {
    auto server = live_server::start(server_kind::mysql_97);
    create_account(server);
    server.root().exec("CREATE DATABASE shop; CREATE TABLE shop.big (v LONGBLOB)");
    const std::string value(20'000'000, 'x');
    auto both = [](asio::any_io_executor executor, connect_options options,
                   std::string sent) -> asio::awaitable<result<std::string>> {
        auto opened = co_await connection::open(executor, std::move(options), {});
        if (!opened) co_return std::unexpected(opened.error());
        auto written = co_await (*opened)->execute("INSERT INTO shop.big VALUES ('" + sent + "')");
        if (!written) co_return std::unexpected(written.error());
        EXPECT_EQ(written->affected_rows, 1U);
        auto read = co_await (*opened)->query("SELECT v, 1 FROM shop.big");
        if (!read) co_return std::unexpected(read.error());
        co_return read->rows.at(0).at(0).value();
    };
    for (const auto mode : {tls_mode::disabled, tls_mode::required}) {
        asio::io_context io;
        const auto got =
            run_awaitable(io, both(io.get_executor(), options_for(server, mode), value));
        ASSERT_TRUE(got.has_value()) << got.error().what;
        EXPECT_TRUE(*got == value);
        server.root().exec("TRUNCATE shop.big");
    }
    server.root().exec("INSERT INTO shop.big VALUES (REPEAT('y', 40000000))");
    expect_same_files(server, dump(server, gtid_set()), 1);
}

TEST(net_on_mysql_97, dumps_by_gtid_and_by_position_what_is_in_the_files) {
    auto server = live_server::start(server_kind::mysql_97);
    create_account(server);
    write_some_log(server);
    const auto first = first_position(server);
    expect_same_files(server, dump(server, gtid_set()), 3);
    expect_same_files(server, dump(server, first), 3);

    // From the middle: only what is missing.
    const auto executed = *gtid_set::parse(server.root().scalar("SELECT @@GLOBAL.gtid_executed"));
    server.root().exec("INSERT INTO shop.t (v) VALUES ('last')");
    const auto rest = dump(server, executed);
    ASSERT_TRUE(rest.has_value()) << rest.error().what;
    ASSERT_EQ(rest->size(), 1U);
    const auto& [name, content] = *rest->begin();
    const auto whole = file_of(server, name);
    EXPECT_LT(content.size(), whole.size());
    EXPECT_TRUE(whole.ends_with(content.substr(content.size() - 200)));
}

TEST(net_on_mysql_97, stays_with_an_idle_source_and_leaves_a_dead_one) {
    auto server = live_server::start(server_kind::mysql_97);
    create_account(server);
    auto idle = [](asio::any_io_executor executor, connect_options options,
                   const live_server& source) -> asio::awaitable<result<int>> {
        auto opened = co_await connection::open(executor, std::move(options), {});
        if (!opened) co_return std::unexpected(opened.error());
        auto wanted = replica(gtid_set());
        wanted.heartbeat_period = 200ms;
        auto session = co_await replica_session::start(*std::move(opened), wanted);
        if (!session) co_return std::unexpected(session.error());
        dump_stream stream(binlog_position{});
        for (int heartbeats = 0;;) {
            auto events = co_await (*session)->read();
            if (!events) {
                EXPECT_GE(heartbeats, 8);
                co_return std::unexpected(events.error());
            }
            for (const auto bytes : *events) {
                auto item = stream.feed(bytes);
                if (!item) co_return std::unexpected(item.error());
                if (item->what == dump_stream::kind::heartbeat) ++heartbeats;
            }
            if (heartbeats == 8) ::kill(source.pid(), SIGSTOP);
        }
    };
    asio::io_context io;
    const auto end = run_awaitable(io, idle(io.get_executor(), options_for(server), server));
    ::kill(server.pid(), SIGCONT);
    ASSERT_FALSE(end.has_value());
    EXPECT_EQ(end.error().code, make_error_code(errc::timed_out)) << end.error().what;
}

TEST(net_on_mysql_97, says_why_a_dump_is_refused) {
    auto server = live_server::start(server_kind::mysql_97);
    create_account(server);
    write_some_log(server);
    auto root = server.root();
    const auto expect_refused = [&](std::variant<gtid_set, binlog_position> start, errc code,
                                    const std::string& text) {
        SCOPED_TRACE(text);
        const auto got = dump(server, std::move(start));
        ASSERT_FALSE(got.has_value());
        EXPECT_EQ(got.error().code, make_error_code(code)) << got.error().what;
        EXPECT_THAT(got.error().what, HasSubstr(text));
    };
    const auto first = first_position(server);
    expect_refused(binlog_position{"nothing.000001", 4}, errc::binlog_position_lost, "1236");
    expect_refused(binlog_position{first.file, 4'000'000'000}, errc::binlog_position_lost, "1236");
    expect_refused(binlog_position{first.file, 5'000'000'000}, errc::source_unsuitable, "4 GiB");
    const auto uuid = root.scalar("SELECT @@server_uuid");
    expect_refused(*gtid_set::parse(uuid + ":1-1000000"), errc::source_unsuitable, "more GTIDs");

    root.exec("SET GLOBAL binlog_format = 'MIXED'");
    expect_refused(first, errc::source_unsuitable, "binlog_format");
    root.exec("SET GLOBAL binlog_format = 'ROW'");
    root.exec("SET GLOBAL server_id = 4000000077");
    expect_refused(first, errc::source_unsuitable, "server_id");
    root.exec("SET GLOBAL server_id = 1");
    root.exec("REVOKE REPLICATION SLAVE ON *.* FROM u@'%'");
    expect_refused(first, errc::access_denied, "GRANT REPLICATION SLAVE");
    root.exec("GRANT REPLICATION SLAVE ON *.* TO u@'%'");
    root.exec("SET GLOBAL gtid_mode = 'ON_PERMISSIVE'");
    expect_refused(gtid_set(), errc::source_unsuitable, "gtid_mode");
    root.exec("SET GLOBAL gtid_mode = 'ON'");

    const auto logs = root.query("SHOW BINARY LOGS");
    root.exec("PURGE BINARY LOGS TO '" + logs.back().at(0).value() + "'");
    expect_refused(gtid_set(), errc::binlog_position_lost, "purged");
    expect_refused(first, errc::binlog_position_lost, "1236");
}

// Statements and rows over 16 MB both ways, a result of many packets, and the dump of them.
void speaks_compressed(const live_server& server, compression algorithm) {
    server.root().exec("CREATE TABLE IF NOT EXISTS shop.big (v LONGBLOB)");
    for (const auto mode : {tls_mode::disabled, tls_mode::required}) {
        if (mode == tls_mode::required && server.kind() != server_kind::mysql_97) continue;
        SCOPED_TRACE(std::string(to_string(algorithm)) + " " + std::string(to_string(mode)));
        auto options = options_for(server, mode);
        options.compressed = algorithm;
        const auto shown = ask(options, "SHOW SESSION STATUS LIKE 'Compression'");
        ASSERT_TRUE(shown.has_value()) << shown.error().what;
        const std::string value(17'000'000, 'x');
        const auto length = ask(options, "SELECT LENGTH('" + value + "')");
        ASSERT_TRUE(length.has_value()) << length.error().what;
        EXPECT_EQ(*length, "17000000");
        const auto back = ask(options, "SELECT REPEAT('y', 17000000)");
        // The session's limit, and not ours, may forbid it.
        if (back) EXPECT_EQ(*back, server.root().scalar("SELECT REPEAT('y', 17000000)"));
        const auto many = ask(options, "SELECT a.v FROM shop.t a, shop.t b ORDER BY LENGTH(a.v) "
                                       "DESC LIMIT 5000");
        ASSERT_TRUE(many.has_value()) << many.error().what;
        EXPECT_EQ(*many, std::string(500'000, 'c'));
        expect_same_files(server, dump(options, first_position(server)), 3);
    }
}

TEST(net_on_mysql_97, speaks_the_compressed_protocol) {
    auto server =
        live_server::start(server_kind::mysql_97, {.extra_args = {"--max-allowed-packet=64M"}});
    create_account(server);
    write_some_log(server);
    server.root().exec("CREATE TABLE shop.huge (v LONGBLOB); "
                       "INSERT INTO shop.huge VALUES (REPEAT('y', 40000000))");
    speaks_compressed(server, compression::zlib);
    speaks_compressed(server, compression::zstd);

    server.root().exec("SET GLOBAL protocol_compression_algorithms = 'uncompressed,zlib'");
    auto options = options_for(server);
    options.compressed = compression::zstd;
    const auto refused = ask(options, "DO 1");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, make_error_code(errc::unsupported));
    EXPECT_THAT(refused.error().what, HasSubstr("protocol_compression_algorithms"));
}

TEST(net_on_mysql_56, speaks_the_compressed_protocol) {
    auto server =
        live_server::start(server_kind::mysql_56, {.extra_args = {"--max-allowed-packet=64M"}});
    create_account(server);
    write_some_log(server);
    speaks_compressed(server, compression::zlib);
}

TEST(net_on_mariadb, speaks_the_compressed_protocol) {
    auto server = live_server::start(
        server_kind::mariadb_1011,
        {.extra_args = {"--max-allowed-packet=64M", "--binlog-annotate-row-events=OFF"}});
    create_account(server);
    write_some_log(server);
    speaks_compressed(server, compression::zlib);
}

TEST(net_on_mysql_56, signs_in_and_dumps) {
    auto server = live_server::start(server_kind::mysql_56);
    create_account(server);
    expect_user(options_for(server));
    write_some_log(server);
    expect_same_files(server, dump(server, gtid_set()), 3);
    expect_same_files(server, dump(server, first_position(server)), 3);
}

TEST(net_on_mariadb, signs_in_and_dumps_by_position_and_by_gtid) {
    // It sends these only to replicas that ask; they would be gaps in the comparison.
    auto server = live_server::start(server_kind::mariadb_1011,
                                     {.extra_args = {"--binlog-annotate-row-events=OFF"}});
    create_account(server);
    expect_user(options_for(server));
    write_some_log(server);
    expect_same_files(server, dump(server, first_position(server)), 3);
    expect_same_files(server, dump(server, gtid_set()), 3);
}

} // namespace
} // namespace understudy::protocol::net
