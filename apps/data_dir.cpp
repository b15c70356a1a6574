#include "apps/data_dir.hpp"

#include <system_error>

namespace understudy::apps {

std::optional<std::filesystem::path>
default_data_dir(const std::function<const char*(const char*)>& environment, bool is_root) {
    const auto variable = [&](const char* name) -> std::optional<std::filesystem::path> {
        const char* value = environment(name);
        if (value == nullptr || *value == '\0') return std::nullopt;
        return value;
    };
    if (const auto given = variable("UNDERSTUDY_DATA_DIR")) return given;
    if (is_root) return "/var/lib/understudy";
    if (const auto state = variable("XDG_STATE_HOME")) return *state / "understudy";
    if (const auto home = variable("HOME")) return *home / ".local/state/understudy";
    return std::nullopt;
}

std::optional<std::uint64_t> free_bytes(std::filesystem::path directory) {
    std::error_code failure;
    while (!std::filesystem::exists(directory, failure) && directory.has_relative_path())
        directory = directory.parent_path();
    const auto space = std::filesystem::space(directory, failure);
    if (failure) return std::nullopt;
    return space.available;
}

} // namespace understudy::apps
