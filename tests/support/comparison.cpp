#include "tests/support/comparison.hpp"

#include "tests/support/definitions.hpp"
#include "tests/support/row_comparison.hpp"

#include <fmt/format.h>

#include <set>
#include <sstream>

namespace understudy::test {
namespace {

std::string series(sql_client& server) {
    const std::string version = server.scalar("SELECT VERSION()");
    return version.substr(0, version.find('.', version.find('.') + 1));
}

// Only the lines that differ: a table's definition may have hundreds.
std::string differing_lines(const std::string& source, const std::string& target) {
    const auto lines = [](const std::string& text) {
        std::multiset<std::string> result;
        std::istringstream stream(text);
        for (std::string line; std::getline(stream, line);)
            result.insert(line);
        return result;
    };
    const std::multiset<std::string> ours = lines(source);
    const std::multiset<std::string> theirs = lines(target);
    std::string text;
    for (const std::string& line : ours) {
        if (!theirs.contains(line)) text += "\n    source: " + line;
    }
    for (const std::string& line : theirs) {
        if (!ours.contains(line)) text += "\n    target: " + line;
    }
    return text.empty() ? "\n    the same lines in another order" : text;
}

void compare_definitions(sql_client& source, sql_client& target, const object_selection& selection,
                         bool same_version, std::vector<std::string>& differences) {
    const definitions ours = source_definitions(source, selection, same_version);
    const definitions theirs = target_definitions(target, ours, selection, same_version);
    for (const auto& [object, text] : ours) {
        const auto found = theirs.find(object);
        if (found == theirs.end()) {
            differences.push_back(fmt::format("{} is missing on the target", object.text()));
        } else if (found->second != text) {
            differences.push_back(fmt::format("{} is defined differently{}", object.text(),
                                              differing_lines(text, found->second)));
        }
    }
    for (const auto& [object, text] : theirs) {
        if (!ours.contains(object)) {
            differences.push_back(fmt::format("{} is only on the target", object.text()));
        }
    }
}

} // namespace

std::vector<std::string> compare(sql_client& source, sql_client& target,
                                 const object_selection& selection,
                                 const comparison_options& options) {
    std::vector<std::string> differences;
    const bool same_version = series(source) == series(target);
    if (options.definitions) {
        compare_definitions(source, target, selection, same_version, differences);
    }
    if (options.rows) {
        compare_rows(source, target, selection, options.checksums && same_version, differences);
    }
    return differences;
}

} // namespace understudy::test
