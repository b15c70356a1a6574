#include "applier/statement_plan.hpp"

#include "applier/ddl/planner.hpp"

namespace understudy::applier {

protocol::result<statement_plan> plan_statement(const logged_statement& statement,
                                                const state::object_selection& selection) {
    return ddl::planner(statement, selection).run();
}

} // namespace understudy::applier
