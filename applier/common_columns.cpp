#include "applier/common_columns.hpp"

#include "applier/definition_recorder.hpp"
#include "applier/sql_row.hpp"
#include "relay/definition_columns.hpp"
#include "state/condition/row_value.hpp"
#include "state/name_glob.hpp"
#include "state/object_selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace understudy::applier {

using state::quote_identifier;
using state::same_column;

namespace {

bool contains(std::span<const std::string> names, std::string_view name) {
    return std::ranges::any_of(names,
                               [&](const std::string& one) { return same_column(one, name); });
}

std::optional<std::uint32_t> find_column(const target_table& table, std::string_view name) {
    const auto found = std::ranges::find_if(
        table.columns, [&](const target_column& one) { return same_column(one.name, name); });
    if (found == table.columns.end()) return std::nullopt;
    return static_cast<std::uint32_t>(found - table.columns.begin());
}

std::string names_of(const target_table& table, const relay::table_key& key) {
    std::string text;
    for (const auto& part : key.parts) {
        text += (text.empty() ? "" : ", ") + quote_identifier(table.columns[part.column].name);
        if (part.prefix > 0) text += fmt::format("({})", part.prefix);
    }
    return text;
}

// By which one row is found.
bool names_one_row(const target_table& table, const relay::table_key& key) {
    return std::ranges::all_of(key.parts, [&](const auto& part) {
        return part.prefix == 0 && !table.columns[part.column].nullable;
    });
}

std::string normal_collation(std::string_view name) {
    constexpr std::string_view old_name = "utf8_";
    return name.starts_with(old_name) ? "utf8mb3_" + std::string(name.substr(old_name.size()))
                                      : std::string(name);
}

// Servers compare names without the case of all letters, and we without that of ASCII's alone.
bool may_be_one_name(std::string_view left, std::string_view right) {
    const auto is_ascii = [](char c) { return static_cast<unsigned char>(c) < 0x80; };
    if (std::ranges::all_of(left, is_ascii) || std::ranges::all_of(right, is_ascii)) return false;
    const auto skeleton = [&](std::string_view name) {
        std::string kept;
        std::ranges::copy_if(name, std::back_inserter(kept), is_ascii);
        return kept;
    };
    return state::count_characters(left) == state::count_characters(right) &&
           same_column(skeleton(left), skeleton(right));
}

target_column column_of(const state::table_shape::added_column& added) {
    auto made = added.number
                    ? describe_column(added.name, "bigint", "bigint", 0, 19, 0, 0)
                    : describe_column(added.name, "varchar", "varchar(64)",
                                      state::table_shape::added_text_characters * 4, 0, 0, 0);
    made.nullable = false;
    if (!added.number) {
        made.character_set = "utf8mb4";
        made.collation = "utf8mb4_bin";
    }
    return made;
}

// One comparison of two tables.
class comparison {
public:
    comparison(const target_table& source, const target_table& target,
               const state::table_shape* shape, bool accepts_guarded_triggers)
        : source_(source), target_(target), shape_(shape),
          accepts_guarded_triggers_(accepts_guarded_triggers) {}

    [[nodiscard]] fit_answer run() {
        match_source();
        match_target();
        match_keys();
        for (const target_table::trigger& one : target_.triggers) {
            if (!one.guarded || !accepts_guarded_triggers_)
                refuse("it has the trigger " + quote_identifier(one.name) +
                       ", which would fire once more on the target after it fired on the source "
                       "(apply.triggers)");
        }
        return std::move(answer_);
    }

    [[nodiscard]] std::vector<std::string> keys_of_target_alone() {
        computes_alike_ = true;
        match_source();
        match_target();
        answer_.refused.clear();
        match_target_keys();
        return std::move(answer_.refused);
    }

private:
    void refuse(std::string why) { answer_.refused.push_back(std::move(why)); }

    [[nodiscard]] std::string name_on_target(const std::string& name) const {
        return shape_ == nullptr ? name : shape_->name_on_target(name);
    }

    void match_source() {
        if (shape_ != nullptr) {
            for (const auto& added : shape_->added()) {
                if (const auto at = find_column(target_, added.name)) {
                    compare(column_of(added), target_.columns[*at]);
                } else {
                    refuse("it lacks " + quote_identifier(added.name) +
                           ", which objects.tables adds");
                }
                known_.push_back(added.name);
            }
        }
        bool any_common = false;
        for (const target_column& column : source_.columns) {
            if (shape_ != nullptr && shape_->drops(column.name)) continue;
            const std::string name = name_on_target(column.name);
            if (const auto at = find_column(target_, name)) {
                any_common |= !column.generated;
                compare(column, target_.columns[*at]);
                known_.push_back(name);
                continue;
            }
            answer_.fit.left_out.push_back(column.name);
        }
        if (!any_common) refuse("it has none of the source's columns");
    }

    void match_target() {
        for (const target_column& column : target_.columns) {
            if (contains(known_, column.name)) continue;
            answer_.fit.kept.push_back(column.name);
            const bool has_value =
                column.nullable || column.has_default || column.generated || column.auto_increment;
            if (!has_value)
                refuse(quote_identifier(column.name) +
                       " is on the target alone, and NOT NULL without a default: give it one");
            for (const std::string& left_out : answer_.fit.left_out) {
                if (may_be_one_name(name_on_target(left_out), column.name))
                    refuse(fmt::format("{} of the source and {} of the target may be one name to a "
                                       "server: rename one of them",
                                       quote_identifier(left_out), quote_identifier(column.name)));
            }
        }
    }

    void compare(const target_column& theirs, const target_column& ours) {
        const std::string name = quote_identifier(ours.name);
        if (theirs.generated != ours.generated) {
            refuse(fmt::format("{} is computed on the {} alone", name,
                               ours.generated ? "target" : "source"));
            return;
        }
        if (ours.generated) return;
        target_table alone;
        alone.columns = {theirs};
        protocol::column_definition logged;
        logged.name = theirs.name;
        logged.type = theirs.type;
        logged.metadata = theirs.metadata;
        logged.nullable = theirs.nullable;
        std::vector<protocol::column_definition> definitions{logged};
        relay::complete_columns(definitions, describe_table(source_.name, alone));
        if (!theirs.is_known) {
            refuse(name + " has the type " + theirs.type_text + ", which is not known");
        } else if (const auto difference = find_sql_difference(definitions.front(), ours)) {
            refuse(name + " " + *difference);
        } else if (theirs.nullable && !ours.nullable) {
            refuse(name + " may be NULL on the source and not on the target");
        }
    }

    // A part of a key on both sides.
    [[nodiscard]] bool is_same_part(const relay::table_key::part& theirs,
                                    const relay::table_key::part& ours) const {
        const target_column& source = source_.columns[theirs.column];
        const target_column& target = target_.columns[ours.column];
        // What is computed from what is known of no column.
        const bool is_computed = source.generated || target.generated;
        if (is_computed && !computes_alike_) return false;
        // What is the same up to there is the same before it.
        const bool holds_less =
            theirs.prefix > 0 && (ours.prefix == 0 || ours.prefix >= theirs.prefix);
        return (theirs.prefix == ours.prefix || holds_less) &&
               same_column(name_on_target(source.name), target.name) &&
               normal_collation(source.collation) == normal_collation(target.collation);
    }

    // No two rows of the source have equal values in the target's key.
    [[nodiscard]] bool follows_from(const relay::table_key& ours,
                                    const relay::table_key& theirs) const {
        return std::ranges::all_of(theirs.parts, [&](const auto& part) {
            return std::ranges::any_of(
                ours.parts, [&](const auto& other) { return is_same_part(part, other); });
        });
    }

    // Each row that the source inserts gets another value there, or NULL.
    [[nodiscard]] bool is_made_by_target(const relay::table_key& ours) const {
        return std::ranges::any_of(ours.parts, [&](const auto& part) {
            const target_column& column = target_.columns[part.column];
            if (contains(known_, column.name)) return false;
            return column.auto_increment ||
                   (column.nullable && !column.has_default && !column.generated);
        });
    }

    void match_keys() {
        for (const relay::table_key& key : source_.unique_keys) {
            for (const auto& part : key.parts) {
                const std::string& name = source_.columns[part.column].name;
                if (contains(answer_.fit.left_out, name))
                    refuse(quote_identifier(name) +
                           " is part of a unique key of the source, and not on the target");
            }
        }
        const auto has_on_target = [&](const relay::table_key& theirs) {
            if (!names_one_row(source_, theirs)) return false;
            return std::ranges::any_of(target_.unique_keys, [&](const relay::table_key& ours) {
                return ours.parts.size() == theirs.parts.size() && names_one_row(target_, ours) &&
                       follows_from(ours, theirs);
            });
        };
        if (std::ranges::none_of(source_.unique_keys, has_on_target)) {
            const bool has_one = std::ranges::any_of(
                source_.unique_keys, [&](const auto& key) { return names_one_row(source_, key); });
            refuse(has_one ? "no key by which the source tells its rows apart is a unique key of "
                             "the target, NOT NULL and of the same collations"
                           : "the source's table has no key by which its rows can be told apart");
        }
        match_target_keys();
        if (target_.has_unique_expressions && source_.has_unique_expressions)
            refuse("both have unique keys over expressions, of which it cannot be told whether "
                   "they are the same");
    }

    void match_target_keys() {
        if (target_.has_unique_expressions && !source_.has_unique_expressions)
            refuse("it has a unique key over an expression, of which it cannot be told whether the "
                   "source's rows keep to it");
        for (const relay::table_key& ours : target_.unique_keys)
            match_key(ours);
    }

    void match_key(const relay::table_key& ours) {
        const bool is_kept_to =
            is_made_by_target(ours) ||
            std::ranges::any_of(source_.unique_keys, [&](const relay::table_key& theirs) {
                return follows_from(ours, theirs);
            });
        const bool has_prefix =
            std::ranges::any_of(ours.parts, [](const auto& part) { return part.prefix > 0; });
        if (!is_kept_to) {
            refuse(fmt::format("its unique key {} ({}) is none of the source's, so rows of the "
                               "source could be in each other's way",
                               quote_identifier(ours.name), names_of(target_, ours)));
        } else if (has_prefix && !answer_.fit.kept.empty()) {
            refuse(fmt::format("its unique key {} is over a part of a column, and it has columns "
                               "of its own",
                               quote_identifier(ours.name)));
        }
    }

    const target_table& source_;
    const target_table& target_;
    const state::table_shape* shape_;
    bool accepts_guarded_triggers_;
    bool computes_alike_ = false;    // on both sides, as far as names of columns tell
    std::vector<std::string> known_; // of the target: in both
    fit_answer answer_;
};

// Keys by the places that their columns have now; the stream finds rows by the first that can.
void take_keys(target_table& table, const target_table& of,
               std::span<const std::optional<std::uint32_t>> places) {
    table.key.clear();
    table.unique_keys.clear();
    for (const relay::table_key& key : of.unique_keys) {
        relay::table_key moved{key.name, {}};
        for (const auto& part : key.parts) {
            if (places[part.column]) moved.parts.push_back({*places[part.column], part.prefix});
        }
        if (moved.parts.size() != key.parts.size()) continue;
        if (table.key.empty() && names_one_row(table, moved)) {
            for (const auto& part : moved.parts)
                table.key.push_back(part.column);
        }
        table.unique_keys.push_back(std::move(moved));
    }
    const std::size_t keys = of.unique_keys.size() + (of.has_unique_expressions ? 1U : 0U);
    table.has_other_unique_keys = keys > (table.key.empty() ? 0U : 1U);
}

} // namespace

fit_answer find_fit(const target_table& source, const target_table& target,
                    const state::table_shape* shape, bool accepts_guarded_triggers) {
    return comparison(source, target, shape, accepts_guarded_triggers).run();
}

std::vector<std::string> keys_of_target_alone(const target_table& source,
                                              const target_table& target,
                                              const state::table_shape* shape) {
    return comparison(source, target, shape, true).keys_of_target_alone();
}

std::expected<fitted_target, std::string> fit_target(const target_table& target,
                                                     std::span<const std::string> names,
                                                     const state::column_fit& fit) {
    fitted_target made;
    made.table = target;
    made.table.columns.clear();
    std::vector<std::optional<std::uint32_t>> places(target.columns.size());
    for (const std::string& name : names) {
        const auto at = find_column(target, name);
        if (!at) {
            return std::unexpected("the target has no column " + quote_identifier(name) +
                                   ", and it is not one of those that are left out (" +
                                   fit.describe() + ")");
        }
        const auto place = static_cast<std::uint32_t>(made.table.columns.size());
        made.in_place = made.in_place && *at == place;
        places[*at] = place;
        made.table.columns.push_back(target.columns[*at]);
        made.table.columns.back().name = name;
    }
    for (std::size_t i = 0; i < target.columns.size(); ++i) {
        if (places[i]) continue;
        const std::string& name = target.columns[i].name;
        if (!contains(fit.kept, name)) {
            return std::unexpected("the target has the column " + quote_identifier(name) +
                                   ", which it did not have when the table was copied (" +
                                   fit.describe() + ")");
        }
        made.in_place = false;
        made.keeps_columns = true;
    }
    take_keys(made.table, target, places);
    if (made.table.key.empty())
        return std::unexpected("the target has no unique key, NOT NULL, of columns that both have");
    const bool has_prefix = std::ranges::any_of(made.table.unique_keys, [](const auto& key) {
        return std::ranges::any_of(key.parts, [](const auto& part) { return part.prefix > 0; });
    });
    if (made.keeps_columns && (has_prefix || target.has_unique_expressions))
        return std::unexpected("the target has columns of its own, and a unique key over an "
                               "expression or a part of a column");
    return made;
}

} // namespace understudy::applier
