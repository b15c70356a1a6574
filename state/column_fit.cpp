#include "state/column_fit.hpp"

#include "state/object_selection.hpp"

namespace understudy::state {

namespace {

std::string list(const std::vector<std::string>& columns) {
    std::string text;
    for (const std::string& one : columns)
        text += (text.empty() ? "" : ", ") + quote_identifier(one);
    return text;
}

} // namespace

std::string column_fit::describe() const {
    if (left_out.empty() && kept.empty()) return "both sides have all columns";
    std::string text;
    if (!left_out.empty()) text = "left out of the source: " + list(left_out);
    if (!kept.empty()) text += (text.empty() ? "" : "; ") + ("on the target alone: " + list(kept));
    return text;
}

std::string column_fit::describe(const std::string& table) const {
    return table + " goes into a table that was on the target before and is defined otherwise: " +
           "columns are found by their names; " + describe();
}

} // namespace understudy::state
