#include "relay/key_ring.hpp"

#include "relay/errc.hpp"
#include "state/durable_file.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <ranges>
#include <utility>

namespace understudy::relay {

namespace {

using protocol::fail;
using protocol::result;

std::optional<unsigned> digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
    return std::nullopt;
}

bool read_hex(std::string_view text, std::array<std::byte, key_ring::key_size>& into) {
    if (text.size() != 2 * into.size()) return false;
    for (std::size_t i = 0; i < into.size(); ++i) {
        const auto high = digit(text[2 * i]);
        const auto low = digit(text[2 * i + 1]);
        if (!high || !low) return false;
        into[i] = static_cast<std::byte>(*high << 4U | *low);
    }
    return true;
}

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= key_ring::id_size_max &&
           std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.';
           });
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    const auto first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

} // namespace

struct key_ring::content {
    std::vector<key> keys;
    std::string origin;

    content() = default;
    content(const content&) = delete;
    content& operator=(const content&) = delete;
    ~content() {
        for (auto& one : keys)
            OPENSSL_cleanse(one.bytes.data(), one.bytes.size());
    }
};

result<key_ring> key_ring::parse(std::string_view text, const std::string& origin) {
    auto found = std::make_shared<content>();
    found->origin = origin;
    // A key that is moved when the list grows would leave its bytes behind.
    found->keys.reserve(static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1);
    std::size_t number = 0;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = trim(text.substr(0, text.find_first_of("#\n")));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (line.empty()) continue;
        const auto id = line.substr(0, line.find_first_of(" \t"));
        const auto complain = [&](std::string_view what) {
            return fail(errc::bad_key, origin + ", line " + std::to_string(number) + ": " +
                                           std::string(what) +
                                           "; a line is an id (letters, digits, -, _ and .) and 64 "
                                           "hexadecimal digits, such as: k1 $(openssl rand -hex "
                                           "32)");
        };
        key one;
        one.id = id;
        if (!is_id(id) || !read_hex(trim(line.substr(id.size())), one.bytes)) {
            return complain("this is no key");
        }
        if (std::ranges::find(found->keys, one.id, &key::id) != found->keys.end()) {
            return complain("the id is there already");
        }
        found->keys.push_back(one);
        OPENSSL_cleanse(one.bytes.data(), one.bytes.size());
    }
    if (found->keys.empty()) return fail(errc::bad_key, origin + " holds no key");
    key_ring ring;
    ring.keys_ = std::move(found);
    return ring;
}

result<key_ring> key_ring::open(const encryption_settings& settings) {
    if (settings.empty()) return key_ring{};
    if (!settings.key_variable.empty()) {
        const char* value = std::getenv(settings.key_variable.c_str());
        if (value == nullptr) {
            return fail(errc::bad_key, "the environment variable " + settings.key_variable +
                                           ", which holds the keys of the relay log, is not set");
        }
        return parse(value, "the environment variable " + settings.key_variable);
    }
    auto text = state::read_whole(settings.key_file);
    if (!text) return fail(errc::bad_key, text.error().what);
    auto ring = parse(*text, settings.key_file.string());
    OPENSSL_cleanse(text->data(), text->size());
    return ring;
}

const key_ring::key* key_ring::newest() const {
    return keys_ ? &keys_->keys.back() : nullptr;
}

const key_ring::key* key_ring::find(std::string_view id) const {
    if (!keys_) return nullptr;
    const auto found = std::ranges::find(keys_->keys, id, &key::id);
    return found == keys_->keys.end() ? nullptr : &*found;
}

std::string key_ring::describe() const {
    if (!keys_) return "no key was given (relay.encryption.key_file or key_env)";
    std::string ids;
    for (const auto& one : keys_->keys)
        ids += (ids.empty() ? "" : ", ") + one.id;
    return keys_->origin + " holds " + ids;
}

} // namespace understudy::relay
