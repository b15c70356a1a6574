#include "state/task_section.hpp"

#include "state/quantity.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <tuple>

namespace understudy::state {

namespace {

std::string joined(std::span<const std::string_view> names) {
    std::string text;
    for (const std::string_view name : names) {
        if (!text.empty()) text += ", ";
        text += "\"" + std::string(name) + "\"";
    }
    return text;
}

// Insertions, deletions and replacements that make one word of the other.
std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> row(right.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < left.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < right.size(); ++j) {
            const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({row[j] + 1, diagonal + 1, replaced});
        }
    }
    return row.back();
}

std::string last_part(const std::string& key) {
    return key.substr(key.rfind('.') + 1);
}

} // namespace

void task_file_problems::add(std::uint32_t line, std::uint32_t column, std::string key,
                             std::string text) {
    problems_.push_back({line, column, std::move(key) + ": " + std::move(text)});
}

std::string task_file_problems::to_string(std::string_view file) const {
    auto sorted = problems_;
    std::ranges::sort(sorted, {},
                      [](const problem& one) { return std::tie(one.line, one.column, one.text); });
    std::string all;
    for (const problem& one : sorted) {
        if (!all.empty()) all += '\n';
        all += std::string(file) + ":" + std::to_string(one.line) + ":" +
               std::to_string(one.column) + ": " + one.text;
    }
    return all;
}

task_section::task_section(const toml_node& root, task_file_problems& problems)
    : problems_(problems), table_(&root) {}

task_section::task_section(task_section& parent, std::string_view key)
    : problems_(parent.problems_), line_(parent.line_), column_(parent.column_),
      path_(parent.full(key)) {
    const toml_node* node = parent.take(key);
    if (node == nullptr) return;
    if (node->what != toml_node::kind::table) {
        parent.complain(key, "found " + node->describe() + "; allowed is a table, [" + path_ + "]");
        return;
    }
    table_ = node;
    line_ = node->line;
    column_ = node->column;
}

const toml_node* task_section::find(std::string_view key) const {
    if (table_ == nullptr) return nullptr;
    const auto found = std::ranges::find(table_->table, key, &toml_entry::key);
    return found == table_->table.end() ? nullptr : &found->value;
}

std::string task_section::full(std::string_view key) const {
    return path_.empty() ? std::string(key) : path_ + "." + std::string(key);
}

const toml_node* task_section::take(std::string_view key) {
    known_.push_back(full(key));
    return find(key);
}

void task_section::complain(std::string_view key, std::string text) {
    const toml_node* node = find(key);
    problems_.add(node == nullptr ? line_ : node->line, node == nullptr ? column_ : node->column,
                  full(key), std::move(text));
}

void task_section::complain(std::string_view key, const toml_node& at, std::string text) {
    problems_.add(at.line, at.column, full(key), std::move(text));
}

void task_section::require(std::string_view key, std::string_view what) {
    if (!has(key)) complain(key, "is missing; needed is " + std::string(what));
}

void task_section::read(std::string_view key, bool& into) {
    const toml_node* node = take(key);
    if (node == nullptr) return;
    if (node->what == toml_node::kind::boolean) {
        into = node->boolean;
    } else {
        complain(key, "found " + node->describe() + "; allowed are true and false");
    }
}

void task_section::read(std::string_view key, std::string& into) {
    const toml_node* node = take(key);
    if (node == nullptr) return;
    if (node->what == toml_node::kind::text && !node->text.empty()) {
        into = node->text;
    } else {
        complain(key, "found " + node->describe() + "; allowed is a text in quotes, not empty");
    }
}

void task_section::read(std::string_view key, std::vector<std::string>& into) {
    const toml_node* node = take(key);
    if (node == nullptr) return;
    if (node->what != toml_node::kind::list) {
        complain(key, "found " + node->describe() + "; allowed is a list of texts, [\"a\", \"b\"]");
        return;
    }
    for (const toml_node& element : node->list) {
        if (element.what == toml_node::kind::text) {
            into.push_back(element.text);
        } else {
            complain(key, element,
                     "found " + element.describe() + " in the list; allowed are texts in quotes");
        }
    }
}

void task_section::read_integer(std::string_view key, std::int64_t& into, std::int64_t smallest,
                                std::int64_t largest) {
    const toml_node* node = take(key);
    if (node == nullptr) return;
    if (node->what == toml_node::kind::integer && node->integer >= smallest &&
        node->integer <= largest) {
        into = node->integer;
        return;
    }
    complain(key, "found " + node->describe() + "; allowed is an integer from " +
                      std::to_string(smallest) + " to " + std::to_string(largest));
}

void task_section::read_size(std::string_view key, std::uint64_t& into, size_range allowed) {
    const toml_node* node = take(key);
    if (node == nullptr) return;
    std::optional<std::uint64_t> size;
    if (node->what == toml_node::kind::text) size = parse_byte_size(node->text);
    if (node->what == toml_node::kind::integer && node->integer >= 0) {
        size = static_cast<std::uint64_t>(node->integer);
    }
    const bool fits = size && ((*size >= allowed.smallest && *size <= allowed.largest) ||
                               (*size == 0 && allowed.zero_too));
    if (fits) {
        into = *size;
        return;
    }
    std::string range = " of at least " + byte_size_text(allowed.smallest);
    if (allowed.largest != size_range{}.largest)
        range += " and at most " + byte_size_text(allowed.largest);
    complain(key, "found " + node->describe() +
                      "; allowed is a size such as 1048576, \"64MB\" or \"64MiB\"" + range +
                      (allowed.zero_too ? ", or 0" : ""));
}

void task_section::read_duration(std::string_view key, std::chrono::milliseconds& into,
                                 time_range allowed) {
    const toml_node* node = take(key);
    if (node == nullptr) return;
    const auto time =
        node->what == toml_node::kind::text ? parse_duration(node->text) : std::nullopt;
    if (time && *time >= allowed.shortest && *time <= allowed.longest) {
        into = *time;
        return;
    }
    complain(key, "found " + node->describe() +
                      "; allowed is a time with its unit, such as \"500ms\", \"10s\", \"5m\" or "
                      "\"24h\", from " +
                      duration_text(allowed.shortest) + " to " + duration_text(allowed.longest));
}

std::size_t task_section::choose(std::string_view key, std::span<const std::string_view> names) {
    const toml_node* node = take(key);
    if (node == nullptr) return names.size();
    if (node->what == toml_node::kind::text) {
        const auto found = std::ranges::find(names, node->text);
        if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    }
    complain(key, "found " + node->describe() + "; allowed are " + joined(names));
    return names.size();
}

std::string task_section::hint_for(std::string_view unknown) const {
    std::vector<std::string> names;
    for (const std::string& key : known_)
        names.push_back(last_part(key));
    const auto nearest = std::ranges::min_element(
        names, {}, [&](const std::string& name) { return edit_distance(name, unknown); });
    if (nearest != names.end() &&
        edit_distance(*nearest, unknown) <= std::max<std::size_t>(2, unknown.size() / 3)) {
        return "did you mean \"" + *nearest + "\"?";
    }
    const std::vector<std::string_view> views(names.begin(), names.end());
    return "known here are " + joined(views);
}

void task_section::finish() {
    if (table_ == nullptr) return;
    for (const toml_entry& entry : table_->table) {
        if (std::ranges::find(known_, full(entry.key)) != known_.end()) continue;
        problems_.add(entry.line, entry.column, full(entry.key),
                      "unknown key; " + hint_for(entry.key));
    }
}

} // namespace understudy::state
