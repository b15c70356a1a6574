#pragma once

#include "apps/shared_relay.hpp"
#include "protocol/result.hpp"
#include "relay/log.hpp"
#include "state/position.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

namespace understudy::apps {

// The relay logs that tasks of this process share, by the name that their relay.share gives, in
// DATA-DIR/.shared/NAME (no task can have that name):
//   lock, identity.toml   as in a task's directory: how it shows itself to the source
//   source                whose log it is, and whether it is followed by GTID
//   relay/                segments
//   needs/TASK            from where on the task needs it
// Thread-safe; outlives every run.
class shared_relays {
public:
    explicit shared_relays(std::filesystem::path data_dir);
    ~shared_relays();

    struct request {
        std::string share;
        std::string task;
        relay::log_options options{}; // its directory is set here
        std::string address;          // of the source, which says whose log it is without a UUID
        bool may_be_other = false;    // it names several servers (source.hosts)
        bool by_gtid = true;
        // Its first start: it takes its place, the log's end, once the log grows. `from` is where
        // the source is now, should the log have to be begun.
        bool begins = false;
        state::source_position from{};      // where the task is
        protocol::binlog_position needed{}; // what waits for tables that are set aside, or `from`
        // Its initial copy is not through: only the server that is copied can be followed.
        bool copies = false;
        // A relay log of the task's own, which may reach back farther; empty: it has none.
        std::filesystem::path own{};
    };
    struct outcome {
        // Reads a log that has everything from the task's place on, or will once it is received.
        std::unique_ptr<relay_supply> supply;
        std::string why_not; // null supply: it has not, so the task needs one of its own
        std::string warning;
    };
    // errc::wrong_source: the name is that of another source's log.
    [[nodiscard]] protocol::result<outcome> join(const request& what);

    // The task is no user any more of any but `but`. One without users is removed.
    [[nodiscard]] protocol::result<void> forget(const std::string& task,
                                                const std::string& but = {});
    // One that rests (a person has stopped it, or has to mend it) can be given up when there is no
    // room. All do that have neither joined nor been said not to.
    void set_resting(const std::string& task, bool rests);

    // How the tasks of that share show themselves to the source.
    [[nodiscard]] protocol::result<state::task_directory::identity>
    identity(const std::string& share);
    // Where the segments of that share are.
    [[nodiscard]] std::filesystem::path relay_path(const std::string& share) const;

private:
    struct entry {
        std::unique_ptr<shared_relay> relay;
        std::string source; // the text of that file
        int members = 0;
    };
    // Empty: it has what the task needs.
    using reason = protocol::result<std::string>;

    [[nodiscard]] protocol::result<std::unique_ptr<state::task_directory>>
    open_directory(const std::string& share) const;
    [[nodiscard]] protocol::result<entry> open(const request& what) const;
    [[nodiscard]] protocol::result<void> adopt_own(const request& what,
                                                   const std::filesystem::path& relay) const;
    [[nodiscard]] protocol::result<void> drop_strangers(relay::log_needs& needs) const;
    [[nodiscard]] protocol::result<entry*> find_or_open(const request& what);
    [[nodiscard]] protocol::result<void> join_entry(const request& what, entry& of, outcome& into);
    // Nobody uses it, and it is not what the task needs, but the task's own log is.
    [[nodiscard]] protocol::result<void> replace(const request& what) const;
    [[nodiscard]] static bool is_only_user(const entry& of, const std::string& task);
    [[nodiscard]] static reason why_not(const request& what, const entry& of);
    void leave(const std::string& share, const std::string& task);

    const std::filesystem::path data_dir_;
    const std::filesystem::path directory_;
    std::mutex mutex_;
    std::map<std::string, entry> open_;
    std::set<std::string> awake_; // all others rest
};

} // namespace understudy::apps
