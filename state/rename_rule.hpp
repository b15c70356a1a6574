#pragma once

#include "protocol/result.hpp"
#include "state/name_glob.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace understudy::state {

// A name, or names with one `*` in them: "orders", "shard_*", "*_copy". A value.
struct name_template {
    std::string prefix; // all of it, without a `*`
    std::string suffix;
    bool has_star = false;

    // What stands for the `*` in `name`; empty without one. nullopt: it is another name.
    [[nodiscard]] std::optional<std::string> match(std::string_view name,
                                                   bool case_insensitive) const;
    [[nodiscard]] std::string fill(std::string_view star) const;
    [[nodiscard]] bool operator==(const name_template&) const = default;
};

// One entry of objects.rename: a database or a table, or many of them by a `*` in each part. The
// stars of the target stand, in order, for what those of the source stand for; as many here as
// there, so that no two sources get one name. With fewer a rule for tables merges them. A value.
//
//   "crm" = "crm_copy"             the database
//   "crm_*" = "*_crm"              databases
//   "shop.orders" = "dw.facts"     a table
//   "shop.tmp_*" = "scratch.*"     tables
//   "shard_*.orders" = "dw.orders_*"
//   "shard_*.orders" = "dw.orders" merged
//   "shard_*.*" = "dw.*"           merged, each with those of its name
class rename_rule {
public:
    [[nodiscard]] static protocol::result<rename_rule> parse(std::string_view from,
                                                             std::string_view to);

    struct names {
        std::string database;
        std::string object; // empty in a rule for databases
    };
    [[nodiscard]] bool is_for_tables() const { return for_tables_; }
    [[nodiscard]] bool is_pattern() const {
        return from_database_.has_star || from_object_.has_star;
    }
    // Several tables get one name.
    [[nodiscard]] bool merges() const;
    // Some name that it gives.
    [[nodiscard]] names sample() const;
    // nullopt: the rule is about something else. `object` is not looked at in a rule for databases.
    [[nodiscard]] std::optional<names> apply(std::string_view database, std::string_view object,
                                             bool case_insensitive) const;
    // Whose name on the target this would be, if it exists. nullopt too where that may be many.
    [[nodiscard]] std::optional<names> reverse(std::string_view database, std::string_view object,
                                               bool case_insensitive) const;
    [[nodiscard]] bool is_about_database(std::string_view database, bool case_insensitive) const {
        return from_database_.match(database, case_insensitive).has_value();
    }
    // It may put something of a database other than `database` into this one on the target.
    [[nodiscard]] bool fills_from_another(std::string_view target, std::string_view database,
                                          bool case_insensitive) const;
    // It may be about a database of such a name, or give one.
    [[nodiscard]] bool may_concern_databases(const name_glob& names, bool case_insensitive) const;
    // Where its tables of that database are on the target; nullopt: that depends on the table.
    [[nodiscard]] std::optional<std::string> database_on_target(std::string_view database,
                                                                bool case_insensitive) const;
    [[nodiscard]] bool changes_nothing() const {
        return from_database_ == to_database_ && from_object_ == to_object_;
    }
    // As the file has them, for rules without a `*`.
    [[nodiscard]] names from() const { return {from_database_.prefix, from_object_.prefix}; }
    [[nodiscard]] names to() const { return {to_database_.prefix, to_object_.prefix}; }

private:
    name_template from_database_;
    name_template from_object_;
    name_template to_database_;
    name_template to_object_;
    bool for_tables_ = false;
};

} // namespace understudy::state
