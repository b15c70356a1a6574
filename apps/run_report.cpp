#include "apps/run_report.hpp"

#include "apps/display.hpp"
#include "apps/terminal.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_color_sinks.h>

#include <cstddef>
#include <optional>
#include <unistd.h>

namespace understudy::apps {

namespace {

using steady_clock = std::chrono::steady_clock;

constexpr std::chrono::seconds log_interval{10};

class log_report final : public run_report {
public:
    log_report()
        : log_("understudy", std::make_shared<spdlog::sinks::stderr_color_sink_mt>(
                                 is_colour_wanted() ? spdlog::color_mode::automatic
                                                    : spdlog::color_mode::never)) {
        log_.set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
        log_.flush_on(spdlog::level::info);
    }

    void refresh(const state::status& value, const rates& speed) override {
        for (; warnings_logged_ < value.warnings.size(); ++warnings_logged_) {
            log_.warn("{}: {}", value.task, value.warnings[warnings_logged_]);
        }
        log_notes(value);
        const auto now = steady_clock::now();
        if (phase_ == value.now && now - logged_ < log_interval) return;
        phase_ = value.now;
        logged_ = now;
        log_.info("{}: {}", value.task, summary_line(value, speed));
    }

    void notice(const std::string& text) override { log_.info(text); }

private:
    // What holds the task up is told when it begins, not ten seconds later.
    void log_notes(const state::status& value) {
        const std::string notes = value.receiver_note + value.applier_note;
        if (notes.empty() != noted_) return;
        noted_ = !notes.empty();
        if (noted_)
            log_.warn("{}: {}", value.task, notes);
        else
            log_.info("{}: going on", value.task);
    }

    spdlog::logger log_;
    std::optional<state::phase> phase_;
    steady_clock::time_point logged_;
    std::size_t warnings_logged_ = 0;
    bool noted_ = false;
};

class terminal_report final : public run_report {
public:
    terminal_report() {
        // Whoever sends standard error elsewhere wants the log as well.
        if (::isatty(STDERR_FILENO) != 1) log_.emplace();
    }

    void refresh(const state::status& value, const rates& speed) override {
        if (log_) log_->refresh(value, speed);
        const terminal_size size = read_terminal_size();
        const std::size_t notice_rows = notice_.empty() ? 0 : 2;
        auto lines = display_lines(value, speed, std::chrono::system_clock::now(),
                                   {.columns = size.columns,
                                    .rows = size.rows > notice_rows ? size.rows - notice_rows : 1,
                                    .colour = is_colour_wanted()});
        if (!notice_.empty()) lines.insert(lines.end(), {"", "  " + notice_});
        writer_.draw(lines, size);
    }

    void notice(const std::string& text) override {
        if (log_) log_->notice(text);
        notice_ = text;
    }

private:
    in_place_writer writer_;
    std::optional<log_report> log_;
    std::string notice_;
};

} // namespace

std::unique_ptr<run_report> make_run_report() {
    if (is_terminal_capable()) return std::make_unique<terminal_report>();
    return std::make_unique<log_report>();
}

} // namespace understudy::apps
