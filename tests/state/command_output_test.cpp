#include "state/command_output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::state {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(command_output, is_what_the_program_prints) {
    EXPECT_EQ(command_output({"printf", "%s %s", "a b", "$HOME"}).value(), "a b $HOME");
    EXPECT_EQ(command_output({"/bin/true"}).value(), "");
}

TEST(command_output, says_what_went_wrong_without_quoting_it) {
    EXPECT_THAT(command_output({"/no/such/program"}).error().what, HasSubstr("cannot be run"));
    const auto failed = command_output({"sh", "-c", "echo secret; exit 3"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().what, "sh: ended with exit code 3");
    EXPECT_THAT(command_output({"sh", "-c", "kill -9 $$"}).error().what, HasSubstr("signal 9"));
    EXPECT_THAT(command_output({"head", "-c", "100000", "/dev/zero"}).error().what,
                HasSubstr("more than 64 KiB"));
}

TEST(command_output, waits_for_nobody_for_ever) {
    const auto began = std::chrono::steady_clock::now();
    const auto late = command_output({"sh", "-c", "sleep 60 & sleep 60"}, 200ms);
    ASSERT_FALSE(late);
    EXPECT_THAT(late.error().what, HasSubstr("200 ms"));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
}

} // namespace understudy::state
