#include "apps/definition_rules.hpp"

#include "api/definition_text.hpp"
#include "apps/serve_errc.hpp"
#include "state/toml_document.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace understudy::apps {

namespace {

using state::toml_node;

constexpr std::array<std::string_view, 3> forbidden_keys{"password_env", "password_command",
                                                         "key_env"};
constexpr std::array<std::string_view, 6> file_keys{"password_file", "ca",       "cert",
                                                    "key",           "key_file", "socket"};

bool lies_in(const std::filesystem::path& directory, const std::string& text) {
    const std::filesystem::path given(text);
    if (!given.is_absolute()) return false;
    std::error_code failure;
    // With links followed: one that leads out of the directory does not lie in it.
    const auto real = std::filesystem::weakly_canonical(given, failure);
    if (failure) return false;
    const auto root = std::filesystem::weakly_canonical(directory, failure);
    if (failure) return false;
    const auto [in_root, rest] = std::ranges::mismatch(root, real);
    return in_root == root.end() && rest != real.end();
}

protocol::result<void> check(const toml_node& table, const std::string& path,
                             const std::filesystem::path& credentials) {
    for (const auto& entry : table.table) {
        const std::string full = path.empty() ? entry.key : path + "." + entry.key;
        if (entry.value.what == toml_node::kind::table) {
            // Objects and columns are called as they like.
            if (full == "objects.rename" || full == "objects.tables") continue;
            if (auto good = check(entry.value, full, credentials); !good) return good;
            continue;
        }
        if (std::ranges::find(forbidden_keys, entry.key) != forbidden_keys.end()) {
            return protocol::fail(serve_errc::not_allowed,
                                  full +
                                      ": a variable or a command of the daemon is for its owner "
                                      "only; give password, or a file in " +
                                      credentials.string());
        }
        const bool is_file = std::ranges::find(file_keys, entry.key) != file_keys.end() &&
                             entry.value.what == toml_node::kind::text;
        if (is_file && !lies_in(credentials, entry.value.text)) {
            return protocol::fail(serve_errc::not_allowed,
                                  full +
                                      ": a file of the daemon's machine is for its owner only, "
                                      "except those in " +
                                      credentials.string());
        }
    }
    return {};
}

} // namespace

protocol::result<std::string> permitted_definition(const api::caller& who,
                                                   const api::given_definition& given,
                                                   const std::filesystem::path& credentials) {
    auto toml =
        given.toml.empty() ? api::to_toml(given.object) : protocol::result<std::string>(given.toml);
    if (!toml || who.may >= api::role::owner) return toml;
    if (!given.origin.empty()) {
        return protocol::fail(serve_errc::not_allowed,
                              "origin: where a definition came from is for the owner to say");
    }
    const auto document = state::parse_toml(*toml);
    if (!document) return std::unexpected(document.error());
    if (auto good = check(*document, "", credentials); !good) return std::unexpected(good.error());
    return toml;
}

} // namespace understudy::apps
