#include "applier/linked_tables.hpp"

namespace understudy::applier {

using protocol::result;
using state::object_name;

std::set<object_name> linked_by(const table_links& links, std::set<object_name> tables) {
    for (bool grows = true; grows;) {
        grows = false;
        for (const auto& [child, parent] : links) {
            if (tables.contains(child)) grows = tables.insert(parent).second || grows;
            if (tables.contains(parent)) grows = tables.insert(child).second || grows;
        }
    }
    return tables;
}

result<table_links> read_links(target_session& target, const state::object_selection& selection) {
    auto answer =
        target.query("SELECT DISTINCT TABLE_SCHEMA, TABLE_NAME, REFERENCED_TABLE_SCHEMA, "
                     "REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE "
                     "REFERENCED_TABLE_NAME IS NOT NULL");
    if (!answer) return wrap(std::move(answer.error()), "reading the foreign keys of the target");
    table_links links;
    for (const auto& row : answer->rows) {
        const auto child = selection.source_of({row[0].value_or(""), row[1].value_or("")});
        const auto parent = selection.source_of({row[2].value_or(""), row[3].value_or("")});
        if (child && parent) links.emplace_back(*child, *parent);
    }
    return links;
}

} // namespace understudy::applier
