#pragma once

#include "protocol/result.hpp"
#include "protocol/session/connect_options.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier {

// What the target is. Read once per session.
struct target_facts {
    std::string version;
    std::uint32_t version_number = 0; // 90704
    bool is_mariadb = false;
    std::string server_uuid;
    bool gtid_mode_on = false;
    bool read_only = false; // read_only or super_read_only, as far as it stops this account
    bool local_infile = false;
    std::uint64_t max_allowed_packet = 0;
    std::uint32_t lower_case_table_names = 0;
};

// What every session of ours has, but for statements of the source: nothing is refused that the
// source took. 0 is a value for AUTO_INCREMENT.
inline constexpr std::string_view session_sql_mode = "NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES";

struct query_rows {
    std::vector<std::string> columns;
    std::vector<std::vector<std::optional<std::string>>> rows;
};

struct execute_info {
    std::uint64_t affected_rows = 0;
    std::uint32_t warnings = 0;
    std::string info; // "Records: 10  Deleted: 0  Skipped: 0  Warnings: 0"
};

// One libmysqlclient handle to the target: blocking, used by one thread at a time (a thread pool
// runs the calls, coroutines await them). Works with MySQL's and MariaDB's client library; the only
// file that includes mysql.h is target_session.cpp. A fresh session is prepared for exact writes:
// binary-safe names (SET NAMES utf8mb4), time_zone '+00:00', sql_mode session_sql_mode,
// autocommit on, long net timeouts, invisible primary keys not generated. A read_timeout of 0 means
// none (statements may run for hours); TCP keepalive finds dead peers in either case.
class target_session {
public:
    using warning_sink = std::function<void(std::string)>;

    // The error's sentence names the failing step (name resolution, TCP, TLS, certificate,
    // sign-in).
    [[nodiscard]] static protocol::result<std::unique_ptr<target_session>>
    connect(const protocol::connect_options& options, const warning_sink& warn);
    ~target_session();
    target_session(const target_session&) = delete;
    target_session& operator=(const target_session&) = delete;

    [[nodiscard]] const target_facts& facts() const;

    // Any bytes; no multi-statements. Errors are sorted into applier::errc, the server's own words
    // are in error.server.
    [[nodiscard]] protocol::result<execute_info> execute(std::string_view sql);
    // execute(), where all that counts is that it was.
    [[nodiscard]] protocol::result<void> run(std::string_view sql);
    [[nodiscard]] protocol::result<query_rows> query(std::string_view sql);
    [[nodiscard]] protocol::result<std::optional<std::string>> scalar(std::string_view sql);

    // execute() in two halves, so that the caller prepares its next statement while the target
    // works on this one. send() returns when the statement has left; receive() must follow before
    // any other call.
    [[nodiscard]] protocol::result<void> send(std::string_view sql);
    [[nodiscard]] protocol::result<execute_info> receive();

    // Several statements in one send(), separated by semicolons. receive() gives the answer to the
    // first; while more_answers(), receive_next() gives the next. An error is the last answer: what
    // stood behind it was not executed.
    [[nodiscard]] protocol::result<void> allow_many_statements(bool allowed);
    [[nodiscard]] bool more_answers() const;
    [[nodiscard]] protocol::result<execute_info> receive_next();
    // receive_next() where the statement before was a BINLOG with rows. Its answer does not say
    // that there are more: applying a row resets the state of the session that tells
    // (mysql_reset_thd_for_next_command in sql/log_event.cc).
    [[nodiscard]] protocol::result<execute_info> receive_behind_rows();

    // LOAD DATA LOCAL: `produce` fills the span and returns the count, 0 at the end. No file is
    // ever read for the server.
    [[nodiscard]] protocol::result<execute_info>
    load_data(std::string_view sql, std::function<std::size_t(std::span<char>)> produce);

    [[nodiscard]] bool awaits_answer() const; // between send() and receive()
    [[nodiscard]] bool broken() const;        // the connection is gone: open a new session
    // As the target's SHOW PROCESSLIST names this session.
    [[nodiscard]] std::uint64_t connection_id() const;
    // From another thread: ends a running call soon (the socket is shut down).
    void interrupt();

private:
    struct impl;
    explicit target_session(std::unique_ptr<impl> state);
    std::unique_ptr<impl> impl_;
};

// 'text' with every dangerous byte escaped, quotes included; right whatever the session's character
// set is set to by connect().
[[nodiscard]] std::string quote_string(std::string_view text);
// Of an answer; 0 for NULL and for what is no number.
[[nodiscard]] std::uint64_t to_number(const std::optional<std::string>& text);
// x'…'
[[nodiscard]] std::string hex_literal(std::span<const std::byte> bytes);

} // namespace understudy::applier
