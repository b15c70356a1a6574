#include "apps/endpoint_probe.hpp"

#include "apps/run_alone.hpp"
#include "protocol/errc.hpp"
#include "protocol/net/connection.hpp"
#include "state/json_text.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>
#include <optional>
#include <utility>

namespace understudy::apps {

namespace asio = boost::asio;
namespace json = boost::json;
using protocol::net::connection;

namespace {

std::string_view step_of(const protocol::error& why) {
    using enum protocol::errc;
    if (why.code == connect_failed) return "connect";
    if (why.code == tls_failed || why.code == tls_not_offered) return "tls";
    if (why.code == access_denied || why.code == plugin_unsupported ||
        why.code == password_exposed || why.code == server_error)
        return "sign-in";
    return "connect";
}

asio::awaitable<std::string> probe(asio::io_context& loop, protocol::connect_options endpoint) {
    json::object told{{"reached", false}, {"failed_step", ""}, {"message", ""}, {"version", ""}};
    json::array warnings;
    auto opened = co_await connection::open(
        loop.get_executor(), std::move(endpoint),
        [&warnings](std::string text) { warnings.emplace_back(state::as_utf8(text)); });
    if (!opened) {
        told["failed_step"] = step_of(opened.error());
        told["message"] = state::as_utf8(opened.error().what);
        told["warnings"] = std::move(warnings);
        co_return json::serialize(told);
    }
    auto asked = co_await (*opened)->query("SELECT VERSION()");
    co_await (*opened)->close();
    told["reached"] = asked.has_value();
    if (asked && !asked->rows.empty())
        told["version"] = state::as_utf8(asked->rows.front().front().value_or(""));
    if (!asked) {
        told["failed_step"] = "query";
        told["message"] = state::as_utf8(asked.error().what);
    }
    told["warnings"] = std::move(warnings);
    co_return json::serialize(told);
}

constexpr const char* tables_query =
    "SELECT s.SCHEMA_NAME, t.TABLE_NAME, t.TABLE_TYPE, COALESCE(t.TABLE_ROWS, 0), "
    "COALESCE(t.DATA_LENGTH, 0) + COALESCE(t.INDEX_LENGTH, 0) "
    "FROM information_schema.SCHEMATA s LEFT JOIN information_schema.TABLES t "
    "ON t.TABLE_SCHEMA = s.SCHEMA_NAME WHERE s.SCHEMA_NAME NOT IN "
    "('mysql', 'sys', 'information_schema', 'performance_schema') "
    "ORDER BY s.SCHEMA_NAME, t.TABLE_NAME";

std::uint64_t number(const std::optional<std::string>& text) {
    std::uint64_t value = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), value);
    return value;
}

asio::awaitable<protocol::result<std::string>> list(asio::io_context& loop,
                                                    protocol::connect_options endpoint) {
    constexpr std::size_t rows_max = 200'000;
    auto opened =
        co_await connection::open(loop.get_executor(), std::move(endpoint), [](std::string) {});
    if (!opened) co_return std::unexpected(opened.error());
    auto asked = co_await (*opened)->query(tables_query, rows_max);
    co_await (*opened)->close();
    if (!asked) co_return std::unexpected(asked.error());
    json::array databases;
    for (const auto& row : asked->rows) {
        const std::string database = state::as_utf8(row[0].value_or(""));
        if (databases.empty() ||
            std::string_view(databases.back().at("name").as_string()) != database)
            databases.emplace_back(json::object{{"name", database}, {"tables", json::array()}});
        if (!row[1]) continue;
        const bool view = row[2].value_or("").find("VIEW") != std::string::npos;
        databases.back().at("tables").as_array().emplace_back(
            json::object{{"name", state::as_utf8(*row[1])},
                         {"kind", view ? "view" : "table"},
                         {"rows_estimated", number(row[3])},
                         {"bytes", number(row[4])}});
    }
    co_return json::serialize(json::object{{"databases", std::move(databases)}});
}

} // namespace

std::string probe_connection(protocol::connect_options endpoint) {
    asio::io_context loop(1);
    return run_alone(loop, probe(loop, std::move(endpoint)));
}

protocol::result<std::string> list_objects(protocol::connect_options endpoint) {
    asio::io_context loop(1);
    return run_alone(loop, list(loop, std::move(endpoint)));
}

} // namespace understudy::apps
