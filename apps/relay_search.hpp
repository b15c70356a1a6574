#pragma once

#include "api/task_service.hpp"

#include <filesystem>
#include <map>
#include <string>

namespace understudy::apps {

struct relay_search {
    std::filesystem::path program; // this program
    std::filesystem::path task_directory;
    std::filesystem::path key_file; // of an encrypted log; may be empty
    std::string command;            // show, history, stat
    // since, until, gtid, exclude-gtid, start-position, stop-position, table, kind, where,
    // min-bytes, min-rows, full, key (history), limit
    std::map<std::string, std::string> arguments;
};

// Searches a relay log as `understudy relay` does, by running it: a process of its own with low
// priority, an end after a minute, and its output bounded, so that no search, however wide, takes
// anything from the tasks. Blocks.
// show, history: {"changes": [… as `relay show --json` prints them], "truncated": bool}
// stat: {"statistics": {…}, "truncated": false}
[[nodiscard]] api::outcome<std::string> search_relay(const relay_search& what);

} // namespace understudy::apps
