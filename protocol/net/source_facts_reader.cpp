#include "protocol/errc.hpp"
#include "protocol/net/replica_session.hpp"

#include <charconv>
#include <chrono>
#include <string>
#include <utility>

namespace understudy::protocol::net {

namespace asio = boost::asio;

namespace {

constexpr std::uint16_t unknown_system_variable = 1193;
constexpr std::uint16_t specific_access_denied = 1227;
constexpr std::uint32_t first_with_row_format_only = 90'000;

// Empty where the server has no such variable, or it is NULL.
asio::awaitable<result<std::string>> read_global(connection& source, std::string name) {
    auto answer = co_await source.query("SELECT @@GLOBAL." + name, 1);
    if (!answer && answer.error().server.number == unknown_system_variable) {
        co_return std::string();
    }
    if (!answer) co_return wrap(std::move(answer.error()), "reading @@GLOBAL." + name);
    if (answer->rows.size() != 1 || answer->rows.front().size() != 1) {
        co_return fail(errc::malformed, "@@GLOBAL." + name + " is not a single value");
    }
    co_return answer->rows.front().front().value_or("");
}

template<class Number>
bool parse_whole(std::string_view text, Number& value) {
    const auto* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    return parsed.ec == std::errc{} && parsed.ptr == end;
}

result<void> take_value(source_facts& facts, std::string_view name, std::string value) {
    if (name == "server_id") {
        if (!parse_whole(value, facts.server_id)) {
            return fail(errc::malformed, "the source's server_id is '" + value + "'");
        }
    } else if (name == "log_bin") {
        facts.log_bin = value == "1" || value == "ON";
    } else if (name == "explicit_defaults_for_timestamp") {
        facts.explicit_defaults_for_timestamp = value == "1" || value == "ON";
    } else if (name == "binlog_format") {
        facts.binlog_format = std::move(value);
    } else if (name == "binlog_row_image") {
        facts.binlog_row_image = std::move(value);
    } else if (name == "binlog_checksum") {
        facts.binlog_checksum = std::move(value);
    } else if (name == "gtid_mode") {
        facts.gtid_mode_on = value == "ON";
    } else if (name == "gtid_strict_mode") {
        facts.gtid_mode_on = value == "1";
    } else if (name == "server_uuid") {
        if (value.empty()) return {};
        auto parsed = uuid::parse(value);
        if (!parsed) return wrap(std::move(parsed.error()), "the source's server_uuid");
        facts.server_uuid = *parsed;
    } else {
        auto& set = name == "gtid_executed" ? facts.gtid_executed : facts.gtid_purged;
        auto parsed = gtid_set::parse(value);
        if (!parsed) return wrap(std::move(parsed.error()), "the source's " + std::string(name));
        set = *std::move(parsed);
    }
    return {};
}

asio::awaitable<result<binlog_position>> read_written(connection& source) {
    const auto statement = show_binary_log_status(source.server());
    auto answer = co_await source.query(statement, 1);
    if (!answer) {
        auto failed = wrap(std::move(answer.error()), statement);
        if (failed.error().server.number == specific_access_denied) {
            failed.error().code = make_error_code(errc::access_denied);
            failed.error().what +=
                source.server().is_mariadb
                    ? "; run GRANT BINLOG MONITOR ON *.* TO the task's account"
                    : "; run GRANT REPLICATION CLIENT ON *.* TO the task's account";
        }
        co_return failed;
    }
    binlog_position written;
    if (answer->rows.size() != 1 || answer->rows.front().size() < 2 ||
        !parse_whole(answer->rows.front()[1].value_or(""), written.offset)) {
        co_return fail(errc::malformed, "the answer to " + statement + " is not understood");
    }
    written.file = answer->rows.front()[0].value_or("");
    co_return written;
}

// What MariaDB had executed where its log stands at `written`. gtid_binlog_pos alone could be ahead
// of it.
asio::awaitable<result<gtid_set>> read_gtid_position(connection& source, binlog_position written) {
    const std::string statement =
        "SELECT BINLOG_GTID_POS('" + written.file + "', " + std::to_string(written.offset) + ")";
    auto answer = co_await source.query(statement, 1);
    if (!answer) co_return wrap(std::move(answer.error()), statement);
    if (answer->rows.size() != 1 || !answer->rows.front().front()) {
        co_return fail(errc::malformed, "the source knows no GTID position for " +
                                            written.to_string() + ", the end of its own log");
    }
    auto position = gtid_set::parse(*answer->rows.front().front());
    if (!position) co_return wrap(std::move(position.error()), "the source's GTID position");
    co_return position;
}

} // namespace

asio::awaitable<result<source_facts>> read_source_facts(connection& source) {
    source_facts facts;
    std::vector<std::string> names{"server_id",       "log_bin",
                                   "binlog_format",   "binlog_row_image",
                                   "binlog_checksum", "explicit_defaults_for_timestamp"};
    if (source.server().is_mariadb) {
        names.emplace_back("gtid_strict_mode");
    } else {
        names.insert(names.end(), {"server_uuid", "gtid_mode", "gtid_executed", "gtid_purged"});
    }
    for (const auto& name : names) {
        auto value = co_await read_global(source, name);
        if (!value) co_return std::unexpected(std::move(value.error()));
        auto taken = take_value(facts, name, *std::move(value));
        if (!taken) co_return std::unexpected(std::move(taken.error()));
    }
    // The variable is on its way out: a server without it knows nothing but ROW.
    if (facts.binlog_format.empty() &&
        source.server().version_number >= first_with_row_format_only) {
        facts.binlog_format = "ROW";
    }
    if (facts.log_bin) {
        auto written = co_await read_written(source);
        if (!written) co_return std::unexpected(std::move(written.error()));
        facts.written = *std::move(written);
    }
    if (facts.log_bin && source.server().is_mariadb) {
        auto position = co_await read_gtid_position(source, facts.written);
        if (!position) co_return std::unexpected(std::move(position.error()));
        facts.gtid_executed = *std::move(position);
    }
    co_return facts;
}

asio::awaitable<result<std::chrono::system_clock::time_point>> read_clock(connection& source) {
    auto answer = co_await source.query(std::string(clock_question), 1);
    if (!answer) co_return wrap(std::move(answer.error()), "reading the source's clock");
    const bool single = answer->rows.size() == 1 && answer->rows.front().size() == 1;
    const auto now = single ? parse_clock(answer->rows.front().front().value_or("")) : std::nullopt;
    if (!now) co_return fail(errc::malformed, "the source's clock is not a number");
    co_return *now;
}

} // namespace understudy::protocol::net
