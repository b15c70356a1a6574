#pragma once

#include "protocol/result.hpp"
#include "state/account_selection.hpp"
#include "state/column_fit.hpp"
#include "state/name_glob.hpp"
#include "state/rename_rule.hpp"
#include "state/table_shape.hpp"
#include "state/task_spec.hpp"

#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::state {

struct object_name {
    std::string database;
    std::string object; // empty: the database itself
    auto operator<=>(const object_name&) const = default;
    [[nodiscard]] std::string to_string() const; // `db`.`table`, quoted
};

// `name` with back-ticks doubled.
[[nodiscard]] std::string quote_identifier(std::string_view name);

// mysql, sys, information_schema, performance_schema, in any case.
[[nodiscard]] bool is_system_schema(std::string_view database);

// Which objects a task takes and what they are called on the target. Pure, immutable, safe to share
// between threads. System schemas (mysql, sys, information_schema, performance_schema) and the meta
// database are never selected.
class object_selection {
public:
    // Two sources for one target name, names over 64 characters, renames of what is not included
    // and bad patterns are refused; errors name the entry.
    [[nodiscard]] static protocol::result<object_selection> make(const task_spec& spec);

    // A table (or view) of the source is replicated. With a table go the tables that
    // pt-online-schema-change and gh-ost make beside it.
    [[nodiscard]] bool selects(std::string_view database, std::string_view table) const;
    // The whole database is selected: CREATE/ALTER/DROP DATABASE, routines and events are followed
    // too. An exclude that names objects ("db.tmp_*") leaves it so, one that names the database
    // ("db", "db.*") does not.
    [[nodiscard]] bool selects_database(std::string_view database) const;
    // And no table of it is excluded.
    [[nodiscard]] bool selects_all_in(std::string_view database) const;
    // All databases are, but for those that are excluded ("*"): what belongs to the instance and
    // not to a database is followed too.
    [[nodiscard]] bool selects_all_databases() const;
    // At least one object of this database may be selected.
    [[nodiscard]] bool touches_database(std::string_view database) const;

    // Where tasks keep what they know on their target (apply.meta_database).
    [[nodiscard]] bool is_meta_database(std::string_view database) const;

    [[nodiscard]] object_name map(std::string_view database, std::string_view table) const;
    // The selected table that has this name on the target; nullopt: none.
    [[nodiscard]] std::optional<object_name> source_of(const object_name& target) const;
    [[nodiscard]] std::string map_database(std::string_view database) const;
    // True if the name on the target differs from the source's (for the table itself, or its
    // database).
    [[nodiscard]] bool is_renamed(std::string_view database, std::string_view table) const;
    [[nodiscard]] bool renames_anything() const;
    // All databases of the target in which tables of this one are; the one of most comes first.
    // nullopt: a pattern makes one of each table's name.
    [[nodiscard]] std::optional<std::vector<std::string>>
    target_databases(std::string_view database) const;
    [[nodiscard]] bool renames_anything_in(std::string_view database) const;
    // Tables of other databases, or these themselves, may be renamed into the one that this
    // database is on the target.
    [[nodiscard]] bool takes_tables_of_others(std::string_view database) const;
    // Another selected object is renamed to the very name that this one has on the target: both
    // must not exist. For tables that a wildcard takes; what the file names literally is refused by
    // make().
    [[nodiscard]] bool takes_name_of_another(std::string_view database,
                                             std::string_view table) const;

    [[nodiscard]] const definer_policy& definers() const { return definers_; }
    // objects.accounts: which accounts of the source come along. None where it is about some of the
    // objects only.
    [[nodiscard]] const account_selection& accounts() const;
    // For the database pattern of a GRANT. A database that is selected as a whole may have such a
    // name.
    [[nodiscard]] bool may_select_databases(const name_glob& names) const;
    // A rename may be about a database of such a name, or give one.
    [[nodiscard]] bool may_rename_databases(const name_glob& names) const;
    // Databases of such a name that are selected as a whole; nullopt: the file does not name all of
    // them in full.
    [[nodiscard]] std::optional<std::vector<std::string>>
    databases_named(const name_glob& names) const;
    // objects.merge: a table of the target with rows of several tables, of this task or of others.
    [[nodiscard]] bool merges_into(const object_name& target) const;
    // A selected table whose rows go to one.
    [[nodiscard]] bool is_merged(std::string_view database, std::string_view table) const;
    [[nodiscard]] bool is_merged(const object_name& table) const {
        return is_merged(table.database, table.object);
    }
    [[nodiscard]] bool merges_anything() const { return !merge_.empty(); }
    // Some table of this database may be.
    [[nodiscard]] bool merges_anything_in(std::string_view database) const;
    // objects.merged_ddl: what alters one is executed once for all that it is merged of.
    [[nodiscard]] bool alters_merged_once() const { return alters_merged_once_; }
    // objects.on_rename: a table that is renamed into what is selected is copied.
    [[nodiscard]] bool backfills_renames() const {
        return on_rename_ != task_spec::rename_policy::stop;
    }
    // One that is renamed out of it goes on under its new name.
    [[nodiscard]] bool follows_renames() const {
        return on_rename_ == task_spec::rename_policy::follow;
    }
    // objects.online_schema_changes = "alter": a table beside a selected one, which a tool fills to
    // put it in its place. Its statements are followed, its rows are not.
    [[nodiscard]] bool is_model(std::string_view database, std::string_view table) const;
    [[nodiscard]] bool is_model(const object_name& table) const {
        return is_model(table.database, table.object);
    }
    // The one that it stands beside; nullopt: it is no model.
    [[nodiscard]] std::optional<object_name> model_of(const object_name& table) const;
    // A model of a table that is merged: it would be one for each of them, so the target has none,
    // and what happens to it is only noted.
    [[nodiscard]] bool is_merged_model(const object_name& table) const;
    // It is on the target, with rows or without.
    [[nodiscard]] bool makes(std::string_view database, std::string_view table) const {
        return selects(database, table) &&
               !is_merged_model({std::string(database), std::string(table)});
    }
    // Rows of the table are replicated.
    [[nodiscard]] bool takes_rows(std::string_view database, std::string_view table) const {
        return selects(database, table) && !is_model(database, table);
    }
    // The same objects, and these tables, which were renamed to names that are not among them.
    [[nodiscard]] object_selection following(std::set<object_name> tables) const;
    [[nodiscard]] bool is_followed(const object_name& table) const {
        return followed_.contains(table);
    }
    [[nodiscard]] const std::set<object_name>& followed() const { return followed_; }
    // objects.skip: a kind of statement that is left out, "truncate" for example.
    [[nodiscard]] bool skips(std::string_view kind_of_statement) const;
    // What becomes of the rows of a selected table: the first entry of objects.tables that takes
    // it, or the table that it is a shadow of, and how it fits a table that was there before.
    // nullptr: nothing. Lives as long as any copy of the selection.
    [[nodiscard]] const table_shape* shape(std::string_view database, std::string_view table) const;
    // What objects.tables alone says.
    [[nodiscard]] const table_shape* shape_of_task(std::string_view database,
                                                   std::string_view table) const;
    [[nodiscard]] bool shapes_anything() const { return !shapes_.empty() || !fits_.empty(); }
    // Some table of this database may have a shape.
    [[nodiscard]] bool shapes_anything_in(std::string_view database) const;
    // Of the same objects these tables alone, without their shadows, under the same names.
    [[nodiscard]] object_selection only(std::set<object_name> tables) const;
    // No tables or views: what belongs to these databases themselves, which are selected as a
    // whole, under the same names.
    [[nodiscard]] object_selection only_databases(std::set<std::string> names) const;
    [[nodiscard]] bool is_of_databases() const { return !only_databases_.empty(); }
    // What only() was made of; itself if it was not.
    [[nodiscard]] object_selection whole() const;
    [[nodiscard]] bool is_whole() const { return !only_.has_value(); }
    // The same objects under their own names.
    [[nodiscard]] object_selection without_renames() const;

    // The same objects, these tables of which go into ones that were on the target before and are
    // defined otherwise.
    [[nodiscard]] object_selection fitting(std::map<object_name, column_fit> fits) const;
    [[nodiscard]] const std::map<object_name, column_fit>& fits() const { return fits_; }

    // What is renamed is included, letter by letter unless case does not count. make() leaves that
    // open, because only the source knows.
    [[nodiscard]] protocol::result<void> check_renamed_names() const;
    // lower_case_table_names of the source is not 0: names compare without case (of ASCII letters).
    void set_case_insensitive(bool value) { case_insensitive_ = value; }
    [[nodiscard]] bool is_case_insensitive() const { return case_insensitive_; }
    // As the source stores the name that somebody wrote: in small letters then.
    [[nodiscard]] std::string as_stored(std::string name) const;
    [[nodiscard]] object_name as_stored(object_name name) const;

private:
    [[nodiscard]] protocol::result<void> add_rename(const std::string& from, const std::string& to);
    [[nodiscard]] protocol::result<void> check_target_names() const;
    [[nodiscard]] protocol::result<void> check_table_target(const object_name& target) const;
    [[nodiscard]] protocol::result<void> check_database_target(const rename_rule& rule) const;
    [[nodiscard]] bool takes(const object_name& source) const;
    [[nodiscard]] const table_shape* fitted_shape(std::string_view database,
                                                  std::string_view table) const;
    [[nodiscard]] bool selects_itself(std::string_view database, std::string_view table) const;
    [[nodiscard]] bool names_literally(const object_name& name) const;
    [[nodiscard]] bool is_never_selected(std::string_view database) const;
    [[nodiscard]] bool is_left_out(std::string_view database, std::string_view table) const;
    [[nodiscard]] bool is_one_of_only(std::string_view database) const;
    [[nodiscard]] bool excludes_database(std::string_view database) const;
    [[nodiscard]] bool may_share_a_table(std::string_view left, std::string_view right) const;
    [[nodiscard]] std::optional<object_name> renamed_table(std::string_view database,
                                                           std::string_view table) const;

    std::vector<object_pattern> include_;
    std::vector<object_pattern> exclude_;
    std::vector<rename_rule> rename_;
    std::vector<std::string> skip_;
    std::vector<object_pattern> merge_; // of names on the target
    bool alters_merged_once_ = false;
    bool alters_at_cut_over_ = false;
    struct shaped_tables {
        object_pattern pattern;
        std::shared_ptr<const table_shape> shape;
    };
    std::vector<shaped_tables> shapes_;
    std::map<object_name, column_fit> fits_;
    std::map<object_name, std::shared_ptr<const table_shape>> fitted_shapes_; // of the same tables
    std::string meta_database_;
    definer_policy definers_;
    account_selection accounts_;
    task_spec::rename_policy on_rename_ = task_spec::rename_policy::stop;
    std::set<object_name> followed_;
    std::optional<std::set<object_name>> only_;
    std::set<std::string> only_databases_;
    bool case_insensitive_ = false;
};

} // namespace understudy::state
