#include "relay/inspection/remembered_definitions.hpp"

#include "relay/definition_columns.hpp"
#include "relay/definition_index.hpp"
#include "relay/inspection/segment_source.hpp"
#include "relay/posix_directory.hpp"

#include <system_error>
#include <utility>

namespace understudy::relay::inspection {

using protocol::result;

void remembered_definitions::enter(const std::filesystem::path& path) {
    if (path == entered_) return; // another piece of it
    entered_ = path;
    folder_.clear();
    seen_.reset();
    history_.reset();
    warned_ = false;
    std::error_code failure;
    if (std::filesystem::is_directory(path, failure)) {
        folder_ = path;
    } else if (is_relay_path(path)) {
        folder_ = path.has_parent_path() ? path.parent_path() : ".";
    }
}

void remembered_definitions::warn(const std::string& why) {
    if (!std::exchange(warned_, true)) warn_(why);
}

// A task that runs adds to the file, or writes it anew.
result<void> remembered_definitions::refresh() {
    const auto path = folder_ / definitions_name;
    std::error_code failure;
    const state now{std::filesystem::last_write_time(path, failure),
                    std::filesystem::file_size(path, failure)};
    if (failure) {
        history_.reset();
        seen_.reset();
        return {};
    }
    if (seen_ == now) return {};
    history_.reset();
    seen_ = now;
    auto where = open_posix_directory(folder_);
    if (!where) return std::unexpected(std::move(where.error()));
    auto history = definition_history::open(**where, keys_);
    if (!history) return std::unexpected(std::move(history.error()));
    history_ = std::move(*history);
    return {};
}

result<std::optional<table_definition>> remembered_definitions::find(const protocol::table_map& map,
                                                                     std::string_view file,
                                                                     std::uint64_t offset) {
    if (auto done = refresh(); !done) return std::unexpected(std::move(done.error()));
    if (!history_) return std::nullopt;
    auto found = history_->find(std::string(map.database), std::string(map.table),
                                {std::string(file), offset});
    if (!found) return std::unexpected(std::move(found.error()));
    if (!*found || (*found)->dropped) return std::nullopt;
    return std::move((*found)->what);
}

result<std::vector<protocol::column_definition>>
remembered_definitions::columns(const protocol::table_map& map, std::string_view file,
                                std::uint64_t offset) {
    auto columns = protocol::define_columns(map);
    // With the names the source logs all the rest.
    if (!columns || folder_.empty() || !map.column_names.empty()) return columns;
    const auto known = find(map, file, offset);
    if (!known) {
        warn(known.error().what + "; columns are shown as the log alone tells them");
        return columns;
    }
    if (!*known) return columns;
    if (const auto contradiction = find_contradiction(**known, map)) {
        warn(std::string(map.database) + "." + std::string(map.table) + " at " + std::string(file) +
             ":" + std::to_string(offset) +
             " is not what is remembered of it, so its columns are shown as the log alone tells "
             "them: " +
             *contradiction);
        return columns;
    }
    complete_columns(*columns, **known);
    return columns;
}

} // namespace understudy::relay::inspection
