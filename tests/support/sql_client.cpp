#include "tests/support/sql_client.hpp"

#include <fmt/format.h>
#include <mysql.h>

namespace understudy::test {
namespace {

MYSQL* raw(const auto& handle) {
    return static_cast<MYSQL*>(handle.get());
}

struct result_closer {
    void operator()(MYSQL_RES* result) const { mysql_free_result(result); }
};
using result_handle = std::unique_ptr<MYSQL_RES, result_closer>;

std::string shortened(std::string_view sql) {
    constexpr std::size_t shown_max = 2000;
    if (sql.size() <= shown_max) return std::string(sql);
    return fmt::format("{}… ({} bytes)", sql.substr(0, shown_max), sql.size());
}

} // namespace

void sql_client::closer::operator()(void* handle) const {
    mysql_close(static_cast<MYSQL*>(handle));
}

sql_client::sql_client(const sql_endpoint& endpoint) : handle_(mysql_init(nullptr)) {
    if (!handle_) throw std::bad_alloc();
    MYSQL* mysql = raw(handle_);
    const unsigned connect_timeout_s = 10;
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout_s);
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (!endpoint.tls_ca.empty()) {
        mysql_ssl_set(mysql, nullptr, nullptr, endpoint.tls_ca.c_str(), nullptr, nullptr);
        const my_bool verify = 1;
        mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    }
    const bool local = !endpoint.socket.empty();
    const auto or_null = [](const std::string& text) {
        return text.empty() ? nullptr : text.c_str();
    };
    if (mysql_real_connect(
            mysql, local ? "localhost" : endpoint.host.c_str(), endpoint.user.c_str(),
            endpoint.password.c_str(), or_null(endpoint.database), endpoint.port,
            local ? endpoint.socket.c_str() : nullptr, CLIENT_MULTI_STATEMENTS) == nullptr) {
        fail(fmt::format("(connect as {} to {})", endpoint.user,
                         local ? endpoint.socket.string()
                               : fmt::format("{}:{}", endpoint.host, endpoint.port)));
    }
}

void sql_client::fail(std::string_view sql) const {
    MYSQL* mysql = raw(handle_);
    throw sql_error(mysql_errno(mysql),
                    fmt::format("{}: error {} ({}): {}", shortened(sql), mysql_errno(mysql),
                                mysql_sqlstate(mysql), mysql_error(mysql)));
}

void sql_client::send(std::string_view sql) {
    if (mysql_real_query(raw(handle_), sql.data(), sql.size()) != 0) fail(sql);
}

void sql_client::drain(std::string_view sql) {
    for (;;) {
        const int more = mysql_next_result(raw(handle_));
        if (more < 0) return;
        if (more > 0) fail(sql);
        const result_handle result(mysql_store_result(raw(handle_)));
        if (!result && mysql_errno(raw(handle_)) != 0) fail(sql);
    }
}

void sql_client::exec(std::string_view sql) {
    send(sql);
    {
        const result_handle result(mysql_store_result(raw(handle_)));
        if (!result && mysql_errno(raw(handle_)) != 0) fail(sql);
    }
    drain(sql);
}

void sql_client::for_each(std::string_view sql, const std::function<void(sql_row_view)>& row) {
    send(sql);
    {
        const result_handle result(mysql_use_result(raw(handle_)));
        if (!result) {
            if (mysql_errno(raw(handle_)) != 0) fail(sql);
            throw std::runtime_error(fmt::format("{}: gives no result", shortened(sql)));
        }
        const unsigned width = mysql_num_fields(result.get());
        std::vector<std::optional<std::string_view>> values(width);
        while (char** fields = mysql_fetch_row(result.get())) {
            const unsigned long* lengths = mysql_fetch_lengths(result.get());
            for (unsigned i = 0; i < width; ++i) {
                values[i] = fields[i] == nullptr
                                ? std::nullopt
                                : std::optional(std::string_view(fields[i], lengths[i]));
            }
            row(values);
        }
        if (mysql_errno(raw(handle_)) != 0) fail(sql);
    }
    drain(sql);
}

std::vector<sql_row> sql_client::query(std::string_view sql) {
    std::vector<sql_row> rows;
    for_each(sql, [&](sql_row_view values) {
        sql_row& row = rows.emplace_back();
        for (const auto& value : values) {
            row.push_back(value ? sql_value(std::string(*value)) : std::nullopt);
        }
    });
    return rows;
}

std::string sql_client::scalar(std::string_view sql) {
    std::vector<sql_row> rows = query(sql);
    if (rows.size() != 1 || rows[0].empty() || !rows[0][0]) {
        throw std::runtime_error(
            fmt::format("{}: wanted one value, got {} rows", shortened(sql), rows.size()));
    }
    return std::move(*rows[0][0]);
}

std::string sql_client::quote(std::string_view text) {
    std::string escaped(text.size() * 2 + 1, '\0');
    escaped.resize(
        mysql_real_escape_string(raw(handle_), escaped.data(), text.data(), text.size()));
    return "'" + escaped + "'";
}

std::uint64_t sql_client::connection_id() const {
    return mysql_thread_id(raw(handle_));
}

} // namespace understudy::test
