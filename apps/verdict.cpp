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
        text += fmt::format("{} of {} copied, ", counted(copied.rows, "row"),
                            counted(copied.tables, "table"));
    }
    return text + fmt::format("{} applied in {}", counted(value.applied_rows, "row"),
                              counted(value.applied_transactions, "transaction"));
}

// Nothing while no position of the target is known.
std::string place_text(const state::status& value) {
    return value.applied.file.empty() ? std::string() : " at " + value.applied.to_string();
}

} // namespace

std::string to_text(const verdict& value) {
    const std::string& task = value.last.task;
    if (!value.ended) {
        std::string text = fmt::format("{} failed: {}\n", task, value.ended.error().what);
        const auto advice = advice_for(value.ended.error().code);
        return advice.empty() ? text : text + fmt::format("What to do: {}\n", advice);
    }
    if (!value.until.empty() && !value.stop_requested) {
        const bool caught_up = value.until == "caught-up";
        return fmt::format("{} {}{} after {}: {}\n", task,
                           caught_up ? "is caught up" : "has what it was to run until",
                           place_text(value.last), elapsed_text(value.took), done_text(value.last));
    }
    return fmt::format("{} stopped{} after {}{}: {}. The next run goes on from there.\n", task,
                       place_text(value.last), elapsed_text(value.took),
                       value.until.empty() ? "" : ", before it was caught up",
                       done_text(value.last));
}

} // namespace understudy::apps
