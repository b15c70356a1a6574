#include "state/objects_text.hpp"

#include "state/errc.hpp"

#include <boost/json.hpp>

#include <exception>
#include <utility>

namespace understudy::state {

namespace json = boost::json;

namespace {

using names = std::vector<std::string>;
using pairs = std::vector<std::pair<std::string, std::string>>;

json::array to_json(const names& list) {
    json::array out;
    for (const std::string& name : list)
        out.emplace_back(name);
    return out;
}

json::array to_json(const pairs& list) {
    json::array out;
    for (const auto& [from, to] : list) {
        json::array both;
        both.emplace_back(from);
        both.emplace_back(to);
        out.push_back(std::move(both));
    }
    return out;
}

json::object to_json(const task_spec::table_rules& rules) {
    json::array added;
    for (const task_spec::added_column& one : rules.add_columns) {
        json::object column{{"name", one.name}, {"text", one.text}};
        if (one.number) column["number"] = *one.number;
        added.push_back(std::move(column));
    }
    return {{"pattern", rules.pattern},
            {"where", rules.where},
            {"drop", to_json(rules.drop_columns)},
            {"rename", to_json(rules.rename_columns)},
            {"add", std::move(added)},
            {"skip", to_json(rules.skip)}};
}

std::string text_of(const json::value& value) {
    return json::value_to<std::string>(value);
}

names to_names(const json::value& list) {
    return json::value_to<names>(list);
}

pairs to_pairs(const json::value& list) {
    pairs out;
    for (const json::value& one : list.as_array())
        out.emplace_back(text_of(one.as_array().at(0)), text_of(one.as_array().at(1)));
    return out;
}

task_spec::table_rules to_rules(const json::object& from) {
    task_spec::table_rules rules;
    rules.pattern = text_of(from.at("pattern"));
    rules.where = text_of(from.at("where"));
    rules.drop_columns = to_names(from.at("drop"));
    rules.rename_columns = to_pairs(from.at("rename"));
    for (const json::value& one : from.at("add").as_array()) {
        const json::object& column = one.as_object();
        auto& added = rules.add_columns.emplace_back();
        added.name = text_of(column.at("name"));
        added.text = text_of(column.at("text"));
        if (const json::value* number = column.if_contains("number"))
            added.number = number->as_int64();
    }
    rules.skip = to_names(from.at("skip"));
    return rules;
}

} // namespace

std::string objects_text(const task_spec& spec) {
    json::array tables;
    for (const task_spec::table_rules& rules : spec.objects.tables)
        tables.push_back(to_json(rules));
    json::object all{{"include", to_json(spec.objects.include)},
                     {"exclude", to_json(spec.objects.exclude)},
                     {"rename", to_json(spec.objects.rename)},
                     {"tables", std::move(tables)}};
    // Only where they are other than usual: texts of earlier versions are the same then.
    if (spec.objects.online_schema_changes == task_spec::schema_change_policy::alter)
        all["models"] = true;
    if (!spec.objects.merge.empty()) all["merge"] = to_json(spec.objects.merge);
    return json::serialize(all);
}

protocol::result<task_spec> with_objects(task_spec spec, std::string_view text) {
    try {
        const json::value document = json::parse(text);
        const json::object& root = document.as_object();
        spec.objects.include = to_names(root.at("include"));
        spec.objects.exclude = to_names(root.at("exclude"));
        spec.objects.rename = to_pairs(root.at("rename"));
        const json::value* const merged = root.if_contains("merge");
        spec.objects.merge = merged == nullptr ? names{} : to_names(*merged);
        spec.objects.online_schema_changes = root.if_contains("models") != nullptr
                                                 ? task_spec::schema_change_policy::alter
                                                 : task_spec::schema_change_policy::shadow;
        spec.objects.tables.clear();
        for (const json::value& rules : root.at("tables").as_array())
            spec.objects.tables.push_back(to_rules(rules.as_object()));
    } catch (const std::exception& error) {
        return protocol::fail(errc::task_file_invalid,
                              std::string("the objects of the last run cannot be read: ") +
                                  error.what());
    }
    return spec;
}

} // namespace understudy::state
