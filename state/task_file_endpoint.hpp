#pragma once

#include "protocol/session/connect_options.hpp"
#include "state/task_section.hpp"
#include "state/task_spec.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::state {

// What reading one task file collects.
struct task_file_context {
    std::filesystem::path file;
    task_file_problems problems;
    std::vector<std::string> warnings;
    std::vector<std::string> keys;

    // Closes a section: its unknown keys become problems, its known ones go to `keys`.
    void finish(task_section& section);
};

// A path in a task file is relative to it.
[[nodiscard]] std::filesystem::path beside_task_file(const task_file_context& context,
                                                     const std::string& path);
// Warns when every user of the machine may read the file; `what` is in it: "a password".
void warn_if_others_may_read(const std::filesystem::path& file, std::string_view what,
                             task_file_context& context);

// [source] or [target]: address, account, TLS, timeouts. Relative paths are relative to the task
// file.
void read_endpoint(task_section& section, protocol::connect_options& into,
                   task_file_context& context);

// [source]: that, and what only a source has.
void read_source(task_section& section, task_spec& spec, task_file_context& context);

// "host", "host:port", "[::1]:port".
[[nodiscard]] std::optional<protocol::server_address> parse_address(std::string_view text,
                                                                    std::uint16_t port);

} // namespace understudy::state
