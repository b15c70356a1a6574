#include "api/message.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::api {

using testing::ElementsAre;
using testing::Pair;

TEST(parse_target, decodes_path_and_query) {
    const auto root = parse_target("/");
    ASSERT_TRUE(root);
    EXPECT_TRUE(root->path.empty());
    const auto found = parse_target("/api/v1/tasks/my%2Dshop?where=id%20%3D+42&table=a.b&flag");
    ASSERT_TRUE(found);
    EXPECT_THAT(found->path, ElementsAre("api", "v1", "tasks", "my-shop"));
    EXPECT_THAT(found->query,
                ElementsAre(Pair("flag", ""), Pair("table", "a.b"), Pair("where", "id = 42")));
}

TEST(parse_target, refuses_path_tricks) {
    for (const char* bad : {"",
                            "api",
                            "//",
                            "/api//tasks",
                            "/api/../etc",
                            "/api/%2e%2e/etc",
                            "/api/%2E%2e",
                            "/api/./x",
                            "/a%2fb",
                            "/a%5cb",
                            "/a\\b",
                            "/a%00",
                            "/a%",
                            "/a%1",
                            "/a%zz",
                            "/a b",
                            "/a\tb",
                            "/a\x7f",
                            "/a/",
                            "/x?a=%",
                            "/x?a=1&a=2",
                            "/x?=1",
                            "http://evil.example/",
                            "*"})
        EXPECT_FALSE(parse_target(bad)) << bad;
}

TEST(error_response, is_json_whatever_the_message) {
    EXPECT_EQ(error_response(404, "not_found", "a \"b\"\n\xff").body,
              "{\"error\":{\"code\":\"not_found\",\"message\":\"a \\\"b\\\"\\n\xEF\xBF\xBD\"}}");
}

} // namespace understudy::api
