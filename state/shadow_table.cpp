#include "state/shadow_table.hpp"

#include <array>

namespace understudy::state {

std::optional<shadow_table> shadow_table::parse(std::string_view name) {
    constexpr std::size_t underscores_max = 10;
    static constexpr std::array<std::string_view, 5> suffixes{"_new", "_old", "_gho", "_ghc",
                                                              "_del"};
    const auto begin = name.find_first_not_of('_');
    if (begin == 0 || begin == std::string_view::npos || begin > underscores_max)
        return std::nullopt;
    for (const std::string_view suffix : suffixes) {
        if (!name.ends_with(suffix) || name.size() <= begin + suffix.size()) continue;
        return shadow_table{std::string(name.substr(0, begin)),
                            std::string(name.substr(begin, name.size() - begin - suffix.size())),
                            std::string(suffix)};
    }
    return std::nullopt;
}

} // namespace understudy::state
