#pragma once

#include "protocol/result.hpp"
#include "protocol/session/connect_options.hpp"
#include "protocol/session/result_set.hpp"
#include "protocol/session/server_info.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::protocol::net {

// One signed-in connection to a MySQL or MariaDB server: the thin Asio shell around
// protocol/session. Used from one executor (thread or strand) only; one conversation at a time.
// Every step has a time limit. After an error that is not server_error the connection is of no more
// use: close it and open another.
class connection {
public:
    // Called for things an operator should know and that do not stop us ("TLS preferred does not
    // authenticate the server").
    using warning_sink = std::function<void(std::string)>;

    // Resolves, connects, upgrades to TLS as the mode says, signs in. The error names the step that
    // failed. Until it is through it can be ended by Asio's cancellation (operator || of
    // awaitables, a slot of co_spawn).
    [[nodiscard]] static boost::asio::awaitable<result<std::unique_ptr<connection>>>
    open(boost::asio::any_io_executor executor, connect_options options, warning_sink warn);

    ~connection();
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    [[nodiscard]] const server_info& server() const;
    // Since the sign-in, as they came over the wire: compressed where the protocol is.
    [[nodiscard]] std::uint64_t received_bytes() const;
    // As given to open, but without the password: it is wiped once we are signed in.
    [[nodiscard]] const connect_options& options() const;

    // A statement without rows (rows, if any come, are read and dropped).
    [[nodiscard]] boost::asio::awaitable<result<ok_packet>> execute(std::string sql);
    // A small result, collected; more than `rows_max` rows is errc::limit_exceeded.
    [[nodiscard]] boost::asio::awaitable<result<text_result>>
    query(std::string sql, std::size_t rows_max = 1'000'000);

    // A large result, streamed: start_query, then read_rows until it gives an empty span.
    // The rows are views over the receive buffer, good until the next call.
    [[nodiscard]] boost::asio::awaitable<result<std::vector<result_column>>>
    start_query(std::string sql);
    [[nodiscard]] boost::asio::awaitable<result<std::span<const text_row>>> read_rows();

    // A raw command (COM_REGISTER_SLAVE, COM_BINLOG_DUMP…): payload with the command byte first.
    [[nodiscard]] boost::asio::awaitable<result<void>> send_command(std::vector<std::byte> payload);
    [[nodiscard]] boost::asio::awaitable<result<ok_packet>> read_ok();
    // All complete packets at hand, at least one: views over the receive buffer, good until the
    // next call. Packets over 16 MB arrive joined. Used for binary log dumps.
    [[nodiscard]] boost::asio::awaitable<result<std::span<const std::span<const std::byte>>>>
    read_packets();
    // The longest silence allowed in read_packets (default: options.read_timeout).
    void set_read_timeout(std::chrono::milliseconds limit);

    // COM_QUIT, then the socket is closed. Never fails, never waits long.
    [[nodiscard]] boost::asio::awaitable<void> close();
    // Ends whatever is under way with errc::cancelled; from the connection's executor.
    void cancel();

private:
    struct impl;
    explicit connection(std::unique_ptr<impl> state);
    std::unique_ptr<impl> impl_;
};

} // namespace understudy::protocol::net
