#include "api/definition_text.hpp"

#include "state/task_file.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::api {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;

namespace {

constexpr const char* some_definition = R"({
  "name": "shop",
  "source": {"host": "a", "port": 3307, "user": "repl", "password": "o\"ne\n\\", "tls": {"mode": "required"}},
  "target": {"host": "b", "user": "apply", "password": "two"},
  "objects": {"include": ["shop.*", "crm.x"], "rename": {"shop.orders": "dw.orders"}},
  "initial": {"schema": false}})";

} // namespace

TEST(definition_text, json_becomes_the_same_task) {
    const auto toml = to_toml(json::parse(some_definition).as_object());
    ASSERT_TRUE(toml) << toml.error().what;
    const auto file = state::read_task_text(*toml, "task.toml");
    ASSERT_TRUE(file) << file.error().what;
    EXPECT_EQ(file->spec.name, "shop");
    EXPECT_EQ(file->spec.source.port, 3307);
    EXPECT_EQ(file->spec.source.password.reveal(), "o\"ne\n\\");
    EXPECT_EQ(file->spec.source.tls.mode, protocol::tls_mode::required);
    EXPECT_THAT(file->spec.objects.include, testing::ElementsAre("shop.*", "crm.x"));
    EXPECT_EQ(file->spec.objects.rename.front().second, "dw.orders");
    EXPECT_FALSE(file->spec.initial.schema);
}

TEST(definition_text, says_which_value_toml_has_not) {
    for (const char* bad : {R"({"a": null})", R"({"a": {"b": [1.5]}})"}) {
        const auto toml = to_toml(json::parse(bad).as_object());
        ASSERT_FALSE(toml) << bad;
        EXPECT_THAT(toml.error().what, HasSubstr("a"));
    }
}

TEST(definition_text, shows_no_password) {
    const auto toml = to_toml(json::parse(some_definition).as_object());
    ASSERT_TRUE(toml);
    const auto object = to_object(*toml);
    ASSERT_TRUE(object);
    const std::string text = json::serialize(*object);
    EXPECT_THAT(text, Not(HasSubstr("two")));
    EXPECT_THAT(text, Not(HasSubstr("ne\\n")));
    EXPECT_THAT(text, HasSubstr(R"("password":"********")"));
    EXPECT_THAT(text, HasSubstr(R"("shop.orders":"dw.orders")"));
}

TEST(definition_text, a_hidden_password_is_the_one_before) {
    const auto before = to_toml(json::parse(some_definition).as_object());
    ASSERT_TRUE(before);
    auto changed = *to_object(*before);
    changed["target"].as_object()["password"] = "three";
    const auto merged = with_passwords_of(changed, *before);
    ASSERT_TRUE(merged);
    EXPECT_EQ(merged->at("source").at("password").as_string(), "o\"ne\n\\");
    EXPECT_EQ(merged->at("target").at("password").as_string(), "three");
    EXPECT_FALSE(with_passwords_of(changed, "name = \"x\"\n"));
}

} // namespace understudy::api
