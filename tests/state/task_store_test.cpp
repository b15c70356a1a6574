#include "state/task_store.hpp"

#include "state/errc.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sys/stat.h>

namespace understudy::state {

namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr std::string_view smallest = R"(name = "shop"
source = { host = "a", user = "repl", password = "one" }
target = { host = "b", user = "apply", password = "two" }
objects.include = ["shop.*"]
)";

task_record some_record() {
    task_record record;
    record.life = {lifecycle_state::pausing, lifecycle_state::paused};
    record.created = std::chrono::system_clock::time_point(1'700'000'000'123ms);
    record.since = record.created + 5s;
    record.begun = true;
    record.last_error = "row \"7\" not found\nin shop.orders";
    record.advice = "mend it";
    record.until = "caught-up";
    record.origin = "/etc/understudy/shop.toml";
    record.failures = 3;
    return record;
}

} // namespace

TEST(task_store, keeps_a_record_with_every_field) {
    const test::scratch_directory directory("task_store");
    task_store store(directory.path());
    ASSERT_TRUE(store.create("shop", smallest, some_record()));
    const auto loaded = store.load("shop");
    ASSERT_TRUE(loaded) << loaded.error().what;
    EXPECT_EQ(*loaded, some_record());
    EXPECT_EQ(*store.definition("shop"), smallest);
}

TEST(task_store, lists_tasks_that_have_a_record) {
    const test::scratch_directory directory("task_store");
    task_store store(directory.path());
    ASSERT_TRUE(store.create("b", smallest, {}));
    ASSERT_TRUE(store.create("a", smallest, {}));
    std::filesystem::create_directory(directory.path() / "foreground");
    std::ofstream(directory.path() / "foreground/lock") << "1\n";
    EXPECT_THAT(*store.names(), ElementsAre("a", "b"));
    ASSERT_TRUE(store.remove("a"));
    EXPECT_THAT(*store.names(), ElementsAre("b"));
    EXPECT_FALSE(std::filesystem::exists(directory.path() / "a"));
}

TEST(task_store, lets_nobody_else_read_a_definition) {
    const test::scratch_directory directory("task_store");
    task_store store(directory.path());
    ASSERT_TRUE(store.create("shop", smallest, {}));
    struct stat info{};
    ASSERT_EQ(::stat((directory.path() / "shop/task.toml").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    ASSERT_EQ(::stat((directory.path() / "shop").c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST(task_store, reads_a_definition_as_if_it_stood_where_it_came_from) {
    const test::scratch_directory directory("task_store");
    std::ofstream(directory.path() / "word") << "secret\n";
    task_store store(directory.path() / "data");
    std::string text(smallest);
    text.replace(text.find("password = \"one\""), 16, "password_file = \"word\"");
    task_record record;
    record.origin = (directory.path() / "shop.toml").string();
    ASSERT_TRUE(store.create("shop", text, record));
    const auto read = store.read("shop", record);
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->spec.source.password.reveal(), "secret");
    // Another password in the file is what the next reading gives.
    std::ofstream(directory.path() / "word") << "changed\n";
    EXPECT_EQ(store.read("shop", record)->spec.source.password.reveal(), "changed");
}

TEST(task_store, says_which_file_is_damaged) {
    const test::scratch_directory directory("task_store");
    task_store store(directory.path());
    ASSERT_TRUE(store.create("shop", smallest, {}));
    for (const char* text : {"", "{", "{}", R"({"state":"running"})"}) {
        std::ofstream(directory.path() / "shop/lifecycle.json", std::ios::trunc) << text;
        const auto loaded = store.load("shop");
        ASSERT_FALSE(loaded) << text;
        EXPECT_EQ(loaded.error().code, errc::damaged);
        EXPECT_THAT(loaded.error().what, testing::HasSubstr("shop/lifecycle.json"));
    }
}

} // namespace understudy::state
