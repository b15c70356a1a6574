#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace understudy::apps {

// Where tasks are kept when --data-dir is not given: UNDERSTUDY_DATA_DIR, else /var/lib/understudy
// for root, else
// ${XDG_STATE_HOME:-~/.local/state}/understudy. Nothing for a user without HOME.
[[nodiscard]] std::optional<std::filesystem::path>
default_data_dir(const std::function<const char*(const char*)>& environment, bool is_root);

// What is free there for the likes of us, or where the first of its parents is that exists.
[[nodiscard]] std::optional<std::uint64_t> free_bytes(std::filesystem::path directory);

} // namespace understudy::apps
