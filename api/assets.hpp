#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace understudy::api {

// A file that is part of the program: api/openapi.json, and what lies in api/console. CMake puts
// them in (api/CMakeLists.txt lists them by name).
struct asset_view {
    std::string_view bytes;
    std::string_view content_type;
};

[[nodiscard]] std::optional<asset_view> find_asset(const std::string& name);

} // namespace understudy::api
