#include "state/table_shape.hpp"

#include "state/errc.hpp"
#include "state/object_selection.hpp"

#include <gtest/gtest.h>

namespace understudy::state {
namespace {

using rules = task_spec::table_rules;

std::string refusal(const rules& of) {
    const auto made = table_shape::make(of);
    if (made) return "(accepted)";
    EXPECT_EQ(made.error().code, errc::selection_invalid);
    return made.error().what;
}

rules where(std::string condition) {
    rules made;
    made.where = std::move(condition);
    return made;
}

TEST(table_shape, is_refused_where_it_can_mean_nothing) {
    EXPECT_EQ(refusal(where("region = 'EU' AND total > 10")), "(accepted)");
    EXPECT_EQ(refusal(where("region =")),
              "where: the condition should have a column or a value at character 9, but it ends");
    const std::string by_name = "where: before., after. and numbers of columns say nothing of the "
                                "rows that the initial copy reads; name the column alone";
    EXPECT_EQ(refusal(where("before.region = 'EU'")), by_name);
    EXPECT_EQ(refusal(where("@3 = 1")), by_name);

    rules twice;
    twice.drop_columns = {"a", "A"};
    EXPECT_EQ(refusal(twice), "the column `A` is dropped or renamed twice");
    rules both;
    both.drop_columns = {"a"};
    both.rename_columns = {{"a", "b"}};
    EXPECT_EQ(refusal(both), "the column `a` is dropped or renamed twice");
    rules one_name;
    one_name.rename_columns = {{"a", "c"}};
    one_name.add_columns = {{"c", 1, ""}};
    EXPECT_EQ(refusal(one_name), "the column `c` would be on the target twice");
    rules long_name;
    long_name.rename_columns = {{"a", std::string(65, 'x')}};
    EXPECT_TRUE(refusal(long_name).ends_with("is longer than 64 characters"));
    rules long_text;
    long_text.add_columns = {{"origin", std::nullopt, std::string(65, 'x')}};
    EXPECT_EQ(refusal(long_text),
              "the text of the added column `origin` is longer than 64 characters");
    rules kind;
    kind.skip = {"truncate"};
    EXPECT_EQ(refusal(kind),
              "skip: found \"truncate\"; allowed are \"insert\", \"update\", \"delete\"");
}

TEST(table_shape, says_which_columns_a_table_lacks_or_would_have_twice) {
    rules all = where("region = 'EU'");
    all.drop_columns = {"card"};
    all.rename_columns = {{"customer", "customer_id"}};
    all.add_columns = {{"origin", std::nullopt, "shop1"}};
    const auto shape = table_shape::make(all).value();
    EXPECT_EQ(shape.find_misfit({"id", "Region", "card", "customer"}), std::nullopt);
    EXPECT_EQ(shape.find_misfit({"id", "card", "customer"}), "it has no column `region`");
    EXPECT_EQ(shape.find_misfit({"id", "region", "customer"}), "it has no column `card`");
    EXPECT_EQ(shape.find_misfit({"id", "region", "card"}), "it has no column `customer`");
    EXPECT_EQ(shape.find_misfit({"region", "card", "customer", "customer_id"}),
              "two columns would be called `customer_id` on the target");
    EXPECT_EQ(shape.find_misfit({"origin", "region", "card", "customer"}),
              "two columns would be called `origin` on the target");
    EXPECT_EQ(shape.name_on_target("CUSTOMER"), "customer_id");
    EXPECT_EQ(shape.name_on_target("id"), "id");
}

TEST(object_selection, gives_the_first_shape_that_takes_a_table_and_its_shadows_the_same) {
    task_spec spec;
    spec.objects.include = {"shop.*"};
    spec.objects.tables = {where("a = 1"), where("b = 2")};
    spec.objects.tables[0].pattern = "shop.o*";
    spec.objects.tables[1].pattern = "shop.*";
    const auto selection = object_selection::make(spec).value();
    const auto* const orders = selection.shape("shop", "orders");
    ASSERT_NE(orders, nullptr);
    EXPECT_EQ(orders->where_text(), "a = 1");
    EXPECT_EQ(selection.shape("shop", "lines")->where_text(), "b = 2");
    EXPECT_EQ(selection.shape("crm", "orders"), nullptr);
    spec.objects.tables.pop_back();
    const auto single = object_selection::make(spec).value();
    EXPECT_EQ(single.shape("shop", "_orders_gho"), single.shape("shop", "orders"));
    EXPECT_TRUE(single.shapes_anything_in("shop"));
    EXPECT_FALSE(single.shapes_anything_in("crm"));
}

TEST(object_selection, gives_a_table_that_goes_into_another_the_shape_of_that_too) {
    task_spec spec;
    spec.objects.include = {"shop.*"};
    spec.objects.tables = {where("a = 1")};
    spec.objects.tables[0].pattern = "shop.orders";
    const auto selection = object_selection::make(spec).value();
    const auto fitting = selection.fitting(
        {{{"shop", "orders"}, {{"gone"}, {"own"}}}, {{"shop", "lines"}, {{}, {}}}});
    const auto* const orders = fitting.shape("shop", "orders");
    ASSERT_NE(orders, nullptr);
    EXPECT_EQ(orders->where_text(), "a = 1");
    EXPECT_TRUE(orders->drops("Gone"));
    EXPECT_TRUE(orders->needs_names());
    EXPECT_EQ(orders->find_misfit({"a", "b"}), std::nullopt); // it may be gone
    ASSERT_TRUE(orders->fit());
    EXPECT_EQ(orders->fit()->kept, std::vector<std::string>{"own"});
    EXPECT_EQ(fitting.shape("shop", "_orders_gho"), orders);
    EXPECT_TRUE(fitting.shape("shop", "lines")->changes_columns());
    EXPECT_EQ(fitting.shape("shop", "others"), nullptr);
    EXPECT_FALSE(fitting.shape_of_task("shop", "orders")->fit());
    EXPECT_EQ(fitting.shape_of_task("shop", "lines"), nullptr);
    EXPECT_FALSE(orders->has_same_rows(*selection.shape("shop", "orders")));
    EXPECT_TRUE(fitting.shapes_anything_in("shop"));
    EXPECT_EQ(fitting.fitting({}).shape("shop", "lines"), nullptr);
    EXPECT_EQ(fitting.only({{"shop", "lines"}}).shape("shop", "orders"), nullptr);
}

} // namespace
} // namespace understudy::state
