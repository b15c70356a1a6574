#pragma once

#include "api/access.hpp"
#include "api/table_verb.hpp"
#include "state/status_board.hpp"
#include "state/task_record.hpp"

#include <boost/json/object.hpp>

#include <chrono>
#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace understudy::api {

// Why something was not done, and with which status that is told.
struct refusal {
    enum class kind : std::uint8_t {
        not_found,   // 404
        conflict,    // 409: not in this state
        invalid,     // 422: what was asked for is not right
        not_allowed, // 403: not for this role
        failed,      // 502: a server of the task said no, or could not be reached
        internal,    // 500: this machine
    };
    kind why = kind::internal;
    std::string what;
};

template<class T>
using outcome = std::expected<T, refusal>;

struct task_view {
    std::string name{};
    state::task_record record{};
    state::status status{};
    std::string source{};
    std::string target{};
    bool running = false;
    std::string waiting{};
    std::chrono::seconds relay_age{0}; // of the oldest segment
};

struct process_view {
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t descriptors = 0;
    std::uint64_t descriptors_max = 0;
    std::uint64_t threads = 0;
    double cpu_seconds = 0;
    std::chrono::system_clock::time_point started{};
};

enum class verb : std::uint8_t { start, pause, resume, stop };

// A definition, as TOML, or as an object with the same keys.
struct given_definition {
    std::string toml;
    boost::json::object object; // when toml is empty
    // The file that it was, on the daemon's machine; relative paths in it start there.
    std::string origin;
};

// All that the API does to tasks. The server calls it from several threads; calls may block. JSON
// texts that come back are sent as they are; they hold no passwords.
class task_service {
public:
    virtual ~task_service() = default;

    [[nodiscard]] virtual std::vector<task_view> tasks() = 0;
    [[nodiscard]] virtual outcome<task_view> task(const std::string& name) = 0;
    [[nodiscard]] virtual process_view process() = 0;
    [[nodiscard]] virtual bool is_ready() = 0;

    [[nodiscard]] virtual outcome<std::string> definition(const std::string& name) = 0;
    [[nodiscard]] virtual outcome<task_view> create(const caller& who,
                                                    const given_definition& given) = 0;
    [[nodiscard]] virtual outcome<task_view> modify(const caller& who, const std::string& name,
                                                    const given_definition& given) = 0;
    [[nodiscard]] virtual outcome<task_view> act(const std::string& name, verb what,
                                                 const std::string& until) = 0;
    // What is to become of a table of the source. The text is a JSON object.
    [[nodiscard]] virtual outcome<std::string>
    quarantine(const std::string& name, const std::string& table, table_verb what) = 0;
    [[nodiscard]] virtual outcome<void> remove(const std::string& name, bool traces) = 0;

    [[nodiscard]] virtual outcome<std::string> precheck(const std::string& name) = 0;
    [[nodiscard]] virtual outcome<std::string>
    precheck_definition(const caller& who, const given_definition& given) = 0;
    // endpoint: the keys of [source] or [target].
    [[nodiscard]] virtual outcome<std::string>
    test_connection(const caller& who, const boost::json::object& endpoint) = 0;
    [[nodiscard]] virtual outcome<std::string> objects(const caller& who,
                                                       const boost::json::object& endpoint) = 0;

    // command: show, history, stat; the arguments are the names of `understudy relay`'s options.
    [[nodiscard]] virtual outcome<std::string>
    relay_search(const std::string& name, const std::string& command,
                 const std::map<std::string, std::string>& arguments) = 0;
    [[nodiscard]] virtual outcome<std::string> log(const std::string& name,
                                                   std::size_t lines_max) = 0;
};

} // namespace understudy::api
