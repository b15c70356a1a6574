#include "applier/statement_plan.hpp"

#include "applier/ddl/planner.hpp"

namespace understudy::applier {

logged_statement logged_statement::of(const protocol::query_event& query,
                                      std::uint32_t source_version) {
    logged_statement made;
    made.text = query.text;
    made.database = query.database;
    made.sql_mode = query.status.sql_mode.value_or(0);
    made.source_version = source_version;
    made.character_set_client =
        query.status.character_set_client.value_or(made.character_set_client);
    if (query.status.updated_databases) made.updated_databases = &*query.status.updated_databases;
    return made;
}

protocol::result<statement_plan> plan_statement(const logged_statement& statement,
                                                const state::object_selection& selection) {
    return ddl::planner(statement, selection).run();
}

} // namespace understudy::applier
