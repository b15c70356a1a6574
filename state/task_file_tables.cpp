#include "state/task_file_tables.hpp"

#include "state/name_glob.hpp"
#include "state/table_shape.hpp"

#include <utility>

namespace understudy::state {

namespace {

using rules = task_spec::table_rules;

void read_renamed(task_section& section, rules& into) {
    const toml_node* renames = section.take("rename_columns");
    if (renames == nullptr) return;
    constexpr auto allowed = "; allowed is a table of texts, { \"column\" = \"other_column\" }";
    if (renames->what != toml_node::kind::table) {
        section.complain("rename_columns", "found " + renames->describe() + allowed);
        return;
    }
    for (const toml_entry& entry : renames->table) {
        if (entry.value.what == toml_node::kind::text) {
            into.rename_columns.emplace_back(entry.key, entry.value.text);
        } else {
            section.complain("rename_columns", entry.value,
                             "found " + entry.value.describe() + allowed);
        }
    }
}

void read_added(task_section& section, rules& into) {
    const toml_node* added = section.take("add_columns");
    if (added == nullptr) return;
    constexpr auto allowed = "; allowed is a table of texts and integers, { \"origin\" = "
                             "\"shop1\", \"shard\" = 1 }";
    if (added->what != toml_node::kind::table) {
        section.complain("add_columns", "found " + added->describe() + allowed);
        return;
    }
    for (const toml_entry& entry : added->table) {
        const toml_node& value = entry.value;
        if (value.what == toml_node::kind::text) {
            into.add_columns.push_back({entry.key, std::nullopt, value.text});
        } else if (value.what == toml_node::kind::integer) {
            into.add_columns.push_back({entry.key, value.integer, {}});
        } else {
            section.complain("add_columns", value, "found " + value.describe() + allowed);
        }
    }
}

void read_one(task_section& tables, const toml_entry& entry, task_spec& spec,
              task_file_context& context) {
    task_section section(tables, entry.key);
    rules read;
    read.pattern = entry.key;
    section.read("where", read.where);
    section.read("drop_columns", read.drop_columns);
    read_renamed(section, read);
    read_added(section, read);
    section.read("skip", read.skip);
    context.finish(section);
    if (!section.present()) return;
    const auto pattern = object_pattern::parse(read.pattern);
    if (!pattern) {
        tables.complain(entry.key, pattern.error().what);
    } else if (!pattern->names_object) {
        tables.complain(entry.key, "name tables, \"db.table\", with wildcards if you like");
    } else if (const auto shape = table_shape::make(read); !shape) {
        tables.complain(entry.key, shape.error().what);
    } else {
        spec.objects.tables.push_back(std::move(read));
    }
}

} // namespace

void read_table_rules(task_section& objects, task_spec& spec, task_file_context& context) {
    task_section tables(objects, "tables");
    const toml_node* all = objects.take("tables");
    if (tables.present()) {
        for (const toml_entry& entry : all->table)
            read_one(tables, entry, spec, context);
    }
    context.finish(tables);
}

} // namespace understudy::state
