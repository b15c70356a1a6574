#pragma once

#include "state/object_selection.hpp"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace understudy::applier {

// Of a task with these entries of [objects]; bad ones throw.
[[nodiscard]] inline state::object_selection
selection_of(std::vector<std::string> include,
             std::vector<std::pair<std::string, std::string>> rename = {},
             std::vector<std::string> exclude = {}) {
    state::task_spec spec;
    spec.name = "t";
    spec.objects.include = std::move(include);
    spec.objects.exclude = std::move(exclude);
    spec.objects.rename = std::move(rename);
    auto made = state::object_selection::make(spec);
    if (!made) throw std::runtime_error(made.error().what);
    return std::move(*made);
}

} // namespace understudy::applier
