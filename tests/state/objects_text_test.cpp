#include "state/objects_text.hpp"

#include "state/errc.hpp"
#include "state/object_selection.hpp"

#include <gtest/gtest.h>

namespace understudy::state {
namespace {

task_spec example() {
    task_spec spec;
    spec.name = "t";
    spec.objects.include = {"shop.*", "crm.\"odd\""};
    spec.objects.exclude = {"shop.tmp_*"};
    spec.objects.rename = {{"shop.orders", "dw.orders"}, {"crm", "crm2"}};
    auto& rules = spec.objects.tables.emplace_back();
    rules.pattern = "shop.o*";
    rules.where = "id > 5 and name = 'ä'";
    rules.drop_columns = {"secret"};
    rules.rename_columns = {{"a", "b"}};
    rules.add_columns.resize(2);
    rules.add_columns[0].name = "origin";
    rules.add_columns[0].text = "eu";
    rules.add_columns[1].name = "shard";
    rules.add_columns[1].number = -3;
    rules.skip = {"delete"};
    return spec;
}

TEST(objects_text, comes_back_as_it_was) {
    task_spec spec = example();
    spec.objects.merge = {"dw.orders", "m.*"};
    spec.objects.online_schema_changes = task_spec::schema_change_policy::alter;
    const std::string text = objects_text(spec);
    EXPECT_NE(text, objects_text(example()));
    const auto read = with_objects(task_spec{}, text);
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->objects.include, spec.objects.include);
    EXPECT_EQ(read->objects.exclude, spec.objects.exclude);
    EXPECT_EQ(read->objects.rename, spec.objects.rename);
    EXPECT_EQ(read->objects.merge, spec.objects.merge);
    EXPECT_EQ(read->objects.online_schema_changes, spec.objects.online_schema_changes);
    ASSERT_EQ(read->objects.tables.size(), 1U);
    EXPECT_EQ(read->objects.tables[0].add_columns, spec.objects.tables[0].add_columns);
    EXPECT_EQ(objects_text(*read), text);
    EXPECT_EQ(read->name, "");
}

TEST(objects_text, replaces_what_was_there) {
    task_spec other = example();
    other.objects.include = {"else.*"};
    other.objects.tables.clear();
    const auto read = with_objects(example(), objects_text(other));
    ASSERT_TRUE(read);
    EXPECT_EQ(objects_text(*read), objects_text(other));
    EXPECT_NE(objects_text(*read), objects_text(example()));
}

TEST(objects_text, that_is_none_is_an_error) {
    for (const char* text : {"", "[]", "{}", "{\"include\":1}", "{\"include\":[1]}"}) {
        const auto read = with_objects(task_spec{}, text);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, errc::task_file_invalid);
    }
}

} // namespace
} // namespace understudy::state
