#include "applier/ddl/planner.hpp"

#include <fmt/format.h>

namespace understudy::applier::ddl {

using protocol::result;

// The names in the text of a view or a program follow the renames. Where it cannot be told what a
// name means, the statement is refused: a program that uses another table would be wrong without a
// word.
result<void> planner::rewrite_body(std::string_view what, std::string_view home,
                                   std::string_view home_on_target) {
    if (!list_.complete) return refuse("a quote or a comment is not closed");
    if (!selection_->renames_anything()) return {};
    const body_names body = read_body(at_);
    if (body.has_odd_statements && rewriter_.mentions_renamed(at_))
        return refuse(fmt::format("the {} has a SHOW, DESCRIBE, HANDLER or definition statement "
                                  "that may use something that is renamed on the target",
                                  what));
    if (body.has_prepared_text && mentions_renamed_in_strings(home))
        return refuse(fmt::format("the {} makes statements out of texts that name something that "
                                  "is renamed on the target",
                                  what));
    for (const body_name& name : body.names) {
        if (auto done = rewrite_name(what, body, name, home, home_on_target); !done) return done;
    }
    return {};
}

// Of the body of a view.
void planner::note_used_tables() {
    const body_names body = read_body(at_);
    for (const body_name& name : body.names) {
        const bool is_own = !name.where.database && body.own_names.contains(name.where.name);
        if (name.what != body_name::kind::table || is_own) continue;
        auto source = rewriter_.resolve(name.where);
        if (rewriter_.selects(source)) uses_.push_back(std::move(source));
    }
}

result<void> planner::rewrite_name(std::string_view what, const body_names& body,
                                   const body_name& name, std::string_view home,
                                   std::string_view home_on_target) {
    const auto source = rewriter_.resolve(name.where, home);
    if (name.what == body_name::kind::routine) {
        const auto database = selection_->map_database(source.database);
        if (selection_->touches_database(source.database) && database != source.database)
            rewriter_.replace(name.where.begin, name.where.end,
                              state::object_name{database, source.object}.to_string());
        return {};
    }
    if (!name.where.database && body.own_names.contains(name.where.name)) {
        const auto target = selection_->map(source.database, source.object);
        if (target.object != source.object || target.database != home_on_target)
            return refuse(fmt::format("the {} uses the name of {}, which is renamed, for something "
                                      "of its own",
                                      what, source.to_string()));
        return {};
    }
    if (!rewriter_.selects(source)) {
        // Not on the target under any name of ours: it must mean there what it means here.
        if (!name.where.database && home != home_on_target)
            rewriter_.replace(name.where.begin, name.where.end, source.to_string());
        return {};
    }
    const auto target = selection_->map(source.database, source.object);
    const bool other_name = target.object != source.object;
    if (other_name && name.is_inserted_into && name.is_qualified)
        return refuse(fmt::format("the {} changes {}, which is renamed, and names its columns "
                                  "with the table's old name",
                                  what, source.to_string()));
    const bool is_right = !other_name && target.database == source.database &&
                          (name.where.database || home == home_on_target);
    if (is_right) return {}; // in whatever letters it is written
    if (!other_name) {
        rewriter_.replace(name.where, source, home_on_target);
    } else {
        rewrite_renamed_table(name, source, target, home_on_target);
    }
    return {};
}

// The old name stays as an alias, so that all that is said about its columns stays right.
void planner::rewrite_renamed_table(const body_name& name, const state::object_name& source,
                                    const state::object_name& target,
                                    std::string_view home_on_target) {
    const auto alias = state::quote_identifier(source.object);
    if (name.what == body_name::kind::column_qualifier) {
        rewriter_.replace(name.where.begin, name.where.end, alias);
        return;
    }
    rewriter_.replace(name.where, source, home_on_target);
    if (!name.takes_alias) return;
    const bool unchanged = !name.where.database && home_on_target == target.database &&
                           name.where.name == target.object;
    if (!unchanged) rewriter_.replace(name.alias_at, name.alias_at, " AS " + alias);
}

bool planner::mentions_renamed_in_strings(std::string_view home) const {
    for (const token& one : list_.tokens) {
        if (one.what != token::kind::string) continue;
        const auto inside = statement_->text.substr(one.begin + 1, one.end - one.begin - 2);
        const auto words =
            tokenize(inside, statement_->sql_mode, statement_->source_version, charset_);
        for (const token& word : words.tokens) {
            if (word.what != token::kind::word && word.what != token::kind::identifier) continue;
            const auto target = selection_->map(home, word.text);
            if (target.object != word.text || target.database != selection_->map_database(home) ||
                selection_->map_database(word.text) != word.text)
                return true;
        }
    }
    return false;
}

} // namespace understudy::applier::ddl
