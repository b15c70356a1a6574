#pragma once

#include "relay/definition_store.hpp"
#include "relay/inspection/definition_source.hpp"
#include "relay/key_ring.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace understudy::relay::inspection {

// What the TABLE_MAP says, completed by what the relay log remembers of the table at that place:
// with binlog_row_metadata=MINIMAL the map alone has no names, labels and keys. What is remembered
// is used only where it does not contradict the map. Reads what a running task has added since.
class remembered_definitions final : public definition_source {
public:
    // warn: why something that is remembered is not used; told once for each path.
    using warning = std::function<void(const std::string& why)>;
    remembered_definitions(key_ring keys, warning warn)
        : keys_(std::move(keys)), warn_(std::move(warn)) {}

    // What comes now is read from this relay directory, segment or binary log file (open_options).
    void enter(const std::filesystem::path& path);

    [[nodiscard]] protocol::result<std::vector<protocol::column_definition>>
    columns(const protocol::table_map& map, std::string_view file, std::uint64_t offset) override;

private:
    struct state {
        std::filesystem::file_time_type written;
        std::uintmax_t size = 0;
        bool operator==(const state&) const = default;
    };
    [[nodiscard]] protocol::result<void> refresh();
    [[nodiscard]] protocol::result<std::optional<table_definition>>
    find(const protocol::table_map& map, std::string_view file, std::uint64_t offset);
    void warn(const std::string& why);

    key_ring keys_;
    warning warn_;
    std::filesystem::path entered_;
    std::filesystem::path folder_; // empty: nothing is remembered of what is read
    std::optional<state> seen_;    // of the file that history_ was read from
    std::optional<definition_history> history_;
    bool warned_ = false;
};

} // namespace understudy::relay::inspection
