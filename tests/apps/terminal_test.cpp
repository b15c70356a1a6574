#include "apps/terminal.hpp"

#include <gtest/gtest.h>

namespace understudy::apps {
namespace {

TEST(terminal, first_drawing_starts_where_the_cursor_is) {
    EXPECT_EQ(redraw_text({}, {"one", "two"}, {.columns = 80, .rows = 24}),
              "\r\x1b[2Kone\n\x1b[2Ktwo\n\x1b[J");
}

TEST(terminal, goes_up_over_what_was_drawn) {
    EXPECT_EQ(redraw_text({3, 3}, {"one"}, {.columns = 80, .rows = 24}),
              "\r\x1b[2A\x1b[2Kone\n\x1b[J");
}

TEST(terminal, lines_that_wrapped_after_a_resize_count_for_more_rows) {
    EXPECT_EQ(redraw_text({80, 0, 41}, {"x"}, {.columns = 40, .rows = 24}),
              "\r\x1b[5A\x1b[2Kx\n\x1b[J");
}

TEST(terminal, colours_take_no_columns) {
    EXPECT_EQ(visible_columns("\x1b[32mabc\x1b[0m ━"), 5U);
    EXPECT_EQ(visible_columns("abc\x1b["), 3U);
}

} // namespace
} // namespace understudy::apps
