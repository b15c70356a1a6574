#include "apps/shared_relays.hpp"

#include "protocol/assert.hpp"
#include "relay/errc.hpp"
#include "relay/server_turn.hpp"
#include "state/durable_file.hpp"
#include "state/errc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

namespace understudy::apps {

namespace fs = std::filesystem;
using protocol::result;
using state::file_error;

namespace {

// MariaDB has no UUID.
std::string source_name(const shared_relays::request& what) {
    const auto& uuid = what.options.source_uuid;
    return uuid == protocol::uuid{} ? what.address : uuid.to_string();
}

std::string source_text(const shared_relays::request& what) {
    return fmt::format("{}\n{}\n", source_name(what), what.by_gtid ? "gtid" : "position");
}

bool has_segments(const fs::path& relay) {
    std::error_code failure;
    if (!fs::is_directory(fs::symlink_status(relay, failure))) return false;
    return std::ranges::any_of(fs::directory_iterator(relay, failure), [](const auto& file) {
        return file.path().filename().string() != "lock";
    });
}

std::string lost_for_waiting(const std::string& share) {
    return "what waits for tables that are set aside is no longer in the relay log \"" + share +
           "\": have them copied anew (understudy reload)";
}

// Everything that a reader from there would not be given is on the target already. Without GTIDs
// positions say all.
result<bool> lacks_nothing(relay::log& log, const protocol::binlog_position& from,
                           const shared_relays::request& what) {
    if (!what.by_gtid) return true;
    const auto before = log.executed_before(from);
    if (!before) return std::unexpected(before.error());
    return what.from.executed.contains(*before);
}

} // namespace

bool shared_relays::is_only_user(const entry& of, const std::string& task) {
    const auto users = of.relay->log().needs().users();
    return std::ranges::all_of(users, [&task](const auto& user) { return user == task; });
}

shared_relays::shared_relays(fs::path data_dir)
    : data_dir_(fs::absolute(data_dir)), directory_(data_dir_ / ".shared") {}

shared_relays::~shared_relays() {
    UNDERSTUDY_ASSERT(open_.empty());
}

fs::path shared_relays::relay_path(const std::string& share) const {
    return directory_ / share / "relay";
}

result<shared_relays::entry*> shared_relays::find_or_open(const request& what) {
    if (const auto found = open_.find(what.share); found != open_.end()) return &found->second;
    auto opened = open(what);
    if (!opened) return std::unexpected(std::move(opened.error()));
    return &open_.emplace(what.share, *std::move(opened)).first->second;
}

result<shared_relays::outcome> shared_relays::join(const request& what) {
    UNDERSTUDY_ASSERT(!what.needed.file.empty());
    const std::scoped_lock lock(mutex_);
    awake_.insert(what.task);
    request wanted = what;
    for (bool again = false;; again = true) {
        outcome made;
        const auto of = find_or_open(wanted);
        result<void> done;
        bool is_unused = false;
        if (of) {
            (*of)->relay->log().needs().set_resting(what.task, false);
            // The first that comes brings its own.
            if (!wanted.own.empty() && !fs::exists(wanted.own)) wanted.own.clear();
            done = join_entry(wanted, **of, made);
            is_unused = (*of)->members == 0 && is_only_user(**of, what.task);
            if ((*of)->members == 0) open_.erase(what.share);
        } else {
            done = std::unexpected(of.error());
        }
        const bool may_replace =
            done && made.supply == nullptr && is_unused && !wanted.own.empty() && !again;
        if (done && !may_replace) return made;
        if (done) done = replace(wanted);
        if (!done)
            return protocol::wrap(std::move(done.error()),
                                  fmt::format("relay.share \"{}\"", what.share));
    }
}

result<void> shared_relays::replace(const request& what) const {
    std::error_code failure;
    fs::remove_all(directory_ / what.share / "relay", failure);
    if (!failure) fs::remove(directory_ / what.share / "source", failure);
    if (failure) return file_error(directory_ / what.share, failure);
    return {};
}

result<void> shared_relays::join_entry(const request& what, entry& of, outcome& into) {
    auto& log = of.relay->log();
    const bool is_same_source = of.source.starts_with(source_name(what) + "\n");
    if (!is_same_source && what.may_be_other) {
        into.why_not = "was begun with another of the servers that the task may follow";
        return {};
    }
    if (!is_same_source)
        return protocol::fail(relay::errc::wrong_source,
                              "it is the log of " + of.source.substr(0, of.source.find('\n')) +
                                  ", and this task follows " + source_name(what) +
                                  ": tasks of different sources need different names there");
    if (of.source != source_text(what)) {
        into.why_not = "is not followed in the same way (by GTID, or by file and position)";
        return {};
    }
    const auto held = log.hold_segments();
    request wanted = what;
    if (what.begins) wanted.needed = log.all().end().binlog;
    auto why = why_not(wanted, of);
    if (!why) return std::unexpected(why.error());
    if (!why->empty() && !what.begins && what.own.empty() && what.needed < what.from.binlog) {
        wanted.needed = what.from.binlog;
        auto without = why_not(wanted, of);
        if (without && without->empty()) {
            into.warning = lost_for_waiting(what.share);
            why = std::move(without);
        }
    }
    if (!why->empty() && of.members == 0 && is_only_user(of, what.task) && what.own.empty()) {
        if (auto begun = log.all().reset(what.from); !begun) return begun;
        if (what.needed < what.from.binlog) into.warning = lost_for_waiting(what.share);
        wanted.needed = what.from.binlog;
        why->clear();
    }
    into.why_not = *std::move(why);
    if (!into.why_not.empty()) return {};
    auto view = log.join(what.task, wanted.needed);
    if (!view) return std::unexpected(std::move(view.error()));
    ++of.members;
    into.supply = std::make_unique<shared_relay::member>(
        *of.relay, *std::move(view),
        [this, share = what.share, task = what.task] { leave(share, task); });
    return {};
}

shared_relays::reason shared_relays::why_not(const request& what, const entry& of) {
    relay::log& log = of.relay->log().all();
    if (log.empty()) return std::string("is empty");
    const auto turn = relay::server_turn::of(log.end().binlog.file, log.source());
    if (what.copies && turn.number != 0)
        return std::string("has gone over to another server than the one that is copied");
    if (what.begins) return std::string();
    std::string lacks = "does not have " + what.needed.to_string() + ", where the task is";
    const auto end = log.end();
    if (end.binlog < what.from.binlog) {
        // To be received. What was received last may have been lost with the machine.
        const bool is_same_server =
            relay::server_turn::of(what.from.binlog.file, log.source()) == turn;
        const bool goes_on = !what.by_gtid || what.from.executed.contains(end.executed);
        if (!what.own.empty() || !is_same_server || !goes_on) return lacks;
        if (what.needed == what.from.binlog) return std::string();
    }
    std::vector places{what.needed};
    if (what.from.binlog != what.needed) places.push_back(what.from.binlog);
    for (const auto& place : places) {
        if (end.binlog < place) continue;
        const auto readable = log.open_reader({place, {}});
        if (!readable && readable.error().code == relay::errc::position_not_held) return lacks;
        if (!readable) return std::unexpected(readable.error());
        const auto whole = lacks_nothing(log, place, what);
        if (!whole) return std::unexpected(whole.error());
        if (!*whole)
            return "lacks transactions that the target has not, before " + place.to_string();
    }
    return std::string();
}

result<std::unique_ptr<state::task_directory>>
shared_relays::open_directory(const std::string& share) const {
    auto directory = state::task_directory::open(directory_, share);
    if (directory || directory.error().code != state::errc::already_running) return directory;
    return protocol::fail(relay::errc::locked,
                          (directory_ / share).string() +
                              " is in use by another process: tasks that share a relay log run in "
                              "one (`understudy serve`)");
}

result<state::task_directory::identity> shared_relays::identity(const std::string& share) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = open_.find(share); found != open_.end())
        return found->second.relay->directory().our_identity();
    const auto directory = open_directory(share);
    if (!directory) return std::unexpected(directory.error());
    return (*directory)->our_identity();
}

result<shared_relays::entry> shared_relays::open(const request& what) const {
    auto directory = open_directory(what.share);
    if (!directory) return std::unexpected(std::move(directory.error()));
    const fs::path path = (*directory)->path();
    std::error_code failure;
    if (!fs::exists(path / "source", failure)) {
        if (auto adopted = adopt_own(what, (*directory)->relay_path()); !adopted)
            return std::unexpected(adopted.error());
        if (auto written = state::write_durably(path / "source", source_text(what)); !written)
            return std::unexpected(written.error());
    }
    const auto text = state::read_whole(path / "source");
    if (!text) return std::unexpected(text.error());
    const bool by_gtid = text->ends_with("\ngtid\n");
    auto needs = relay::log_needs::open(path / "needs");
    if (!needs) return std::unexpected(std::move(needs.error()));
    if (auto dropped = drop_strangers(**needs); !dropped) return std::unexpected(dropped.error());
    for (const std::string& task : (*needs)->users())
        (*needs)->set_resting(task, !awake_.contains(task));
    auto options = what.options;
    options.directory = (*directory)->relay_path();
    // Whose it is has been said above, in words of our own.
    const auto uuid = protocol::uuid::parse(text->substr(0, text->find('\n')));
    options.source_uuid = uuid ? *uuid : protocol::uuid{};
    auto log = relay::log::open(options);
    if (!log) return std::unexpected(std::move(log.error()));
    if ((*log)->empty()) {
        if (auto begun = (*log)->reset(what.from); !begun) return std::unexpected(begun.error());
    }
    auto shared = std::make_unique<relay::shared_log>(*std::move(log), *std::move(needs),
                                                      options.retention_bytes_max);
    return entry{std::make_unique<shared_relay>(*std::move(directory), by_gtid, std::move(shared)),
                 *text};
}

// The first task that comes brings what it has: it may be all there is of it.
result<void> shared_relays::adopt_own(const request& what, const fs::path& relay) const {
    if (what.own.empty()) return {};
    std::error_code failure;
    if (has_segments(relay)) return {};
    fs::remove_all(relay, failure);
    if (!failure) fs::rename(what.own, relay, failure);
    if (failure) return file_error(relay, failure);
    return {};
}

// Of tasks that are no more.
result<void> shared_relays::drop_strangers(relay::log_needs& needs) const {
    for (const std::string& task : needs.users()) {
        std::error_code failure;
        if (fs::exists(data_dir_ / task, failure) || failure) continue;
        if (auto forgotten = needs.forget(task); !forgotten) return forgotten;
    }
    return {};
}

void shared_relays::leave(const std::string& share, const std::string& task) {
    const std::scoped_lock lock(mutex_);
    const auto found = open_.find(share);
    UNDERSTUDY_ASSERT(found != open_.end() && found->second.members > 0);
    // What is on disk may be behind, which only keeps more than must be.
    std::ignore = found->second.relay->log().needs().save(task);
    if (--found->second.members == 0) open_.erase(found);
}

void shared_relays::set_resting(const std::string& task, bool rests) {
    const std::scoped_lock lock(mutex_);
    if (rests) {
        awake_.erase(task);
    } else {
        awake_.insert(task);
    }
    for (const auto& [share, of] : open_)
        of.relay->log().needs().set_resting(task, rests);
}

result<void> shared_relays::forget(const std::string& task, const std::string& but) {
    const std::scoped_lock lock(mutex_);
    for (const auto& [share, of] : open_) {
        if (share == but) continue;
        if (auto done = of.relay->log().needs().forget(task); !done) return done;
    }
    std::error_code failure;
    if (!fs::exists(directory_, failure)) return {};
    std::vector<std::string> shares;
    for (fs::directory_iterator at(directory_, failure), end; !failure && at != end;
         at.increment(failure)) {
        std::string share = at->path().filename().string();
        if (share == but || open_.contains(share)) continue;
        if (fs::exists(at->path() / "needs" / task)) shares.push_back(std::move(share));
    }
    if (failure) return file_error(directory_, failure);
    for (const std::string& share : shares) {
        const auto directory = open_directory(share);
        if (!directory) return std::unexpected(directory.error());
        const fs::path needs = (*directory)->path() / "needs";
        fs::remove(needs / task, failure);
        if (!failure && fs::is_empty(needs, failure)) fs::remove_all((*directory)->path(), failure);
        if (failure) return file_error(needs, failure);
    }
    return {};
}

} // namespace understudy::apps
