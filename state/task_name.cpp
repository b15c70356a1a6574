#include "state/task_name.hpp"

#include <algorithm>

namespace understudy::state {

bool is_task_name(std::string_view text) {
    const auto allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= task_name_size_max && std::ranges::all_of(text, allowed);
}

} // namespace understudy::state
