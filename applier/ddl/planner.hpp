#pragma once

#include "applier/ddl/alter_clauses.hpp"
#include "applier/ddl/body_names.hpp"
#include "applier/ddl/lexer.hpp"
#include "applier/ddl/rewriter.hpp"
#include "applier/ddl/token_cursor.hpp"
#include "applier/statement_plan.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::applier::ddl {

// Reads one logged statement and decides what becomes of it. One object per statement. The parsing
// knows kinds and names, never effects: what a clause does is left to the target's own parser.
class planner {
public:
    planner(const logged_statement& statement, const state::object_selection& selection);
    [[nodiscard]] protocol::result<statement_plan> run();

private:
    using outcome = protocol::result<statement_plan>;
    using kind = statement_plan::kind;
    enum class kind_of_view : std::uint8_t { creates, alters, drops };

    // planner.cpp: which statement is it
    [[nodiscard]] outcome plan_kind();
    [[nodiscard]] outcome create();
    [[nodiscard]] outcome alter();
    [[nodiscard]] outcome drop();
    [[nodiscard]] outcome data_change();
    [[nodiscard]] outcome with_settings();
    [[nodiscard]] outcome sequence();
    [[nodiscard]] outcome instance_object() const;

    // plan_tables.cpp
    [[nodiscard]] outcome create_table();
    [[nodiscard]] outcome create_table_like(const name_reference& created,
                                            const name_reference& model);
    [[nodiscard]] outcome alter_table();
    [[nodiscard]] outcome drop_tables(kind what);
    using rename_pair = std::pair<state::object_name, state::object_name>;
    [[nodiscard]] std::optional<std::vector<rename_pair>> take_rename_pairs();
    [[nodiscard]] outcome rename_tables();
    [[nodiscard]] outcome rename_across(kind what);
    [[nodiscard]] bool takes_now(const state::object_name& table) const;
    [[nodiscard]] bool stays(const state::object_name& from, const state::object_name& to) const;
    void note_followed(const state::object_name& from, const state::object_name& to);
    [[nodiscard]] outcome truncate_table();
    [[nodiscard]] outcome index_statement(kind what);
    [[nodiscard]] protocol::result<void> rewrite_table_clauses(token_cursor from,
                                                               const state::object_name& table);

    [[nodiscard]] protocol::result<void> rewrite_union(token_cursor& from,
                                                       const state::object_name& table);

    // plan_models.cpp
    void note_altered(const state::object_name& table, const alter_clauses& clauses,
                      std::string_view text);
    void note_model(const state::object_name& table, statement_plan::model_step::step what);
    [[nodiscard]] bool takes_note_of(const state::object_name& table);
    [[nodiscard]] outcome only_note(kind what) const;
    [[nodiscard]] outcome note_made(const state::object_name& model, bool if_not_exists);
    void note_gone(const state::object_name& model);
    [[nodiscard]] outcome only_note_gone(kind what);
    [[nodiscard]] bool signs_model(const state::object_name& table, std::string_view trigger);
    [[nodiscard]] std::optional<outcome> put_in_place(kind what,
                                                      const std::vector<rename_pair>& pairs);

    // plan_objects.cpp
    [[nodiscard]] outcome database_statement(kind what);
    [[nodiscard]] outcome view(kind_of_view how);
    [[nodiscard]] outcome routine();
    [[nodiscard]] outcome drop_routine();
    [[nodiscard]] outcome trigger();
    [[nodiscard]] outcome drop_trigger();
    [[nodiscard]] outcome event(bool alters);
    [[nodiscard]] outcome drop_event();

    // plan_accounts.cpp
    enum class account_statement : std::uint8_t {
        create_user,
        alter_user,
        create_role,
        drop,
        rename,
        grant,
        revoke,
        set,
    };
    [[nodiscard]] outcome accounts(account_statement what);

    // plan_bodies.cpp. `home`: where unqualified names of the body are looked for, on the source
    // and on the target.
    [[nodiscard]] protocol::result<void> rewrite_body(std::string_view what, std::string_view home,
                                                      std::string_view home_on_target);
    [[nodiscard]] protocol::result<void> rewrite_name(std::string_view what, const body_names& body,
                                                      const body_name& name, std::string_view home,
                                                      std::string_view home_on_target);
    void rewrite_renamed_table(const body_name& name, const state::object_name& source,
                               const state::object_name& target, std::string_view home_on_target);
    void note_used_tables();
    [[nodiscard]] bool mentions_renamed_in_strings(std::string_view home) const;
    [[nodiscard]] std::string default_on_target() const;

    // plan_merged.cpp
    [[nodiscard]] bool alters_merged(const statement_plan& plan) const;
    void rewrite_altered(const name_reference& name, const state::object_name& table);
    [[nodiscard]] protocol::result<void> check_merged(const statement_plan& plan) const;

    // plan_shapes.cpp
    [[nodiscard]] protocol::result<void> check_shapes(const statement_plan& plan) const;
    [[nodiscard]] protocol::result<void> check_columns_of(const state::table_shape& shape) const;
    [[nodiscard]] protocol::result<void> check_renamed(const statement_plan& plan) const;

    [[nodiscard]] statement_plan skip(kind what, std::string reason) const;
    [[nodiscard]] statement_plan reload(kind what, std::string_view reason) const;
    [[nodiscard]] statement_plan execute(kind what, std::string database) const;
    [[nodiscard]] std::vector<statement_plan::other_home> other_homes(kind what) const;
    [[nodiscard]] std::unexpected<protocol::error> refuse(std::string_view reason) const;
    [[nodiscard]] std::unexpected<protocol::error> no_name() const {
        return refuse("no object name was found where one must stand");
    }
    [[nodiscard]] bool takes_name_of_another(const state::object_name& source) const;
    void touch(const state::object_name& source);
    void take_definer_and_options();
    bool take_definer();
    void name_invoker();

    const logged_statement* statement_;
    const state::object_selection* selection_;
    statement_charset charset_;
    token_list list_;
    token_cursor at_;
    std::size_t verb_ = 0; // the token that says ALTER, if one does
    bool has_definer_ = false;
    // Where CURRENT_USER stands for one.
    std::optional<std::pair<std::size_t, std::size_t>> current_user_;
    rewriter rewriter_;
    std::vector<state::object_name> source_names_;
    std::vector<state::object_name> target_names_;
    std::vector<state::object_name> uses_;
    bool is_done_in_part_ = false; // a DROP: what was there is gone, the rest never was there
    bool makes_up_values_ = false; // an ALTER TABLE, for rows that are there
    std::vector<statement_plan::model_step> models_;
    std::vector<state::object_name> followed_;
    std::vector<state::object_name> forgotten_;
    std::optional<state::object_name> like_; // whose definition a CREATE TABLE takes
};

} // namespace understudy::applier::ddl
