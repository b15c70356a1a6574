#include "state/rename_rule.hpp"

#include "state/errc.hpp"
#include "state/name_glob.hpp"

#include <utility>

namespace understudy::state {

namespace {

constexpr std::size_t identifier_characters_max = 64;

protocol::result<name_template> to_template(const name_glob& glob) {
    const auto parts = glob.around_one_star();
    if (!parts)
        return protocol::fail(errc::selection_invalid,
                              "a rename takes one * in each part, and neither ? nor /…/");
    name_template made{parts->prefix, parts->suffix, parts->has_star};
    if (count_characters(made.prefix) + count_characters(made.suffix) > identifier_characters_max)
        return protocol::fail(errc::selection_invalid, "a name is longer than 64 characters");
    return made;
}

std::size_t stars(const name_template& database, const name_template& object) {
    return (database.has_star ? 1U : 0U) + (object.has_star ? 1U : 0U);
}

// The texts of `from`'s stars, put where those of `to` stand.
std::pair<std::string, std::string> deal(const name_template& from_database,
                                         const name_template& from_object,
                                         const std::string& database_star,
                                         const std::string& object_star) {
    // With a star in both parts each keeps its own; one star may change its part.
    return {from_database.has_star ? database_star : object_star,
            from_object.has_star ? object_star : database_star};
}

} // namespace

std::optional<std::string> name_template::match(std::string_view name,
                                                bool case_insensitive) const {
    if (!has_star) {
        if (!names_equal(name, prefix, case_insensitive)) return std::nullopt;
        return std::string();
    }
    if (name.size() < prefix.size() + suffix.size()) return std::nullopt;
    const auto end = name.size() - suffix.size();
    if (!names_equal(name.substr(0, prefix.size()), prefix, case_insensitive) ||
        !names_equal(name.substr(end), suffix, case_insensitive))
        return std::nullopt;
    return std::string(name.substr(prefix.size(), end - prefix.size()));
}

std::string name_template::fill(std::string_view star) const {
    return has_star ? prefix + std::string(star) + suffix : prefix;
}

protocol::result<rename_rule> rename_rule::parse(std::string_view from, std::string_view to) {
    const auto source = object_pattern::parse(from);
    if (!source) return std::unexpected(source.error());
    const auto target = object_pattern::parse(to);
    if (!target) return std::unexpected(target.error());
    // "db" and "db.*" name the database, but "db.*" beside a part with more in it names tables.
    const auto whole = [](const object_pattern& one) {
        return !one.names_object || one.object.is_everything();
    };
    rename_rule rule;
    const bool keeps_database = !source->database.has_wildcard() || target->database.has_wildcard();
    const bool is_for_databases =
        whole(*source) && whole(*target) && (keeps_database || !target->names_object);
    rule.for_tables_ = !is_for_databases;
    if (rule.for_tables_ && (!source->names_object || !target->names_object))
        return protocol::fail(errc::selection_invalid,
                              "a database is renamed to a database, a table to a table (db.table)");
    const std::pair<const name_glob*, name_template*> parts[] = {
        {&source->database, &rule.from_database_},
        {&target->database, &rule.to_database_},
        {&source->object, &rule.from_object_},
        {&target->object, &rule.to_object_}};
    for (const auto& [glob, into] : parts) {
        const bool is_object = into == &rule.from_object_ || into == &rule.to_object_;
        if (is_object && !rule.for_tables_) continue;
        auto made = to_template(*glob);
        if (!made) return std::unexpected(made.error());
        *into = *std::move(made);
    }
    const std::size_t given = stars(rule.from_database_, rule.from_object_);
    const std::size_t used = stars(rule.to_database_, rule.to_object_);
    if (used > given || (used < given && !rule.for_tables_))
        return protocol::fail(errc::selection_invalid,
                              "the name on the target has as many * as that of the source, so that "
                              "no two get one name (tables may be merged: objects.merge)");
    return rule;
}

bool rename_rule::merges() const {
    return stars(to_database_, to_object_) < stars(from_database_, from_object_);
}

rename_rule::names rename_rule::sample() const {
    constexpr std::string_view any = "x";
    return {to_database_.fill(any), to_object_.fill(any)};
}

std::optional<rename_rule::names> rename_rule::apply(std::string_view database,
                                                     std::string_view object,
                                                     bool case_insensitive) const {
    const auto database_star = from_database_.match(database, case_insensitive);
    if (!database_star) return std::nullopt;
    std::string object_star;
    if (for_tables_) {
        const auto matched = from_object_.match(object, case_insensitive);
        if (!matched) return std::nullopt;
        object_star = *matched;
    }
    const auto [first, second] = deal(from_database_, from_object_, *database_star, object_star);
    return names{to_database_.fill(first), for_tables_ ? to_object_.fill(second) : ""};
}

std::optional<std::string> rename_rule::database_on_target(std::string_view database,
                                                           bool case_insensitive) const {
    if (!to_database_.has_star) return to_database_.prefix;
    const auto star = from_database_.match(database, case_insensitive);
    if (!from_database_.has_star || !star) return std::nullopt;
    return to_database_.fill(*star);
}

bool rename_rule::fills_from_another(std::string_view target, std::string_view database,
                                     bool case_insensitive) const {
    const auto star = to_database_.match(target, case_insensitive);
    if (!star) return false;
    if (from_database_.has_star && !to_database_.has_star) return true;
    // Without a star of its own the source's database is always the same.
    return !names_equal(from_database_.fill(*star), database, case_insensitive);
}

bool rename_rule::may_concern_databases(const name_glob& names, bool case_insensitive) const {
    const auto may_be = [&](const name_template& one) {
        name_glob glob = name_glob::literal(one.prefix);
        if (one.has_star) glob.append_any_sequence();
        for (const char c : one.suffix)
            glob.append_literal(c);
        return glob.may_overlap(names, case_insensitive);
    };
    return may_be(from_database_) || may_be(to_database_);
}

std::optional<rename_rule::names> rename_rule::reverse(std::string_view database,
                                                       std::string_view object,
                                                       bool case_insensitive) const {
    if (merges()) return std::nullopt;
    rename_rule turned;
    turned.from_database_ = to_database_;
    turned.from_object_ = to_object_;
    turned.to_database_ = from_database_;
    turned.to_object_ = from_object_;
    turned.for_tables_ = for_tables_;
    auto found = turned.apply(database, object, case_insensitive);
    if (found && !for_tables_) found->object = object;
    return found;
}

} // namespace understudy::state
