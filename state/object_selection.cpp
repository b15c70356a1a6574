#include "state/object_selection.hpp"

#include "state/errc.hpp"
#include "state/shadow_table.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace understudy::state {

namespace {

object_name as_object(rename_rule::names names) {
    return {std::move(names.database), std::move(names.object)};
}

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

std::unexpected<protocol::error> two_sources(const object_name& first, const object_name& second,
                                             const object_name& target) {
    return protocol::fail(errc::selection_invalid,
                          first.to_string() + " and " + second.to_string() + " would both be " +
                              target.to_string() +
                              " on the target; rename one of them to something else or exclude it" +
                              (target.object.empty() ? ""
                                                     : ", or name it in objects.merge to "
                                                       "merge their rows"));
}

std::unexpected<protocol::error> not_included(const object_name& source) {
    return protocol::fail(errc::selection_invalid,
                          source.to_string() + " is not selected by objects.include");
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
    for (const std::string* own : {&spec.source.user, &spec.target.user})
        selection.accounts_.keep_out(*own);
    for (const std::string& account : spec.objects.accounts) {
        if (auto added = selection.accounts_.add(account); !added)
            return protocol::wrap(added.error(), "objects.accounts");
    }
    selection.on_rename_ = spec.objects.on_rename;
    selection.alters_at_cut_over_ =
        spec.objects.online_schema_changes == task_spec::schema_change_policy::alter;
    selection.skip_ = spec.objects.skip;
    auto include = parse_patterns(spec.objects.include, "objects.include");
    if (!include) return std::unexpected(include.error());
    selection.include_ = *std::move(include);
    auto exclude = parse_patterns(spec.objects.exclude, "objects.exclude");
    if (!exclude) return std::unexpected(exclude.error());
    selection.exclude_ = *std::move(exclude);
    auto merge = parse_patterns(spec.objects.merge, "objects.merge");
    if (!merge) return std::unexpected(merge.error());
    selection.merge_ = *std::move(merge);
    selection.alters_merged_once_ = spec.objects.merged_ddl == task_spec::merged_ddl_policy::once;
    for (const auto& [from, to] : spec.objects.rename) {
        if (auto added = selection.add_rename(from, to); !added) {
            return protocol::wrap(added.error(), "renaming \"" + from + "\" to \"" + to + "\"");
        }
    }
    for (const task_spec::table_rules& rules : spec.objects.tables) {
        auto pattern = object_pattern::parse(rules.pattern);
        if (!pattern) return protocol::wrap(pattern.error(), "\"" + rules.pattern + "\"");
        auto shape = table_shape::make(rules);
        if (!shape)
            return protocol::wrap(shape.error(), "objects.tables.\"" + rules.pattern + "\"");
        selection.shapes_.push_back(
            {*std::move(pattern), std::make_shared<const table_shape>(*std::move(shape))});
    }
    if (auto checked = selection.check_target_names(); !checked) {
        return std::unexpected(checked.error());
    }
    return selection;
}

protocol::result<void> object_selection::add_rename(const std::string& from,
                                                    const std::string& to) {
    auto rule = rename_rule::parse(from, to);
    if (!rule) return std::unexpected(rule.error());
    // What a pattern takes is seen only when it is there.
    if (!rule->is_pattern()) {
        const auto source = as_object(rule->from());
        if (is_never_selected(rule->to().database)) {
            return protocol::fail(errc::selection_invalid, quote_identifier(rule->to().database) +
                                                               " is not a database to write to");
        }
        // Whether the case of letters counts the source says: check_renamed_names().
        object_selection in_any_case = *this;
        in_any_case.set_case_insensitive(true);
        if (!in_any_case.takes(source)) return not_included(source);
    }
    if (rule->merges()) {
        const auto sample = as_object(rule->sample());
        if (!merges_into(sample)) {
            return protocol::fail(
                errc::selection_invalid,
                "several tables would have one name on the target; to merge their "
                "rows name it in objects.merge");
        }
    }
    rename_.push_back(*std::move(rule));
    return {};
}

bool object_selection::takes(const object_name& source) const {
    return source.object.empty() ? touches_database(source.database)
                                 : selects(source.database, source.object);
}

protocol::result<void> object_selection::check_renamed_names() const {
    for (const rename_rule& rule : rename_) {
        if (rule.is_pattern()) continue;
        const auto source = as_object(rule.from());
        if (!takes(source)) return not_included(source);
    }
    return {};
}

protocol::result<void> object_selection::check_target_names() const {
    for (auto rule = rename_.begin(); rule != rename_.end(); ++rule) {
        if (rule->is_pattern()) continue;
        const auto source = as_object(rule->from());
        const bool twice = std::any_of(rename_.begin(), rule, [&](const rename_rule& other) {
            return !other.is_pattern() && as_object(other.from()) == source;
        });
        if (twice) {
            return protocol::fail(errc::selection_invalid,
                                  source.to_string() + " is renamed twice");
        }
        auto checked = rule->is_for_tables() ? check_table_target(as_object(rule->to()))
                                             : check_database_target(*rule);
        if (!checked) return checked;
    }
    return {};
}

// Every table that the file itself says would get this name: renamed tables, tables of renamed
// databases, and the table that has the name already if include names it literally. What only a
// wildcard takes may not exist at all: takes_name_of_another() judges such tables when they are
// seen.
protocol::result<void> object_selection::check_table_target(const object_name& target) const {
    if (merges_into(target)) return {};
    std::vector<object_name> sources;
    for (const rename_rule& rule : rename_) {
        if (rule.is_pattern()) continue;
        const auto from = as_object(rule.from());
        const auto to = as_object(rule.to());
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

protocol::result<void> object_selection::check_database_target(const rename_rule& rule) const {
    const auto from = as_object(rule.from());
    const auto target = as_object(rule.to());
    for (const rename_rule& other : rename_) {
        if (other.is_pattern()) continue;
        const auto other_from = as_object(other.from());
        if (as_object(other.to()) == target && other_from != from)
            return two_sources(from, other_from, target);
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
    if (merges_into(target)) return false;
    const auto is_same = [this](const object_name& one, const object_name& two) {
        return names_equal(one.database, two.database, case_insensitive_) &&
               names_equal(one.object, two.object, case_insensitive_);
    };
    const auto is_another = [&](const object_name& other) {
        return !is_same(other, self) && selects(other.database, other.object) &&
               is_same(map(other.database, other.object), target);
    };
    return std::ranges::any_of(rename_, [&](const rename_rule& rule) {
        const auto other = rule.reverse(target.database, target.object, case_insensitive_);
        return other && is_another({other->database, other->object});
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
    return is_system_schema(database) || is_meta_database(database);
}

bool object_selection::is_meta_database(std::string_view database) const {
    return names_equal(database, meta_database_, true);
}

bool object_selection::excludes_database(std::string_view database) const {
    return std::ranges::any_of(exclude_, [&](const object_pattern& pattern) {
        return pattern.object.is_everything() &&
               pattern.database.matches(database, case_insensitive_);
    });
}

object_selection object_selection::only(std::set<object_name> tables) const {
    object_selection copy = *this;
    copy.only_ = std::move(tables);
    return copy;
}

object_selection object_selection::only_databases(std::set<std::string> names) const {
    object_selection copy = only({});
    copy.only_databases_ = std::move(names);
    return copy;
}

bool object_selection::is_one_of_only(std::string_view database) const {
    return std::ranges::any_of(only_databases_, [&](const std::string& one) {
        return names_equal(one, database, case_insensitive_);
    });
}

bool object_selection::is_model(std::string_view database, std::string_view table) const {
    return alters_at_cut_over_ && model_of({std::string(database), std::string(table)}).has_value();
}

std::optional<object_name> object_selection::model_of(const object_name& table) const {
    if (!alters_at_cut_over_) return std::nullopt;
    const auto shadow = shadow_table::parse(table.object);
    if (!shadow || !selects_itself(table.database, shadow->table)) return std::nullopt;
    return object_name{table.database, shadow->table};
}

bool object_selection::is_merged_model(const object_name& table) const {
    if (merge_.empty()) return false;
    const auto of = model_of(table);
    return of && is_merged(*of);
}

object_selection object_selection::following(std::set<object_name> tables) const {
    object_selection copy = *this;
    copy.followed_ = std::move(tables);
    return copy;
}

object_selection object_selection::whole() const {
    object_selection copy = *this;
    copy.only_.reset();
    copy.only_databases_.clear();
    return copy;
}

bool object_selection::is_left_out(std::string_view database, std::string_view table) const {
    return only_ && std::ranges::none_of(*only_, [&](const object_name& one) {
               return names_equal(one.database, database, case_insensitive_) &&
                      names_equal(one.object, table, case_insensitive_);
           });
}

bool object_selection::selects(std::string_view database, std::string_view table) const {
    if (is_left_out(database, table)) return false;
    if (selects_itself(database, table)) return true;
    const auto shadow = shadow_table::parse(table);
    if (!shadow || !selects_itself(database, shadow->table)) return false;
    return std::ranges::none_of(exclude_, [&](const object_pattern& pattern) {
        return pattern.matches(database, table, case_insensitive_);
    });
}

bool object_selection::selects_itself(std::string_view database, std::string_view table) const {
    if (is_never_selected(database)) return false;
    if (!followed_.empty() && is_followed({std::string(database), std::string(table)})) return true;
    const auto matches = [&](const object_pattern& pattern) {
        return pattern.matches(database, table, case_insensitive_);
    };
    return std::ranges::any_of(include_, matches) && std::ranges::none_of(exclude_, matches);
}

bool object_selection::selects_database(std::string_view database) const {
    if (only_ && !is_one_of_only(database)) return false;
    if (is_never_selected(database) || excludes_database(database)) return false;
    return std::ranges::any_of(include_, [&](const object_pattern& pattern) {
        return pattern.object.is_everything() &&
               pattern.database.matches(database, case_insensitive_);
    });
}

bool object_selection::selects_all_in(std::string_view database) const {
    return selects_database(database) &&
           std::ranges::none_of(exclude_, [&](const object_pattern& pattern) {
               return pattern.database.matches(database, case_insensitive_);
           });
}

bool object_selection::selects_all_databases() const {
    return !only_ && std::ranges::any_of(include_, [](const object_pattern& pattern) {
        return pattern.database.is_everything() && pattern.object.is_everything();
    });
}

bool object_selection::touches_database(std::string_view database) const {
    const auto is_in_it = [&](const object_name& one) {
        return names_equal(one.database, database, case_insensitive_);
    };
    if (only_ && std::ranges::none_of(*only_, is_in_it) && !is_one_of_only(database)) return false;
    if (is_never_selected(database)) return false;
    if (std::ranges::any_of(followed_, is_in_it)) return true;
    if (excludes_database(database)) return false;
    return std::ranges::any_of(include_, [&](const object_pattern& pattern) {
        return pattern.database.matches(database, case_insensitive_);
    });
}

// Rules for one thing come before rules for many, and those in the order of the file.
std::optional<object_name> object_selection::renamed_table(std::string_view database,
                                                           std::string_view table) const {
    for (const bool pattern : {false, true}) {
        for (const rename_rule& rule : rename_) {
            if (!rule.is_for_tables() || rule.is_pattern() != pattern) continue;
            if (auto names = rule.apply(database, table, case_insensitive_))
                return as_object(*std::move(names));
        }
    }
    return std::nullopt;
}

object_name object_selection::map(std::string_view database, std::string_view table) const {
    if (auto target = renamed_table(database, table)) return *std::move(target);
    if (const auto shadow = shadow_table::parse(table)) {
        const auto of = renamed_table(database, shadow->table);
        if (of) return {of->database, shadow->beside(of->object)};
    }
    return {map_database(database), std::string(table)};
}

std::optional<object_name> object_selection::source_of(const object_name& target) const {
    const auto is_it = [&](const object_name& source) {
        return selects(source.database, source.object) &&
               map(source.database, source.object) == target;
    };
    for (const rename_rule& rule : rename_) {
        auto source = rule.reverse(target.database, target.object, case_insensitive_);
        if (!source) continue;
        auto name = as_stored({std::move(source->database), std::move(source->object)});
        if (is_it(name)) return name;
    }
    if (is_it(target)) return as_stored(target);
    return std::nullopt;
}

std::string object_selection::map_database(std::string_view database) const {
    for (const bool pattern : {false, true}) {
        for (const rename_rule& rule : rename_) {
            if (rule.is_for_tables() || rule.is_pattern() != pattern) continue;
            if (auto names = rule.apply(database, {}, case_insensitive_))
                return std::move(names->database);
        }
    }
    return std::string(database);
}

bool object_selection::merges_into(const object_name& target) const {
    return std::ranges::any_of(merge_, [&](const object_pattern& pattern) {
        return pattern.matches(target.database, target.object, case_insensitive_);
    });
}

bool object_selection::is_merged(std::string_view database, std::string_view table) const {
    return !merge_.empty() && selects(database, table) && merges_into(map(database, table));
}

bool object_selection::merges_anything_in(std::string_view database) const {
    const auto is_in = [&](std::string_view target) {
        return std::ranges::any_of(merge_, [&](const object_pattern& pattern) {
            return pattern.database.matches(target, case_insensitive_);
        });
    };
    if (merge_.empty()) return false;
    const auto targets = target_databases(database);
    return !targets || std::ranges::any_of(*targets, is_in);
}

bool object_selection::skips(std::string_view kind_of_statement) const {
    return std::ranges::find(skip_, kind_of_statement) != skip_.end();
}

const table_shape* object_selection::shape(std::string_view database,
                                           std::string_view table) const {
    if (!fits_.empty() && selects(database, table)) {
        if (const auto* const own = fitted_shape(database, table)) return own;
        const auto shadow = shadow_table::parse(table);
        const auto* const of = shadow ? fitted_shape(database, shadow->table) : nullptr;
        if (of != nullptr) return of;
    }
    return shape_of_task(database, table);
}

const table_shape* object_selection::fitted_shape(std::string_view database,
                                                  std::string_view table) const {
    const auto found = std::ranges::find_if(fitted_shapes_, [&](const auto& one) {
        return names_equal(one.first.database, database, case_insensitive_) &&
               names_equal(one.first.object, table, case_insensitive_);
    });
    return found == fitted_shapes_.end() ? nullptr : found->second.get();
}

object_selection object_selection::fitting(std::map<object_name, column_fit> fits) const {
    object_selection copy = *this;
    copy.fits_ = std::move(fits);
    copy.fitted_shapes_.clear();
    const table_shape plain;
    for (const auto& [name, fit] : copy.fits_) {
        const table_shape* const own = copy.shape_of_task(name.database, name.object);
        copy.fitted_shapes_.emplace(
            name, std::make_shared<const table_shape>((own == nullptr ? plain : *own).fitted(fit)));
    }
    return copy;
}

const table_shape* object_selection::shape_of_task(std::string_view database,
                                                   std::string_view table) const {
    if (shapes_.empty() || !selects(database, table)) return nullptr;
    const auto find = [&](std::string_view name) -> const table_shape* {
        const auto found = std::ranges::find_if(shapes_, [&](const shaped_tables& one) {
            return one.pattern.matches(database, name, case_insensitive_);
        });
        return found == shapes_.end() ? nullptr : found->shape.get();
    };
    if (const auto* const own = find(table)) return own;
    const auto shadow = shadow_table::parse(table);
    return shadow ? find(shadow->table) : nullptr;
}

bool object_selection::shapes_anything_in(std::string_view database) const {
    const auto is_in_it = [&](const auto& one) {
        return names_equal(one.first.database, database, case_insensitive_);
    };
    return std::ranges::any_of(fits_, is_in_it) ||
           std::ranges::any_of(shapes_, [&](const shaped_tables& one) {
               return one.pattern.database.matches(database, case_insensitive_);
           });
}

bool object_selection::is_renamed(std::string_view database, std::string_view table) const {
    const object_name target = map(database, table);
    return target.database != database || target.object != table;
}

std::optional<std::vector<std::string>>
object_selection::target_databases(std::string_view database) const {
    std::vector<std::string> found{map_database(database)};
    for (const rename_rule& rule : rename_) {
        if (!rule.is_for_tables() || !rule.is_about_database(database, case_insensitive_)) continue;
        auto target = rule.database_on_target(database, case_insensitive_);
        if (!target) return std::nullopt;
        if (std::ranges::find(found, *target) == found.end()) found.push_back(*std::move(target));
    }
    return found;
}

bool object_selection::takes_tables_of_others(std::string_view database) const {
    const std::string target = map_database(database);
    return std::ranges::any_of(rename_, [&](const rename_rule& rule) {
        return rule.fills_from_another(target, database, case_insensitive_);
    });
}

std::string object_selection::as_stored(std::string name) const {
    return case_insensitive_ ? lower_case_name(name) : std::move(name);
}

object_name object_selection::as_stored(object_name name) const {
    return {as_stored(std::move(name.database)), as_stored(std::move(name.object))};
}

bool object_selection::renames_anything() const {
    return std::ranges::any_of(rename_,
                               [](const rename_rule& rule) { return !rule.changes_nothing(); });
}

object_selection object_selection::without_renames() const {
    object_selection same = *this;
    same.rename_.clear();
    return same;
}

bool object_selection::renames_anything_in(std::string_view database) const {
    return std::ranges::any_of(rename_, [&](const rename_rule& rule) {
        return rule.is_about_database(database, case_insensitive_) && !rule.changes_nothing();
    });
}

} // namespace understudy::state
