#include "apps/inspection/row_history.hpp"

#include "protocol/errc.hpp"
#include "relay/inspection/key_search.hpp"
#include "relay/inspection/row_condition.hpp"
#include "state/name_glob.hpp"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

namespace understudy::apps {

using namespace relay::inspection;
using protocol::fail;
using protocol::result;

namespace {

constexpr std::size_t moves_max = 2'000'000;

std::vector<std::string> split_at_commas(std::string_view text) {
    std::vector<std::string> parts(1);
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '\\' && at + 1 < text.size() &&
            (text[at + 1] == ',' || text[at + 1] == '\\' || text[at + 1] == '=')) {
            parts.back() += text[++at];
        } else if (text[at] == ',') {
            parts.emplace_back();
        } else {
            parts.back() += text[at];
        }
    }
    return parts;
}

std::unexpected<protocol::error> too_many_moves() {
    return fail(protocol::errc::limit_exceeded,
                "more than " + std::to_string(moves_max) +
                    " changes of keys; look at a part of the log (--since, --until)");
}

bool are_equal(const std::vector<comparable>& left, const std::vector<comparable>& right) {
    return std::ranges::equal(left, right, [](const comparable& a, const comparable& b) {
        const auto order = compare(a, b);
        return order && *order == 0;
    });
}

} // namespace

result<row_history> row_history::parse(std::string_view text) {
    row_history made;
    for (auto& part : split_at_commas(text)) {
        const auto equals = part.find('=');
        if (equals != std::string::npos) {
            made.names_.push_back(part.substr(0, equals));
            part.erase(0, equals + 1);
        }
        made.asked_.push_back(comparable::string(std::move(part)));
    }
    if (!made.names_.empty() && made.names_.size() != made.asked_.size()) {
        return fail(protocol::errc::malformed,
                    "either every part of the key has its column (region=eu,id=42) or none");
    }
    return made;
}

result<void> row_history::bind(const described_table& table) {
    if (table.layout == layout_) return {};
    columns_.clear();
    if (names_.empty()) {
        columns_ = table.key;
        if (columns_.empty()) {
            return fail(protocol::errc::unsupported,
                        table.full_name() + ": the log does not say what its primary key is; name "
                                            "the columns, by number if need be: @1=42");
        }
        if (columns_.size() != asked_.size()) {
            return fail(protocol::errc::malformed, table.full_name() + " has a primary key of " +
                                                       std::to_string(columns_.size()) +
                                                       " columns, not " +
                                                       std::to_string(asked_.size()));
        }
    }
    for (const auto& name : names_) {
        const auto found = std::ranges::find_if(table.column_names, [&](const auto& other) {
            return state::names_equal(other, name, true);
        });
        if (found == table.column_names.end()) {
            // By number also where names are known.
            const auto number = name.starts_with('@') ? std::atoi(name.c_str() + 1) : 0;
            if (number < 1 || static_cast<std::size_t>(number) > table.columns.size())
                return fail(protocol::errc::malformed,
                            table.full_name() + " has no column " + name);
            columns_.push_back(static_cast<std::uint32_t>(number - 1));
            continue;
        }
        columns_.push_back(static_cast<std::uint32_t>(found - table.column_names.begin()));
    }
    layout_ = table.layout;
    return {};
}

// Nothing if the image lacks a part of it.
result<std::optional<row_history::key>> row_history::key_of(const described_table& table,
                                                            const protocol::row_image* image,
                                                            const protocol::row_image* fallback) {
    if (image == nullptr) return std::nullopt;
    key found;
    for (const auto i : columns_) {
        const auto* value = &image->columns[i];
        if (!value->present && fallback != nullptr) value = &fallback->columns[i];
        if (!value->present) return std::nullopt;
        if (auto read = read_comparable(found.emplace_back(), text_, table.columns[i], *value);
            !read)
            return std::unexpected(std::move(read.error()));
    }
    return found;
}

result<void> row_history::note(const described_table& table, const row_change& change) {
    if (change.kind != protocol::rows_kind::update) return {};
    if (auto bound = bind(table); !bound) return bound;
    auto from = key_of(table, change.before, nullptr);
    if (!from) return std::unexpected(std::move(from.error()));
    auto to = key_of(table, change.after, change.before);
    if (!to) return std::unexpected(std::move(to.error()));
    if (!*from || !*to || are_equal(**from, **to)) return {};
    if (moves_.size() == moves_max) return too_many_moves();
    moves_.push_back({std::move(**from), std::move(**to)});
    return {};
}

row_history row_history::fork() const {
    row_history made;
    made.names_ = names_;
    made.asked_ = asked_;
    made.tracked_ = tracked_;
    made.connected_ = connected_;
    return made;
}

result<void> row_history::add_notes(std::vector<move> later) {
    if (moves_.size() + later.size() > moves_max) return too_many_moves();
    std::ranges::move(later, std::back_inserter(moves_));
    return {};
}

bool row_history::tracked(const key& one) const {
    return std::ranges::any_of(tracked_, [&](const key& other) { return are_equal(one, other); });
}

void row_history::forget(const key& one) {
    std::erase_if(tracked_, [&](const key& other) {
        return are_equal(one, other) && !are_equal(other, asked_);
    });
}

bool row_history::extend(bool everything_was_read) {
    if (connected_.empty()) connected_ = {asked_};
    const auto before = connected_.size();
    const auto has = [&](const key& one) {
        return std::ranges::any_of(connected_,
                                   [&](const key& other) { return are_equal(one, other); });
    };
    for (bool more = true; more;) {
        more = false;
        for (const auto& [from, to] : moves_) {
            const bool has_from = has(from);
            if (has_from == has(to)) continue;
            connected_.push_back(has_from ? to : from);
            more = true;
        }
    }
    if (connected_.size() == before || everything_was_read) return false;
    moves_.clear();
    return true;
}

std::optional<std::vector<std::string>> row_history::keys(const described_table& table) {
    if (!bind(table) || columns_.size() != table.key.size()) return std::nullopt;
    std::vector<std::string> found;
    for (const auto& one : connected_.empty() ? std::vector<key>{asked_} : connected_) {
        key_values values;
        for (const auto part : table.key) {
            const auto place = std::ranges::find(columns_, part);
            if (place == columns_.end() || one.size() != columns_.size()) return std::nullopt;
            values.emplace_back(part, one[static_cast<std::size_t>(place - columns_.begin())]);
        }
        auto made = row_key(table, values);
        if (!made) return std::nullopt;
        found.push_back(std::move(*made));
    }
    return found;
}

// From the end to the beginning: what has this key now had another one before.
void row_history::begin() {
    tracked_ = {asked_};
    for (const auto& [from, to] : moves_ | std::views::reverse) {
        if (!tracked(to)) continue;
        forget(to);
        if (!tracked(from)) tracked_.push_back(from);
    }
    moves_.clear();
}

result<bool> row_history::is_of_row(const described_table& table, const row_change& change) {
    if (auto bound = bind(table); !bound) return std::unexpected(std::move(bound.error()));
    const auto from = key_of(table, change.before, nullptr);
    if (!from) return std::unexpected(from.error());
    const auto to = key_of(table, change.after, change.before);
    if (!to) return std::unexpected(to.error());
    const bool found = (*from && tracked(**from)) || (*to && tracked(**to));
    if (*from && tracked(**from)) {
        if (change.kind == protocol::rows_kind::delete_) forget(**from);
        if (*to && !are_equal(**from, **to)) {
            forget(**from);
            if (!tracked(**to)) tracked_.push_back(**to);
        }
    }
    return found;
}

} // namespace understudy::apps
