#include "apps/daemon_client.hpp"

#include "apps/http_client.hpp"
#include "apps/serve_errc.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <chrono>
#include <utility>

namespace understudy::apps {

namespace json = boost::json;

namespace {

// A change of a running task waits for its run to end.
constexpr auto patience = std::chrono::minutes(3);

std::string words_of(const json::value& answer) {
    const json::object* object = answer.if_object();
    const json::value* error = object == nullptr ? nullptr : object->if_contains("error");
    const json::object* fields = error == nullptr ? nullptr : error->if_object();
    const json::value* message = fields == nullptr ? nullptr : fields->if_contains("message");
    return message != nullptr && message->is_string() ? std::string(message->get_string())
                                                      : std::string();
}

} // namespace

protocol::result<std::optional<daemon_client>>
daemon_client::find(const std::filesystem::path& data_dir) {
    auto found = daemon_files::find(data_dir);
    if (!found) return std::unexpected(found.error());
    if (!*found) return std::nullopt;
    return daemon_client(**std::move(found));
}

protocol::result<json::value>
daemon_client::call(const std::string& method, const std::string& path, const std::string& body) {
    auto to = parse_http_address(address_.url + path);
    if (!to) return protocol::fail(serve_errc::daemon_failed, "no address: " + address_.url);
    const auto answer = ask({.to = *std::move(to),
                             .method = method,
                             .body = body,
                             .token = address_.token,
                             .certificate = address_.certificate,
                             .timeout = patience});
    if (!answer) return std::unexpected(answer.error());
    last_status_ = answer->status;
    boost::system::error_code failure;
    json::value value = json::parse(answer->body, failure);
    if (answer->status / 100 != 2) {
        const std::string words = failure ? std::string() : words_of(value);
        return protocol::fail(serve_errc::daemon_failed, words.empty()
                                                             ? "the daemon answers with status " +
                                                                   std::to_string(answer->status)
                                                             : words);
    }
    if (failure) return protocol::fail(serve_errc::daemon_failed, "the daemon's answer is no JSON");
    return value;
}

} // namespace understudy::apps
