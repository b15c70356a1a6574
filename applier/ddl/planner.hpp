#pragma once

#include "applier/ddl/lexer.hpp"
#include "applier/ddl/rewriter.hpp"
#include "applier/ddl/token_cursor.hpp"
#include "applier/statement_plan.hpp"
#include "protocol/result.hpp"
#include "state/object_selection.hpp"

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

    // planner.cpp: which statement is it
    [[nodiscard]] outcome plan_kind();
    [[nodiscard]] outcome create();
    [[nodiscard]] outcome alter();
    [[nodiscard]] outcome drop();
    [[nodiscard]] outcome data_change();
    [[nodiscard]] outcome with_settings();
    [[nodiscard]] outcome sequence();

    // plan_tables.cpp
    [[nodiscard]] outcome create_table();
    [[nodiscard]] outcome create_table_like(const name_reference& created,
                                            const name_reference& model);
    [[nodiscard]] outcome alter_table();
    [[nodiscard]] outcome drop_tables(kind what);
    [[nodiscard]] outcome rename_tables();
    [[nodiscard]] outcome truncate_table();
    [[nodiscard]] outcome index_statement(kind what);
    [[nodiscard]] protocol::result<void> rewrite_table_clauses(token_cursor from,
                                                               const state::object_name& table);

    [[nodiscard]] protocol::result<void> rewrite_union(token_cursor& from,
                                                       const state::object_name& table);

    // plan_objects.cpp
    [[nodiscard]] outcome database_statement(kind what);
    [[nodiscard]] outcome view(bool drops);
    [[nodiscard]] outcome routine();
    [[nodiscard]] outcome drop_routine();
    [[nodiscard]] outcome trigger();
    [[nodiscard]] outcome drop_trigger();
    [[nodiscard]] outcome event(bool alters);
    [[nodiscard]] outcome drop_event();
    [[nodiscard]] protocol::result<void> check_body(std::string_view what);
    [[nodiscard]] std::string default_on_target() const;

    [[nodiscard]] statement_plan skip(kind what, std::string reason) const;
    [[nodiscard]] statement_plan execute(kind what, std::string database) const;
    [[nodiscard]] std::unexpected<protocol::error> refuse(std::string_view reason) const;
    [[nodiscard]] std::unexpected<protocol::error> no_name() const {
        return refuse("no object name was found where one must stand");
    }
    [[nodiscard]] bool takes_name_of_another(const state::object_name& source) const;
    void touch(const state::object_name& source);
    void take_definer_and_options();

    const logged_statement* statement_;
    const state::object_selection* selection_;
    statement_charset charset_;
    token_list list_;
    token_cursor at_;
    rewriter rewriter_;
    std::vector<state::object_name> source_names_;
    std::vector<state::object_name> target_names_;
};

} // namespace understudy::applier::ddl
