#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// A blocking SQL connection for tests, over libmysqlclient. Its character set is utf8mb4.
//
//   sql_client root = server.root();
//   root.exec("CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (1)");
//   EXPECT_EQ(root.scalar("SELECT COUNT(*) FROM shop.t"), "1");
//
// One thread at a time. Errors are sql_error, whose text has the statement and the server's words.
namespace understudy::test {

struct sql_endpoint {
    std::string host = "127.0.0.1";
    std::uint16_t port = 0;
    std::filesystem::path socket{}; // when given, host and port are not used
    std::string user = "root";
    std::string password{};
    std::string database{};
    std::filesystem::path tls_ca{}; // when given: TLS, and the server's certificate is verified
};

class sql_error : public std::runtime_error {
public:
    sql_error(unsigned number, const std::string& text)
        : std::runtime_error(text), number_(number) {}
    [[nodiscard]] unsigned number() const { return number_; }

private:
    unsigned number_;
};

using sql_value = std::optional<std::string>;
using sql_row = std::vector<sql_value>;
using sql_row_view = std::span<const std::optional<std::string_view>>;

class sql_client {
public:
    explicit sql_client(const sql_endpoint& endpoint);

    // One statement or several; results are read and dropped.
    void exec(std::string_view sql);
    [[nodiscard]] std::vector<sql_row> query(std::string_view sql);
    // The first column of the only row. Throws when there is no row, or when it is NULL.
    [[nodiscard]] std::string scalar(std::string_view sql);
    // Row by row without keeping them; a view is good until the function returns.
    void for_each(std::string_view sql, const std::function<void(sql_row_view)>& row);
    [[nodiscard]] std::string quote(std::string_view text); // 'text', escaped
    [[nodiscard]] std::uint64_t connection_id() const;

private:
    struct closer {
        void operator()(void* handle) const;
    };
    [[noreturn]] void fail(std::string_view sql) const;
    void send(std::string_view sql);
    void drain(std::string_view sql);

    std::unique_ptr<void, closer> handle_;
};

} // namespace understudy::test
