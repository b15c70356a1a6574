#include "apps/inspection/shown_statement.hpp"

#include "applier/ddl/redaction.hpp"

namespace understudy::apps {

std::string shown_statement(const protocol::query_event& query) {
    const auto charset = applier::ddl::statement_charset::of_collation(
        query.status.character_set_client.value_or(std::uint16_t{45}));
    return applier::ddl::redacted(query.text, query.status.sql_mode.value_or(0), charset);
}

} // namespace understudy::apps
