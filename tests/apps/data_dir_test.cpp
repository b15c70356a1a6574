#include "apps/data_dir.hpp"

#include <gtest/gtest.h>

#include <map>

namespace understudy::apps {
namespace {

using variables = std::map<std::string, std::string>;

std::optional<std::filesystem::path> chosen(const variables& set, bool is_root) {
    return default_data_dir(
        [&](const char* name) -> const char* {
            const auto found = set.find(name);
            return found == set.end() ? nullptr : found->second.c_str();
        },
        is_root);
}

TEST(data_dir, is_where_the_environment_says_first) {
    EXPECT_EQ(chosen({{"UNDERSTUDY_DATA_DIR", "/d"}, {"HOME", "/h"}}, true), "/d");
    EXPECT_EQ(chosen({{"UNDERSTUDY_DATA_DIR", ""}, {"HOME", "/h"}}, true), "/var/lib/understudy");
}

TEST(data_dir, follows_the_xdg_rules_for_users) {
    EXPECT_EQ(chosen({{"HOME", "/h"}}, false), "/h/.local/state/understudy");
    EXPECT_EQ(chosen({{"HOME", "/h"}, {"XDG_STATE_HOME", "/x"}}, false), "/x/understudy");
    EXPECT_EQ(chosen({}, false), std::nullopt);
}

TEST(data_dir, has_room_before_it_is_made) {
    const auto root = free_bytes("/");
    ASSERT_TRUE(root.has_value());
    EXPECT_GT(*root, 0U);
    EXPECT_TRUE(free_bytes("/no/such/directory").has_value());
}

} // namespace
} // namespace understudy::apps
