#include "state/toml_document.hpp"

#include "state/errc.hpp"
#include "state/toml_nesting.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <utility>

namespace understudy::state {

namespace {

toml_node convert(const toml::node& node);

void convert_table(const toml::table& from, toml_node& into) {
    into.what = toml_node::kind::table;
    for (const auto& [key, value] : from) {
        const auto& place = key.source().begin;
        into.table.push_back({std::string(key.str()), place.line, place.column, convert(value)});
    }
    std::ranges::sort(into.table, {},
                      [](const toml_entry& entry) { return std::pair(entry.line, entry.column); });
}

toml_node convert(const toml::node& node) {
    toml_node into;
    into.line = std::max<std::uint32_t>(node.source().begin.line, 1);
    into.column = std::max<std::uint32_t>(node.source().begin.column, 1);
    if (const auto* table = node.as_table()) {
        convert_table(*table, into);
    } else if (const auto* list = node.as_array()) {
        into.what = toml_node::kind::list;
        for (const toml::node& element : *list)
            into.list.push_back(convert(element));
    } else if (const auto* text = node.as_string()) {
        into.what = toml_node::kind::text;
        into.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
        into.what = toml_node::kind::integer;
        into.integer = integer->get();
    } else if (const auto* number = node.as_floating_point()) {
        into.what = toml_node::kind::number;
        into.number = number->get();
    } else if (const auto* boolean = node.as_boolean()) {
        into.what = toml_node::kind::boolean;
        into.boolean = boolean->get();
    } else {
        into.what = toml_node::kind::date;
    }
    return into;
}

} // namespace

std::string toml_node::describe() const {
    switch (what) {
    case kind::boolean: return boolean ? "true" : "false";
    case kind::integer: return std::to_string(integer);
    case kind::number: return "the number " + std::to_string(number);
    case kind::text: return "\"" + text + "\"";
    case kind::date: return "a date or time";
    case kind::list: return "a list";
    case kind::table: return "a table";
    }
    std::unreachable();
}

// The library reports syntax errors by exception; the border of that is here.
protocol::result<toml_node> parse_toml(std::string_view text) {
    if (const auto place = place_of_deep_nesting(text)) {
        return protocol::fail(errc::task_file_invalid,
                              std::to_string(place->line) + ":" + std::to_string(place->column) +
                                  ": this nests deeper than any definition does");
    }
    try {
        return convert(toml::parse(text));
    } catch (const toml::parse_error& failure) {
        const auto& place = failure.source().begin;
        return protocol::fail(errc::task_file_invalid, std::to_string(place.line) + ":" +
                                                           std::to_string(place.column) + ": " +
                                                           std::string(failure.description()));
    }
}

} // namespace understudy::state
