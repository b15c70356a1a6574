#include "apps/data_dir.hpp"

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

} // namespace understudy::apps
