#include "tests/api/schema_check.hpp"

#include <set>

namespace understudy::test {

namespace json = boost::json;

namespace {

class checker {
public:
    explicit checker(const json::value& document) : document_(document) {}

    void check(const json::value& schema, const json::value& value, const std::string& place) {
        const json::object& rules = schema.as_object();
        static const std::set<std::string> known{
            "type",  "nullable", "properties", "required",    "additionalProperties",
            "items", "enum",     "$ref",       "description", "format"};
        for (const auto& rule : rules) {
            if (!known.contains(std::string(rule.key())))
                say(place, "the schema has " + std::string(rule.key()) + ", which nobody checks");
        }
        if (const auto* ref = rules.if_contains("$ref")) {
            const std::string path(ref->as_string().subview(1)); // behind "#"
            check(document_.at_pointer(path), value, place);
            return;
        }
        if (value.is_null() && rules.contains("nullable")) return;
        const std::string type(rules.at("type").as_string());
        const bool fits =
            (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
            (type == "string" && value.is_string()) || (type == "boolean" && value.is_bool()) ||
            (type == "integer" && (value.is_int64() || value.is_uint64()));
        if (!fits) {
            say(place, "is no " + type);
            return;
        }
        if (const auto* allowed = rules.if_contains("enum")) {
            bool is_one = false;
            for (const json::value& one : allowed->as_array())
                is_one = is_one || one == value;
            if (!is_one) say(place, "is none of the enum");
        }
        if (type == "object") check_object(rules, value.as_object(), place);
        if (type == "array") {
            for (std::size_t i = 0; i < value.as_array().size(); ++i)
                check(rules.at("items"), value.as_array()[i],
                      place + "[" + std::to_string(i) + "]");
        }
    }

    std::vector<std::string> found;

private:
    void check_object(const json::object& rules, const json::object& value,
                      const std::string& place) {
        if (const auto* required = rules.if_contains("required")) {
            for (const json::value& name : required->as_array()) {
                if (!value.contains(name.as_string()))
                    say(place, "has no " + std::string(name.as_string()));
            }
        }
        const auto* properties = rules.if_contains("properties");
        for (const auto& entry : value) {
            const std::string at = place + "." + std::string(entry.key());
            if (properties != nullptr && properties->as_object().contains(entry.key())) {
                check(properties->at(entry.key()), entry.value(), at);
                continue;
            }
            const json::value& more = rules.at("additionalProperties");
            if (more.is_object())
                check(more, entry.value(), at);
            else if (!more.as_bool())
                say(at, "is not in the schema");
        }
    }

    void say(const std::string& place, const std::string& what) {
        found.push_back(place + " " + what);
    }

    const json::value& document_;
};

} // namespace

std::vector<std::string> differences(const json::value& document, const json::value& schema,
                                     const json::value& value, const std::string& place) {
    checker one(document);
    one.check(schema, value, place);
    return one.found;
}

} // namespace understudy::test
