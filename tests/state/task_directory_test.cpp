#include "state/task_directory.hpp"

#include "state/durable_file.hpp"
#include "state/errc.hpp"
#include "state/status_json.hpp"
#include "tests/support/scratch_directory.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <fstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace understudy::state {
namespace {

// Another process that holds the directory of task "shop" until it is killed.
class holder {
public:
    explicit holder(const std::filesystem::path& data_dir) {
        int ready[2]{};
        if (::pipe(ready) != 0) std::abort();
        pid_ = ::fork();
        if (pid_ == 0) {
            const auto directory = task_directory::open(data_dir, "shop");
            const char sign = directory ? 'y' : 'n';
            if (::write(ready[1], &sign, 1) != 1) ::_exit(1);
            while (true)
                ::pause();
        }
        char sign = 'n';
        if (::read(ready[0], &sign, 1) != 1 || sign != 'y') std::abort();
        ::close(ready[0]);
        ::close(ready[1]);
    }
    ~holder() { kill(); }
    holder(const holder&) = delete;
    holder& operator=(const holder&) = delete;

    void kill() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
};

TEST(task_directory, is_made_for_its_owner_alone) {
    const test::scratch_directory scratch("directory");
    const auto directory = task_directory::open(scratch.path() / "deep" / "data", "shop");
    ASSERT_TRUE(directory.has_value()) << directory.error().what;
    EXPECT_EQ((*directory)->path(), scratch.path() / "deep" / "data" / "shop");
    struct stat info{};
    ASSERT_EQ(::stat((*directory)->path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0700U);
}

TEST(task_directory, a_second_process_is_refused_and_told_the_pid) {
    const test::scratch_directory scratch("directory");
    holder other(scratch.path());
    const auto refused = task_directory::open(scratch.path(), "shop");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, errc::already_running);
    EXPECT_NE(refused.error().what.find("process " + std::to_string(other.pid())),
              std::string::npos)
        << refused.error().what;
    EXPECT_EQ(task_directory::running_pid(scratch.path(), "shop"), other.pid());
    EXPECT_TRUE(task_directory::open(scratch.path(), "another").has_value());
}

TEST(task_directory, is_free_again_when_its_process_is_killed) {
    const test::scratch_directory scratch("directory");
    holder other(scratch.path());
    other.kill();
    EXPECT_EQ(task_directory::running_pid(scratch.path(), "shop"), std::nullopt);
    EXPECT_TRUE(task_directory::open(scratch.path(), "shop").has_value());
}

TEST(task_directory, is_locked_within_one_process_too) {
    const test::scratch_directory scratch("directory");
    const auto first = task_directory::open(scratch.path(), "shop");
    ASSERT_TRUE(first.has_value());
    EXPECT_EQ(task_directory::running_pid(scratch.path(), "shop"), ::getpid());
    EXPECT_FALSE(task_directory::open(scratch.path(), "shop").has_value());
}

TEST(task_directory, nobody_runs_a_task_that_never_was) {
    const test::scratch_directory scratch("directory");
    EXPECT_EQ(task_directory::running_pid(scratch.path(), "shop"), std::nullopt);
}

TEST(task_directory, keeps_its_identity) {
    const test::scratch_directory scratch("directory");
    task_directory::identity first;
    {
        const auto directory = task_directory::open(scratch.path(), "shop");
        ASSERT_TRUE(directory.has_value());
        const auto made = (*directory)->our_identity();
        ASSERT_TRUE(made.has_value()) << made.error().what;
        first = *made;
    }
    EXPECT_GE(first.server_id, 1U << 31U);
    EXPECT_EQ(first.server_uuid.to_string()[14], '4');
    const auto directory = task_directory::open(scratch.path(), "shop");
    ASSERT_TRUE(directory.has_value());
    const auto again = (*directory)->our_identity();
    ASSERT_TRUE(again.has_value()) << again.error().what;
    EXPECT_EQ(again->server_id, first.server_id);
    EXPECT_EQ(again->server_uuid, first.server_uuid);
    const auto other = task_directory::open(scratch.path(), "other");
    ASSERT_TRUE(other.has_value());
    EXPECT_NE((*other)->our_identity()->server_uuid, first.server_uuid);
}

TEST(task_directory, a_damaged_identity_is_not_replaced_without_a_word) {
    const test::scratch_directory scratch("directory");
    const auto directory = task_directory::open(scratch.path(), "shop");
    ASSERT_TRUE(directory.has_value());
    std::ofstream((*directory)->path() / "identity.toml") << "server_id = 7\n";
    const auto found = (*directory)->our_identity();
    ASSERT_FALSE(found.has_value());
    EXPECT_EQ(found.error().code, errc::damaged);
}

TEST(task_directory, writes_a_status_that_others_can_read) {
    const test::scratch_directory scratch("directory");
    const auto directory = task_directory::open(scratch.path(), "shop");
    ASSERT_TRUE(directory.has_value());
    status value;
    value.task = "shop";
    value.now = phase::streaming;
    for (int i = 0; i < 3; ++i) {
        value.applied_rows = static_cast<std::uint64_t>(i);
        const auto written = (*directory)->write_status(value);
        ASSERT_TRUE(written.has_value()) << written.error().what;
    }
    const auto text = read_whole(task_directory::status_path(scratch.path(), "shop"));
    ASSERT_TRUE(text.has_value());
    const auto parsed = parse_status_json(*text);
    ASSERT_TRUE(parsed.has_value()) << parsed.error().what;
    EXPECT_EQ(parsed->value.applied_rows, 2U);
    EXPECT_FALSE(std::filesystem::exists((*directory)->path() / "status.json.new"));
}

TEST(task_directory, says_where_it_cannot_write) {
    const test::scratch_directory scratch("directory");
    std::ofstream(scratch.path() / "file") << "not a directory";
    const auto refused = task_directory::open(scratch.path() / "file", "shop");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, errc::io_failed);
    EXPECT_NE(refused.error().what.find("--data-dir"), std::string::npos) << refused.error().what;
}

} // namespace
} // namespace understudy::state
