#pragma once

#include "relay/key_ring.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace understudy::apps {

// What a user asked `understudy relay` for, as it was written: relay_show and its kin read it.
struct relay_command {
    enum class verb : std::uint8_t { ls, show, events, verify, stat, history, export_ };
    enum class format : std::uint8_t { text, json, sql, undo };

    verb what = verb::ls;
    // Directories of tasks, relay directories, segments, binary log files; "-": standard input.
    std::vector<std::filesystem::path> paths;
    std::string since;
    std::string until;
    std::string gtids;
    std::string not_gtids;
    std::string start_position;
    std::string stop_position;
    std::vector<std::string> tables;
    bool ignore_case = false; // of the names of databases and tables
    std::vector<std::string> kinds;
    std::string where;
    std::string bytes_min;
    std::uint64_t rows_min = 0;
    format how = format::text;
    bool follow = false;
    bool whole_values = false;
    bool shows_secrets = false;
    bool no_pager = false;
    unsigned threads = 0;   // that read; 0: one for each core
    std::string table;      // history
    std::string key;        // history
    std::string output;     // export: a file, a directory, or "-"
    relay::key_ring keys{}; // of encrypted logs, from the environment
};

} // namespace understudy::apps
