#include "precheck/report.hpp"
#include "precheck/waivers.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <string_view>

namespace understudy::precheck {

namespace {

[[nodiscard]] std::string_view to_string(severity level) {
    switch (level) {
    case severity::blocking: return "blocking";
    case severity::warning: return "warning";
    case severity::info: return "info";
    }
    return "";
}

[[nodiscard]] std::string_view to_string(outcome state) {
    switch (state) {
    case outcome::passed: return "passed";
    case outcome::failed: return "failed";
    case outcome::skipped: return "skipped";
    }
    return "";
}

class painter {
public:
    explicit painter(bool colour) : colour_(colour) {}
    [[nodiscard]] std::string bold(std::string_view text) const { return in("1", text); }
    [[nodiscard]] std::string dim(std::string_view text) const { return in("2", text); }
    [[nodiscard]] std::string mark(const item& one) const {
        if (one.state == outcome::passed) return in("32", "✓");
        if (one.state == outcome::skipped) return in("2", "–");
        return one.level == severity::blocking ? in("31", "✗") : in("33", "!");
    }

private:
    [[nodiscard]] std::string in(std::string_view code, std::string_view text) const {
        if (!colour_) return std::string(text);
        return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
    }
    bool colour_;
};

// "label  text", with the lines after the first under the text.
void append_block(std::string& out, const painter& paint, std::string_view label,
                  std::string_view text) {
    constexpr std::string_view indent = "          ";
    std::string_view lead = label;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        out += "    ";
        out += lead.empty() ? std::string(indent.substr(4)) : paint.dim(lead) + "  ";
        out += std::string(text.substr(0, end)) + "\n";
        lead = {};
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

void append_item(std::string& out, const painter& paint, const item& one) {
    constexpr std::size_t title_width = 36;
    std::string title = one.title;
    if (title.size() < title_width) title.resize(title_width, ' ');
    out += "  " + paint.mark(one) + " " + title + "  ";
    if (one.state == outcome::passed) {
        out += paint.dim(one.seen) + "\n";
        return;
    }
    out += one.seen + (one.waived ? " (waived in the task file)" : "") + "\n";
    append_block(out, paint, " why", one.why);
    append_block(out, paint, " fix", one.fix);
    if (one.level == severity::blocking && may_be_waived(one.id))
        append_block(out, paint, "  or", "precheck.waive = [\"" + one.id + "\"]");
}

[[nodiscard]] std::string count_text(std::ptrdiff_t count, std::string_view one,
                                     std::string_view many) {
    return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

} // namespace

bool report::passed() const {
    return std::ranges::none_of(items, [](const item& one) {
        return one.level == severity::blocking && one.state != outcome::passed;
    });
}

std::string to_text(const report& value, bool colour) {
    const painter paint(colour);
    std::string out;
    std::string_view side;
    for (const item& one : value.items) {
        const std::string_view part = std::string_view(one.id).substr(0, one.id.find('.'));
        if (part != side) out += (side.empty() ? "" : "\n") + paint.bold(part) + "\n";
        side = part;
        append_item(out, paint, one);
    }
    const auto count = [&](auto&& wanted) { return std::ranges::count_if(value.items, wanted); };
    const auto passed = count([](const item& one) { return one.state == outcome::passed; });
    const auto blocking = count([](const item& one) {
        return one.state != outcome::passed && one.level == severity::blocking;
    });
    const auto notes = std::ranges::ssize(value.items) - passed - blocking;
    out += "\n" + std::to_string(passed) + " passed, " + count_text(notes, "warning", "warnings") +
           ", " + std::to_string(blocking) + " blocking: " +
           paint.bold(blocking == 0 ? "the task can start." : "the task cannot start.") + "\n";
    return out;
}

std::string to_json(const report& value) {
    boost::json::array items;
    for (const item& one : value.items) {
        items.push_back(boost::json::object{{"id", one.id},
                                            {"severity", to_string(one.level)},
                                            {"outcome", to_string(one.state)},
                                            {"title", one.title},
                                            {"seen", one.seen},
                                            {"why", one.why},
                                            {"fix", one.fix},
                                            {"waivable", may_be_waived(one.id)},
                                            {"waived", one.waived}});
    }
    return boost::json::serialize(
        boost::json::object{{"passed", value.passed()}, {"items", std::move(items)}});
}

} // namespace understudy::precheck
