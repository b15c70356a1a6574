#pragma once

#include "apps/daemon_files.hpp"
#include "protocol/result.hpp"

#include <boost/json/value.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace understudy::apps {

// The command line's side of the API. Blocks. One thread.
class daemon_client {
public:
    // The daemon of this data directory, if one runs.
    [[nodiscard]] static protocol::result<std::optional<daemon_client>>
    find(const std::filesystem::path& data_dir);

    // The answer's JSON. A refusal of the daemon is an error with its words; its status is kept.
    [[nodiscard]] protocol::result<boost::json::value>
    call(const std::string& method, const std::string& path, const std::string& body = {});
    [[nodiscard]] unsigned last_status() const { return last_status_; }

private:
    explicit daemon_client(daemon_address address) : address_(std::move(address)) {}

    daemon_address address_;
    unsigned last_status_ = 0;
};

} // namespace understudy::apps
