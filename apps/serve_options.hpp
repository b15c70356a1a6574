#pragma once

#include "apps/task_limits.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace understudy::apps {

struct serve_command {
    std::filesystem::path data_dir;
    std::string listen = "127.0.0.1:8470";
    std::filesystem::path tls_cert;
    std::filesystem::path tls_key;
    std::filesystem::path tokens; // a file; needed beyond this machine
    std::vector<std::string> host_names;
    std::string webhook;                 // URL
    std::filesystem::path webhook_token; // a file
    bool json_log = false;
    task_limits limits;
    std::string version; // of this program
};

// What people tell a daemon to do with one of its tasks.
struct task_command {
    enum class verb : std::uint8_t { start, pause, resume, stop, remove };
    verb what = verb::start;
    std::string task; // a name; for start also a task file; for stop empty: the one that runs
    std::filesystem::path data_dir;
    std::string until;   // start, resume
    bool traces = false; // remove
    bool json = false;
};

} // namespace understudy::apps
