#include "api/definition_text.hpp"

#include "state/errc.hpp"
#include "state/json_text.hpp"
#include "state/toml_document.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <utility>

namespace understudy::api {

namespace {

namespace json = boost::json;
using state::toml_node;

// Control characters as TOML's basic strings want them.
std::string quoted(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string made = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            made += '\\';
            made += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            made += "\\u00";
            made += digits[byte >> 4U];
            made += digits[byte & 15U];
        } else {
            made += c;
        }
    }
    return made + "\"";
}

protocol::result<std::string> inline_value(const json::value& value, const std::string& key);

protocol::result<std::string> inline_list(const json::array& list, const std::string& key) {
    std::string text = "[";
    for (const json::value& element : list) {
        auto one = inline_value(element, key);
        if (!one) return one;
        text += (text.size() > 1 ? ", " : "") + *one;
    }
    return text + "]";
}

protocol::result<std::string> inline_table(const json::object& table, const std::string& key) {
    std::string text = "{";
    for (const auto& entry : table) {
        auto one = inline_value(entry.value(), key + "." + std::string(entry.key()));
        if (!one) return one;
        text += (text.size() > 1 ? ", " : " ") + quoted(entry.key()) + " = " + *one;
    }
    return text + " }";
}

protocol::result<std::string> inline_value(const json::value& value, const std::string& key) {
    switch (value.kind()) {
    case json::kind::bool_: return value.get_bool() ? "true" : "false";
    case json::kind::int64: return std::to_string(value.get_int64());
    case json::kind::uint64: return std::to_string(value.get_uint64());
    case json::kind::string: return quoted(value.get_string());
    case json::kind::array: return inline_list(value.get_array(), key);
    case json::kind::object: return inline_table(value.get_object(), key);
    case json::kind::double_:
    case json::kind::null: break;
    }
    return protocol::fail(state::errc::task_file_invalid,
                          key +
                              ": allowed are texts, whole numbers, true, false, lists and tables");
}

json::value to_value(const toml_node& node) {
    switch (node.what) {
    case toml_node::kind::boolean: return node.boolean;
    case toml_node::kind::integer: return node.integer;
    case toml_node::kind::number: return node.number;
    case toml_node::kind::text: return json::value(state::as_utf8(node.text));
    case toml_node::kind::date: return nullptr;
    case toml_node::kind::list: {
        json::array list;
        for (const toml_node& element : node.list)
            list.push_back(to_value(element));
        return list;
    }
    case toml_node::kind::table: {
        json::object table;
        for (const auto& entry : node.table)
            table[entry.key] =
                entry.key == "password" ? json::value(hidden_password) : to_value(entry.value);
        return table;
    }
    }
    std::unreachable();
}

const toml_node* find(const toml_node& table, std::string_view key) {
    for (const auto& entry : table.table) {
        if (entry.key == key) return &entry.value;
    }
    return nullptr;
}

} // namespace

// One line for each key of the document, tables inline: it is read by programs.
protocol::result<std::string> to_toml(const json::object& definition) {
    std::string text;
    for (const auto& entry : definition) {
        auto value = inline_value(entry.value(), entry.key());
        if (!value) return value;
        text += quoted(entry.key()) + " = " + *value + "\n";
    }
    return text;
}

protocol::result<json::object> to_object(std::string_view toml) {
    const auto document = state::parse_toml(toml);
    if (!document) return std::unexpected(document.error());
    return to_value(*document).get_object();
}

protocol::result<json::object> with_passwords_of(json::object definition, std::string_view before) {
    const auto document = state::parse_toml(before);
    if (!document) return std::unexpected(document.error());
    for (const char* side : {"source", "target"}) {
        json::value* endpoint = definition.if_contains(side);
        if (endpoint == nullptr || !endpoint->is_object()) continue;
        json::value* password = endpoint->get_object().if_contains("password");
        if (password == nullptr || !password->is_string() ||
            std::string_view(password->get_string()) != hidden_password)
            continue;
        const toml_node* old_endpoint = find(*document, side);
        const toml_node* old = old_endpoint == nullptr ? nullptr : find(*old_endpoint, "password");
        if (old == nullptr || old->what != toml_node::kind::text) {
            return protocol::fail(state::errc::task_file_invalid,
                                  std::string(side) +
                                      ".password: is hidden, and there was none before");
        }
        *password = old->text;
    }
    return definition;
}

} // namespace understudy::api
