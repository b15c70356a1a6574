#include "applier/ddl/planner.hpp"

#include <algorithm>
#include <utility>

namespace understudy::applier::ddl {

namespace {

constexpr std::uint16_t unknown_table = 1051; // ER_BAD_TABLE_ERROR

// Names are in UTF-8 then, whatever the statement was sent in.
statement_plan write_anew(statement_plan plan, std::string text) {
    plan.text = std::move(text);
    plan.character_set_client = logged_statement{}.character_set_client;
    return plan;
}

} // namespace

protocol::result<statement_plan> planner::create_table() {
    const bool if_not_exists = at_.take_all({"IF", "NOT", "EXISTS"});
    const auto name = at_.take_name();
    if (!name) return no_name();
    const auto table = rewriter_.resolve(*name);
    if (!rewriter_.selects(table)) return skip(kind::create_table, "the table is not selected");
    if (takes_note_of(table)) return note_made(table, if_not_exists);
    touch(table);
    note_model(table, statement_plan::model_step::step::made);
    const auto home = target_names_[0].database;
    // Another one's may be there; whether it is the same, the rows tell.
    if (selection_->is_merged(table) && !if_not_exists)
        rewriter_.replace(name->begin, name->begin, "IF NOT EXISTS ");
    rewriter_.replace(*name, table, home);

    auto like = at_;
    const bool in_parentheses = like.take_symbol('(');
    if (like.take("LIKE")) {
        const auto model = like.take_name();
        if (!model) return no_name();
        return create_table_like(*name, *model);
    }
    if (in_parentheses && !list_.complete) return refuse("a quote or a comment is not closed");
    if (auto done = rewrite_table_clauses(at_, table); !done) return std::unexpected(done.error());

    // CREATE TABLE … SELECT is logged as CREATE TABLE (…) START TRANSACTION and the rows behind it.
    // On the target the option would forbid everything but BINLOG and COMMIT, so the table is
    // created first and the rows are a group of their own.
    for (auto at = at_; !at.at_end(); at.advance()) {
        if (at.sees_symbol('(')) {
            auto inside = at;
            if (!inside.take_parentheses()) break;
            while (at.index() + 1 < inside.index())
                at.advance();
            continue;
        }
        if (at.sees("START") && at.sees("TRANSACTION", 1)) {
            rewriter_.replace(at.peek().begin, at.peek(1).end, "");
            return execute(kind::create_table_with_rows, home);
        }
    }
    return execute(kind::create_table, home);
}

protocol::result<statement_plan> planner::create_table_like(const name_reference& created,
                                                            const name_reference& model) {
    const auto table = rewriter_.resolve(created);
    const auto source = rewriter_.resolve(model);
    if (!rewriter_.selects(source))
        return refuse("it takes its definition from " + source.to_string() +
                      ", which is not selected");
    rewriter_.replace(model, source, target_names_[0].database);
    like_ = source;
    // The table that it would be like is the very table; with what is in parentheses it is there.
    if (selection_->is_merged(table) && selection_->map(source.database, source.object) ==
                                            selection_->map(table.database, table.object)) {
        auto plan = execute(kind::create_table, target_names_[0].database);
        return write_anew(std::move(plan), "CREATE TABLE IF NOT EXISTS " +
                                               target_names_[0].to_string() + " (x INT)");
    }
    return execute(kind::create_table, target_names_[0].database);
}

protocol::result<statement_plan> planner::alter_table() {
    at_.take_all({"IF", "EXISTS"});
    const auto name = at_.take_name();
    if (!name) return no_name();
    const auto table = rewriter_.resolve(*name);

    for (auto at = at_; !at.at_end(); at.advance()) {
        const bool starts_clause =
            at.index() == at_.index() || list_.tokens[at.index() - 1].text == ",";
        if (!starts_clause || !at.sees("RENAME")) continue;
        auto renaming = at;
        renaming.advance();
        if (renaming.sees("COLUMN") || renaming.sees("INDEX") || renaming.sees("KEY")) continue;
        if (!renaming.take_any({"TO", "AS"})) renaming.take_symbol('=');
        const auto new_name = renaming.take_name();
        if (!new_name) return no_name();
        // Unqualified, the new name is in the session's database, wherever the table was.
        const auto renamed = rewriter_.resolve(*new_name);
        if (auto placed = put_in_place(kind::alter_table, {{table, renamed}})) return *placed;
        if (!stays(table, renamed)) {
            touch(rewriter_.selects(table) ? table : renamed);
            return rename_across(kind::alter_table);
        }
        if (!rewriter_.selects(table)) return skip(kind::alter_table, "the table is not selected");
        touch(table);
        touch(renamed);
        note_followed(table, renamed);
        rewriter_.replace(*new_name, renamed, target_names_[0].database);
    }
    if (!rewriter_.selects(table)) return skip(kind::alter_table, "the table is not selected");
    const bool only_notes = takes_note_of(table);
    if (source_names_.empty()) touch(table);
    const auto clauses = read_alter_clauses(at_);
    makes_up_values_ = clauses.makes_up_values;
    // Of each table that is merged it is another one.
    if (!only_notes && selection_->is_merged(table) &&
        (clauses.sets_only_counter || clauses.switches_keys))
        return skip(kind::alter_table, "it says nothing about a merged table's rows or columns");
    note_altered(table, clauses, statement_->text.substr(at_.peek().begin));
    if (!only_notes) rewrite_altered(*name, table);
    if (auto done = rewrite_table_clauses(at_, table); !done) return std::unexpected(done.error());
    if (only_notes) return only_note(kind::alter_table);
    return execute(kind::alter_table, target_names_[0].database);
}

// Names inside CREATE TABLE and ALTER TABLE that are not the table's own.
protocol::result<void> planner::rewrite_table_clauses(token_cursor from,
                                                      const state::object_name& table) {
    const auto home = target_names_[0].database;
    for (; !from.at_end(); from.advance()) {
        if (from.sees("REFERENCES")) {
            from.advance();
            const auto parent = from.take_name();
            if (!parent) return no_name();
            // Unqualified, the parent is looked for in the child's database, whatever the default
            // database is.
            rewriter_.replace(*parent, rewriter_.resolve(*parent, table.database), home);
        } else if (from.sees("EXCHANGE") && from.sees("PARTITION", 1)) {
            while (!from.at_end() && !from.take_all({"WITH", "TABLE"}))
                from.advance();
            const auto other = from.take_name();
            if (!other) return no_name();
            const auto source = rewriter_.resolve(*other);
            if (!rewriter_.selects(source))
                return refuse("it exchanges rows with " + source.to_string() +
                              ", which is not selected");
            if (selection_->is_model(source) || selection_->is_model(table))
                return refuse("it exchanges rows with a table whose rows are left out "
                              "(objects.online_schema_changes)");
            touch(source);
            rewriter_.replace(*other, source, home);
        } else if (from.sees("UNION") && (from.sees_symbol('(', 1) || from.sees_symbol('=', 1))) {
            if (auto done = rewrite_union(from, table); !done) return done;
        } else if (from.sees("IMPORT") &&
                   (from.sees("TABLESPACE", 1) || from.sees("PARTITION", 1))) {
            return refuse("it takes in tablespace files, which exist on the source only: give an "
                          "empty replacement table its rows there, or copy the table anew");
        }
        if (from.at_end()) break;
    }
    return {};
}

// UNION = (a, b): the tables that a MERGE table stands for.
protocol::result<void> planner::rewrite_union(token_cursor& from, const state::object_name& table) {
    from.advance();
    from.take_symbol('=');
    if (!from.take_symbol('(')) return no_name();
    if (from.sees_symbol(')')) return {};
    do {
        const auto part = from.take_name();
        if (!part) return no_name();
        const auto source = rewriter_.resolve(*part, table.database);
        if (!rewriter_.selects(source))
            return refuse("it is a MERGE table of " + source.to_string() +
                          ", which is not selected");
        rewriter_.replace(*part, source, target_names_[0].database);
    } while (from.take_symbol(','));
    return {};
}

protocol::result<statement_plan> planner::drop_tables(kind what) {
    const bool if_exists = at_.take_all({"IF", "EXISTS"});
    is_done_in_part_ = statement_->error_code == unknown_table;
    std::vector<name_reference> names;
    do {
        auto name = at_.take_name();
        if (!name) return no_name();
        names.push_back(std::move(*name));
    } while (at_.take_symbol(','));

    std::string kept;
    for (const auto& name : names) {
        const auto table = rewriter_.resolve(name);
        // What the target has under that name is another one's: it has never been made there.
        if (!rewriter_.selects(table)) continue;
        if (selection_->is_merged_model(table)) {
            note_gone(table);
            uses_.push_back(*selection_->model_of(table));
            continue;
        }
        if (takes_name_of_another(table)) continue;
        touch(table);
        if (selection_->is_followed(table)) forgotten_.push_back(table);
        note_model(table, statement_plan::model_step::step::gone);
        kept += (kept.empty() ? "" : ", ") + target_names_.back().to_string();
    }
    if (source_names_.empty() && !models_.empty()) return only_note_gone(what);
    if (source_names_.empty()) return skip(what, "none of its objects is selected");
    // IF EXISTS also takes a database that there is not, so nothing may depend on a default one.
    // The target lacks views that were invalid when the copy was made, and drops all or nothing.
    const bool guarded = if_exists || what == kind::view || !models_.empty() || is_done_in_part_;
    const auto home = if_exists || is_done_in_part_ ? "" : target_names_[0].database;
    if (source_names_.size() == names.size()) {
        if (guarded && !if_exists) rewriter_.replace(names[0].begin, names[0].begin, "IF EXISTS ");
        for (std::size_t i = 0; i < names.size(); ++i)
            rewriter_.replace(names[i], source_names_[i], home);
        return execute(what, home);
    }
    auto plan = execute(what, home);
    return write_anew(std::move(plan),
                      std::string(what == kind::view ? "DROP VIEW " : "DROP TABLE ") +
                          (guarded ? "IF EXISTS " : "") + kept);
}

// nullopt: no name stands where one must.
std::optional<std::vector<planner::rename_pair>> planner::take_rename_pairs() {
    std::vector<rename_pair> pairs;
    do {
        const auto from = at_.take_name();
        // MariaDB's; mariadb_dialect leaves it out.
        if (from && at_.take("WAIT")) at_.advance();
        if (from) at_.take("NOWAIT");
        if (!from || !at_.take("TO")) return std::nullopt;
        const auto to = at_.take_name();
        if (!to) return std::nullopt;
        pairs.emplace_back(rewriter_.resolve(*from), rewriter_.resolve(*to));
    } while (at_.take_symbol(','));
    return pairs;
}

protocol::result<statement_plan> planner::rename_tables() {
    if (!at_.take_any({"TABLE", "TABLES"}))
        return refuse("the kind of RENAME statement is not known");
    at_.take_all({"IF", "EXISTS"});
    const auto pairs = take_rename_pairs();
    if (!pairs) return no_name();
    if (auto placed = put_in_place(kind::rename_table, *pairs)) return *placed;
    std::string kept;
    bool across = false;
    for (const auto& [old_name, new_name] : *pairs) {
        if (!stays(old_name, new_name)) {
            across = true;
            touch(takes_now(old_name) ? old_name : new_name);
            continue;
        }
        if (!takes_now(old_name)) continue;
        touch(old_name);
        touch(new_name);
        note_followed(old_name, new_name);
        kept += (kept.empty() ? "" : ", ") + target_names_[target_names_.size() - 2].to_string() +
                " TO " + target_names_.back().to_string();
    }
    if (across) return rename_across(kind::rename_table);
    if (source_names_.empty()) return skip(kind::rename_table, "none of its tables is selected");
    auto plan = execute(kind::rename_table, target_names_[0].database);
    return write_anew(std::move(plan), "RENAME TABLE " + kept);
}

// With what stands before it in the statement.
bool planner::takes_now(const state::object_name& table) const {
    return rewriter_.selects(table) || std::ranges::find(followed_, table) != followed_.end();
}

// The table is selected behind the statement where it was before, or followed, and only there.
bool planner::stays(const state::object_name& from, const state::object_name& to) const {
    if (takes_now(from)) return rewriter_.selects(to) || selection_->follows_renames();
    return !rewriter_.selects(to);
}

void planner::note_followed(const state::object_name& from, const state::object_name& to) {
    const bool was_noted = std::erase(followed_, from) > 0;
    if (!was_noted && selection_->is_followed(from)) forgotten_.push_back(from);
    const bool is_known = selection_->is_followed(to) && std::erase(forgotten_, to) > 0;
    if (!is_known && !rewriter_.selects(to)) followed_.push_back(to);
}

protocol::result<statement_plan> planner::rename_across(kind what) {
    constexpr std::string_view reason = "it renames a table into or out of what the task selects";
    if (!selection_->backfills_renames()) return refuse(std::string(reason));
    return reload(what, reason);
}

protocol::result<statement_plan> planner::truncate_table() {
    at_.take("TABLE");
    const auto name = at_.take_name();
    if (!name) return no_name();
    const auto table = rewriter_.resolve(*name);
    if (!rewriter_.selects(table)) return skip(kind::truncate_table, "the table is not selected");
    if (selection_->is_merged_model(table))
        return skip(kind::truncate_table, "the target does not have the table");
    touch(table);
    rewriter_.replace(*name, table, target_names_[0].database);
    return execute(kind::truncate_table, target_names_[0].database);
}

protocol::result<statement_plan> planner::index_statement(kind what) {
    while (!at_.at_end() && !at_.take("ON"))
        at_.advance();
    const auto name = at_.take_name();
    if (!name) return no_name();
    const auto table = rewriter_.resolve(*name);
    if (!rewriter_.selects(table)) return skip(what, "the table is not selected");
    if (takes_note_of(table)) {
        note_model(table, statement_plan::model_step::step::altered);
        return only_note(what);
    }
    touch(table);
    note_model(table, statement_plan::model_step::step::altered);
    rewrite_altered(*name, table);
    return execute(what, target_names_[0].database);
}

} // namespace understudy::applier::ddl
