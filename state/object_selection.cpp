#include "state/object_selection.hpp"

#include "state/errc.hpp"

#include <algorithm>
#include <array>

namespace understudy::state {

namespace {

constexpr std::size_t identifier_characters_max = 64;

protocol::result<std::vector<object_pattern>> parse_patterns(const std::vector<std::string>& texts,
                                                             std::string_view key) {
    std::vector<object_pattern> patterns;
    for (const std::string& text : texts) {
        auto pattern = object_pattern::parse(text);
        if (!pattern) {
            return protocol::wrap(pattern.error(), "\"" + text + "\" in " + std::string(key));
        }
        patterns.push_back(*std::move(pattern));
    }
    return patterns;
}

// "db" or "db.*" names the database, "db.table" the table; other wildcards are refused.
protocol::result<object_name> parse_name(const std::string& text) {
    auto pattern = object_pattern::parse(text);
    if (!pattern) return std::unexpected(pattern.error());
    const bool whole_database = pattern->object.is_everything();
    if (pattern->database.has_wildcard() || (!whole_database && pattern->object.has_wildcard())) {
        return protocol::fail(
            errc::selection_invalid,
            "a rename names one database or one table; wildcards are not allowed");
    }
    object_name name{pattern->database.name(), whole_database ? "" : pattern->object.name()};
    if (count_characters(name.database) > identifier_characters_max ||
        count_characters(name.object) > identifier_characters_max) {
        return protocol::fail(errc::selection_invalid, "a name is longer than 64 characters");
    }
    return name;
}

std::unexpected<protocol::error> two_sources(const object_name& first, const object_name& second,
                                             const object_name& target) {
    return protocol::fail(errc::selection_invalid,
                          first.to_string() + " and " + second.to_string() + " would both be " +
                              target.to_string() +
                              " on the target; rename one of them to something else or exclude it");
}

} // namespace

std::string quote_identifier(std::string_view name) {
    std::string quoted = "`";
    for (const char c : name) {
        if (c == '`') quoted += '`';
        quoted += c;
    }
    quoted += '`';
    return quoted;
}

bool is_system_schema(std::string_view database) {
    static constexpr std::array<std::string_view, 4> names{"mysql", "sys", "information_schema",
                                                           "performance_schema"};
    return std::ranges::any_of(
        names, [&](std::string_view name) { return names_equal(name, database, true); });
}

std::string object_name::to_string() const {
    return object.empty() ? quote_identifier(database)
                          : quote_identifier(database) + "." + quote_identifier(object);
}

protocol::result<object_selection> object_selection::make(const task_spec& spec) {
    object_selection selection;
    selection.meta_database_ = spec.apply.meta_database;
    selection.definers_ = spec.objects.definers;
    auto include = parse_patterns(spec.objects.include, "objects.include");
    if (!include) return std::unexpected(include.error());
    selection.include_ = *std::move(include);
    auto exclude = parse_patterns(spec.objects.exclude, "objects.exclude");
    if (!exclude) return std::unexpected(exclude.error());
    selection.exclude_ = *std::move(exclude);
    for (const auto& [from, to] : spec.objects.rename) {
        if (auto added = selection.add_rename(from, to); !added) {
            return protocol::wrap(added.error(), "renaming \"" + from + "\" to \"" + to + "\"");
        }
    }
    if (auto checked = selection.check_target_names(); !checked) {
        return std::unexpected(checked.error());
    }
    return selection;
}

protocol::result<void> object_selection::add_rename(const std::string& from,
                                                    const std::string& to) {
    const auto source = parse_name(from);
    if (!source) return std::unexpected(source.error());
    const auto target = parse_name(to);
    if (!target) return std::unexpected(target.error());
    if (source->object.empty() != target->object.empty()) {
        return protocol::fail(errc::selection_invalid,
                              "a database is renamed to a database, a table to a table (db.table)");
    }
    if (is_never_selected(target->database)) {
        return protocol::fail(errc::selection_invalid, quote_identifier(target->database) +
                                                           " is not a database to write to");
    }
    const bool selected = source->object.empty() ? touches_database(source->database)
                                                 : selects(source->database, source->object);
    if (!selected) {
        return protocol::fail(errc::selection_invalid,
                              source->to_string() + " is not selected by objects.include");
    }
    rename_.emplace_back(*source, *target);
    return {};
}

protocol::result<void> object_selection::check_target_names() const {
    for (auto entry = rename_.begin(); entry != rename_.end(); ++entry) {
        const auto same_source = std::find_if(rename_.begin(), entry, [&](const rename& other) {
            return other.first == entry->first;
        });
        if (same_source != entry) {
            return protocol::fail(errc::selection_invalid,
                                  entry->first.to_string() + " is renamed twice");
        }
        auto checked = entry->second.object.empty() ? check_database_target(*entry)
                                                    : check_table_target(entry->second);
        if (!checked) return checked;
    }
    return {};
}

// Every table that the file itself says would get this name: renamed tables, tables of renamed
// databases, and the table that has the name already if include names it literally. What only a
// wildcard takes may not exist at all: takes_name_of_another() judges such tables when they are
// seen.
protocol::result<void> object_selection::check_table_target(const object_name& target) const {
    std::vector<object_name> sources;
    for (const auto& [from, to] : rename_) {
        if (to == target) sources.push_back(from);
        if (to.object.empty() && to.database == target.database &&
            selects(from.database, target.object) && map(from.database, target.object) == target) {
            sources.push_back({from.database, target.object});
        }
    }
    if (names_literally(target) && map(target.database, target.object) == target &&
        std::ranges::find(sources, target) == sources.end()) {
        sources.push_back(target);
    }
    if (sources.size() > 1) return two_sources(sources[0], sources[1], target);
    return {};
}

protocol::result<void> object_selection::check_database_target(const rename& entry) const {
    const auto& [from, target] = entry;
    for (const auto& [other_from, other_to] : rename_) {
        if (other_to == target && other_from != from) return two_sources(from, other_from, target);
    }
    if (from != target && map_database(target.database) == target.database &&
        may_share_a_table(from.database, target.database)) {
        return two_sources(from, target, target);
    }
    return {};
}

bool object_selection::names_literally(const object_name& name) const {
    return selects(name.database, name.object) &&
           std::ranges::any_of(include_, [&](const object_pattern& one) {
               return !one.database.has_wildcard() && !one.object.has_wildcard() &&
                      one.matches(name.database, name.object, case_insensitive_);
           });
}

bool object_selection::takes_name_of_another(std::string_view database,
                                             std::string_view table) const {
    const object_name self{std::string(database), std::string(table)};
    const object_name target = map(database, table);
    return std::ranges::any_of(rename_, [&](const rename& entry) {
        const auto& [from, to] = entry;
        if (!names_equal(to.database, target.database, case_insensitive_)) return false;
        const object_name other{from.database, from.object.empty() ? target.object : from.object};
        return other != self && selects(other.database, other.object) &&
               map(other.database, other.object) == target;
    });
}

bool object_selection::may_share_a_table(std::string_view left, std::string_view right) const {
    if (!touches_database(left) || !touches_database(right)) return false;
    return std::ranges::any_of(include_, [&](const object_pattern& one) {
        return one.database.matches(left, case_insensitive_) &&
               std::ranges::any_of(include_, [&](const object_pattern& two) {
                   return !two.database.has_wildcard() &&
                          two.database.matches(right, case_insensitive_) &&
                          one.object.may_overlap(two.object, case_insensitive_);
               });
    });
}

bool object_selection::is_never_selected(std::string_view database) const {
    return is_system_schema(database) || names_equal(database, meta_database_, true);
}

bool object_selection::excludes_database(std::string_view database) const {
    return std::ranges::any_of(exclude_, [&](const object_pattern& pattern) {
        return pattern.object.is_everything() &&
               pattern.database.matches(database, case_insensitive_);
    });
}

bool object_selection::selects(std::string_view database, std::string_view table) const {
    if (is_never_selected(database)) return false;
    const auto matches = [&](const object_pattern& pattern) {
        return pattern.matches(database, table, case_insensitive_);
    };
    return std::ranges::any_of(include_, matches) && std::ranges::none_of(exclude_, matches);
}

bool object_selection::selects_database(std::string_view database) const {
    if (is_never_selected(database) || excludes_database(database)) return false;
    return std::ranges::any_of(include_, [&](const object_pattern& pattern) {
        return pattern.object.is_everything() &&
               pattern.database.matches(database, case_insensitive_);
    });
}

bool object_selection::touches_database(std::string_view database) const {
    if (is_never_selected(database) || excludes_database(database)) return false;
    return std::ranges::any_of(include_, [&](const object_pattern& pattern) {
        return pattern.database.matches(database, case_insensitive_);
    });
}

const object_name* object_selection::find_rename(std::string_view database,
                                                 std::string_view table) const {
    const auto found = std::ranges::find_if(rename_, [&](const rename& entry) {
        return names_equal(entry.first.database, database, case_insensitive_) &&
               names_equal(entry.first.object, table, case_insensitive_);
    });
    return found == rename_.end() ? nullptr : &found->second;
}

object_name object_selection::map(std::string_view database, std::string_view table) const {
    if (const object_name* target = find_rename(database, table)) return *target;
    return {map_database(database), std::string(table)};
}

std::string object_selection::map_database(std::string_view database) const {
    const object_name* target = find_rename(database, {});
    return target == nullptr ? std::string(database) : target->database;
}

bool object_selection::is_renamed(std::string_view database, std::string_view table) const {
    const object_name target = map(database, table);
    return target.database != database || target.object != table;
}

bool object_selection::moves_tables_out_of(std::string_view database) const {
    const std::string rest = map_database(database);
    return std::ranges::any_of(rename_, [&](const rename& entry) {
        return !entry.first.object.empty() &&
               names_equal(entry.first.database, database, case_insensitive_) &&
               entry.second.database != rest;
    });
}

bool object_selection::renames_anything() const {
    return std::ranges::any_of(rename_,
                               [](const rename& entry) { return entry.first != entry.second; });
}

object_selection object_selection::without_renames() const {
    object_selection same = *this;
    same.rename_.clear();
    return same;
}

bool object_selection::renames_anything_in(std::string_view database) const {
    return std::ranges::any_of(rename_, [&](const rename& entry) {
        return names_equal(entry.first.database, database, case_insensitive_) &&
               entry.first != entry.second;
    });
}

} // namespace understudy::state
