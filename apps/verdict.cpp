#include "apps/verdict.hpp"

#include "apps/advice.hpp"
#include "apps/display_copy.hpp"
#include "apps/figure_text.hpp"

#include <fmt/format.h>

namespace understudy::apps {

namespace {

std::string done_text(const state::status& value) {
    std::string text;
    if (const copy_totals copied = sum_up(value); copied.rows > 0) {
        text +=
            fmt::format("{} rows of {} tables copied, ", count_text(copied.rows), copied.tables);
    }
    return text + fmt::format("{} rows applied in {} transactions", count_text(value.applied_rows),
                              count_text(value.applied_transactions));
}

std::string place_text(const state::status& value) {
    return value.applied.file.empty() ? std::string("before anything was applied")
                                      : "at " + value.applied.to_string();
}

} // namespace

std::string to_text(const verdict& value) {
    const std::string& task = value.last.task;
    if (!value.ended) {
        std::string text = fmt::format("{} failed: {}\n", task, value.ended.error().what);
        const auto advice = advice_for(value.ended.error().code);
        return advice.empty() ? text : text + fmt::format("What to do: {}\n", advice);
    }
    if (value.until_caught_up && !value.stop_requested) {
        return fmt::format("{} is caught up {} after {}: {}\n", task, place_text(value.last),
                           elapsed_text(value.took), done_text(value.last));
    }
    return fmt::format("{} stopped {} after {}{}: {}. The next run goes on from there.\n", task,
                       place_text(value.last), elapsed_text(value.took),
                       value.until_caught_up ? ", before it was caught up" : "",
                       done_text(value.last));
}

} // namespace understudy::apps
