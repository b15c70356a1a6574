#include "protocol/errc.hpp"
#include "protocol/net/connection.hpp"
#include "protocol/wire/packet_framing.hpp"
#include "tests/protocol/fake_server.hpp"
#include "tests/protocol/run_awaitable.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace understudy::protocol::net {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using test::bytes;
using test::expect;
using test::fake_server;
using test::frame;
using test::send;
using test::server_step;
using ::testing::HasSubstr;

using script = std::vector<server_step>;

bytes joined(std::initializer_list<bytes> parts) {
    bytes out;
    for (const auto& part : parts)
        out.insert(out.end(), part.begin(), part.end());
    return out;
}

test::greeting_request plain_greeting() {
    test::greeting_request request;
    request.capabilities &= ~capability::ssl;
    return request;
}

// Sign-in the fast way, and SET NAMES.
script signed_in() {
    return {send(frame(test::greeting_payload(plain_greeting()), 0)),
            expect(),
            send(frame(test::from_hex("0103"), 2)),
            send(frame(test::ok_payload(), 3)),
            expect(),
            send(frame(test::ok_payload(), 1))};
}

script operator+(script first, const script& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

const script two_rows{
    expect(),
    send(joined({frame(test::from_hex("02"), 1), frame(test::column_payload("id"), 2),
                 frame(test::column_payload("name"), 3)})),
    send(frame(test::row_payload({"1", "one"}), 4)),
    send(joined(
        {frame(test::row_payload({"2", std::nullopt}), 5), frame(test::ok_payload(0xfe), 6)}))};

connect_options options_for(const fake_server& server) {
    connect_options made;
    made.host = "127.0.0.1";
    made.port = server.port();
    made.user = "repl";
    made.password = secret("s3cret pass");
    made.tls.mode = tls_mode::disabled;
    made.connect_timeout = made.read_timeout = made.write_timeout = 10s;
    return made;
}

asio::awaitable<result<std::string>> read_names(asio::any_io_executor executor,
                                                connect_options options, std::size_t rows_max) {
    auto opened = co_await connection::open(executor, std::move(options), {});
    if (!opened) co_return std::unexpected(opened.error());
    auto& server = **opened;
    auto answer = co_await server.query("SELECT id, name FROM orders", rows_max);
    if (!answer) {
        // Whatever broke the connection breaks every later call in the same way.
        if (answer.error().code != make_error_code(errc::server_error)) {
            auto again = co_await server.execute("DO 1");
            EXPECT_EQ(again.error().what, answer.error().what);
        }
        co_await server.close();
        co_return std::unexpected(answer.error());
    }
    std::string names;
    for (const auto& row : answer->rows)
        names += row.at(1).value_or("NULL") + ";";
    EXPECT_TRUE(server.options().password.empty());
    co_await server.close();
    co_return names;
}

result<std::string> read_names(const script& steps, std::size_t rows_max = 100,
                               std::chrono::milliseconds limit = 10s) {
    fake_server server(steps);
    auto options = options_for(server);
    options.connect_timeout = options.read_timeout = limit;
    asio::io_context io;
    return test::run_awaitable(io, read_names(io.get_executor(), std::move(options), rows_max));
}

TEST(connection, signs_in_and_reads_rows) {
    fake_server server(signed_in() + two_rows + script{expect()});
    asio::io_context io;
    const auto names =
        test::run_awaitable(io, read_names(io.get_executor(), options_for(server), 100));
    ASSERT_TRUE(names.has_value()) << names.error().what;
    EXPECT_EQ(*names, "one;NULL;");
    const auto received = server.received();
    ASSERT_EQ(received.size(), 4U);
    EXPECT_EQ(received[1], test::to_bytes("\x03SET NAMES utf8mb4"));
    EXPECT_EQ(received[2], test::to_bytes("\x03SELECT id, name FROM orders"));
    EXPECT_EQ(received[3], test::from_hex("01"));
}

TEST(connection, notices_a_server_that_falls_silent_at_any_step) {
    const auto whole = signed_in() + two_rows;
    for (std::size_t steps = 0; steps < whole.size(); ++steps) {
        SCOPED_TRACE(steps);
        script cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(steps));
        const auto names = read_names(cut, 100, 60ms);
        ASSERT_FALSE(names.has_value());
        EXPECT_EQ(names.error().code, make_error_code(errc::timed_out)) << names.error().what;
        EXPECT_THAT(names.error().what, HasSubstr("silent for 0.06 s"));
    }
}

TEST(connection, notices_a_server_that_goes_away_at_any_step) {
    const auto whole = signed_in() + two_rows;
    for (std::size_t steps = 0; steps < whole.size(); ++steps) {
        SCOPED_TRACE(steps);
        script cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(steps));
        cut.push_back({server_step::what::hang_up});
        const auto names = read_names(cut);
        ASSERT_FALSE(names.has_value());
        EXPECT_EQ(names.error().code, make_error_code(errc::connection_lost)) << names.error().what;
    }
}

TEST(connection, goes_on_after_an_error_of_the_server) {
    const script refused_once{expect(), send(frame(test::error_payload(1146, "no table"), 1))};
    fake_server server(signed_in() + refused_once + two_rows);
    asio::io_context io;
    auto both = [](asio::any_io_executor executor,
                   connect_options options) -> asio::awaitable<result<std::size_t>> {
        auto opened = co_await connection::open(executor, std::move(options), {});
        if (!opened) co_return std::unexpected(opened.error());
        auto refused = co_await (*opened)->execute("SELECT 1 FROM nowhere");
        EXPECT_EQ(refused.error().server.number, 1146);
        auto answer = co_await (*opened)->query("SELECT id, name FROM orders");
        if (!answer) co_return std::unexpected(answer.error());
        co_return answer->rows.size();
    };
    const auto count = test::run_awaitable(io, both(io.get_executor(), options_for(server)));
    ASSERT_TRUE(count.has_value()) << count.error().what;
    EXPECT_EQ(*count, 2U);
}

TEST(connection, refuses_more_rows_than_asked_for) {
    const auto names = read_names(signed_in() + two_rows, 1);
    ASSERT_FALSE(names.has_value());
    EXPECT_EQ(names.error().code, make_error_code(errc::limit_exceeded));
}

TEST(connection, refuses_packets_out_of_order) {
    const auto names =
        read_names(signed_in() + script{expect(), send(frame(test::from_hex("02"), 2))});
    ASSERT_FALSE(names.has_value());
    EXPECT_EQ(names.error().code, make_error_code(errc::malformed));
}

TEST(connection, gives_strangers_little_memory) {
    const auto names = read_names({send(test::from_hex("ffffff00"))});
    ASSERT_FALSE(names.has_value());
    EXPECT_EQ(names.error().code, make_error_code(errc::limit_exceeded));
}

TEST(connection, gives_up_writing_to_a_server_that_does_not_read) {
    fake_server server(signed_in());
    auto options = options_for(server);
    options.write_timeout = 100ms;
    asio::io_context io;
    auto write = [](asio::any_io_executor executor,
                    connect_options given) -> asio::awaitable<result<ok_packet>> {
        auto opened = co_await connection::open(executor, std::move(given), {});
        if (!opened) co_return std::unexpected(opened.error());
        co_return co_await (*opened)->execute(std::string(64U << 20U, ' '));
    };
    const auto done = test::run_awaitable(io, write(io.get_executor(), std::move(options)));
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, make_error_code(errc::timed_out)) << done.error().what;
}

TEST(connection, stops_at_once_when_it_is_cancelled) {
    fake_server server(signed_in());
    asio::io_context io;
    auto wait = [](asio::any_io_executor executor,
                   connect_options options) -> asio::awaitable<result<ok_packet>> {
        auto opened = co_await connection::open(executor, std::move(options), {});
        if (!opened) co_return std::unexpected(opened.error());
        asio::steady_timer soon(executor, 30ms);
        soon.async_wait([&connection = **opened](auto) { connection.cancel(); });
        auto answer = co_await (*opened)->execute("DO SLEEP(100)");
        auto later = co_await (*opened)->execute("DO 1");
        EXPECT_EQ(later.error().code, make_error_code(errc::cancelled));
        co_return answer;
    };
    const auto begin = std::chrono::steady_clock::now();
    const auto done = test::run_awaitable(io, wait(io.get_executor(), options_for(server)));
    ASSERT_FALSE(done.has_value());
    EXPECT_EQ(done.error().code, make_error_code(errc::cancelled)) << done.error().what;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST(connection, lets_asio_cancel_the_opening) {
    fake_server server({});
    asio::io_context io;
    asio::cancellation_signal stop;
    bool ended = false;
    auto open = [](asio::any_io_executor executor,
                   connect_options options) -> asio::awaitable<void> {
        auto opened = co_await connection::open(executor, std::move(options), {});
        EXPECT_FALSE(opened.has_value());
    };
    asio::co_spawn(io, open(io.get_executor(), options_for(server)),
                   asio::bind_cancellation_slot(
                       stop.slot(), [&ended](const std::exception_ptr&) { ended = true; }));
    asio::steady_timer soon(io, 30ms);
    soon.async_wait([&stop](auto) { stop.emit(asio::cancellation_type::terminal); });
    const auto begin = std::chrono::steady_clock::now();
    io.run();
    EXPECT_TRUE(ended);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST(connection, says_which_step_of_connecting_failed) {
    connect_options options;
    options.tls.mode = tls_mode::disabled;
    options.user = "repl";
    const auto open = [](const connect_options& given) {
        asio::io_context io;
        return test::run_awaitable(io, read_names(io.get_executor(), given, 1)).error();
    };
    {
        fake_server server({});
        options.host = "127.0.0.1";
        options.port = server.port();
    }
    EXPECT_EQ(open(options).code, make_error_code(errc::connect_failed));
    EXPECT_THAT(open(options).what, HasSubstr("cannot connect to 127.0.0.1"));
    options.host = "/nonexistent/mysqld.sock";
    EXPECT_EQ(open(options).code, make_error_code(errc::connect_failed));
    EXPECT_THAT(open(options).what, HasSubstr("/nonexistent/mysqld.sock"));
    options.host = "/" + std::string(200, 'x');
    EXPECT_THAT(open(options).what, HasSubstr("too long"));
}

TEST(connection, streams_rows_of_any_size) {
    std::vector<std::string> sent;
    bytes wire = joined({frame(test::from_hex("01"), 1), frame(test::column_payload("b"), 2)});
    std::uint8_t sequence = 3;
    for (const std::size_t size : {1UL, 100'000UL, 20'000'000UL, 0UL, 17UL, 700'000UL}) {
        sent.emplace_back(size, static_cast<char>('a' + sent.size()));
        append_packets(test::row_payload({sent.back()}), sequence, wire);
    }
    append_packets(test::ok_payload(0xfe), sequence, wire);
    fake_server server(signed_in() + script{expect(), send(wire)});
    asio::io_context io;
    auto read = [](asio::any_io_executor executor,
                   connect_options options) -> asio::awaitable<result<std::vector<std::string>>> {
        auto opened = co_await connection::open(executor, std::move(options), {});
        if (!opened) co_return std::unexpected(opened.error());
        auto columns = co_await (*opened)->start_query("SELECT b FROM blobs");
        if (!columns) co_return std::unexpected(columns.error());
        std::vector<std::string> values;
        for (;;) {
            auto rows = co_await (*opened)->read_rows();
            if (!rows) co_return std::unexpected(rows.error());
            if (rows->empty()) co_return values;
            for (const auto& row : *rows)
                values.emplace_back(row.fields.at(0).value());
        }
    };
    const auto got = test::run_awaitable(io, read(io.get_executor(), options_for(server)));
    ASSERT_TRUE(got.has_value()) << got.error().what;
    EXPECT_TRUE(*got == sent);
}

} // namespace
} // namespace understudy::protocol::net
