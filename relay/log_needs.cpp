#include "relay/log_needs.hpp"

#include "protocol/assert.hpp"
#include "relay/errc.hpp"
#include "state/durable_file.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

namespace understudy::relay {

using protocol::binlog_position;
using protocol::fail;
using protocol::result;

namespace {

// So much more than must be may be kept after a crash.
constexpr std::uint64_t step_on_disk = 16U << 20U;

std::optional<binlog_position> parse(std::string_view text) {
    if (text.ends_with('\n')) text.remove_suffix(1);
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos || colon == 0) return std::nullopt;
    binlog_position found{std::string(text.substr(0, colon)), 0};
    const auto digits = text.substr(colon + 1);
    const auto [end, failure] =
        std::from_chars(digits.data(), digits.data() + digits.size(), found.offset);
    if (failure != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return found;
}

bool is_far(const binlog_position& from, const binlog_position& to) {
    return from.file != to.file || to.offset < from.offset ||
           to.offset - from.offset >= step_on_disk;
}

std::unexpected<protocol::error> file_error(const std::filesystem::path& file,
                                            const std::error_code& failure) {
    return fail(errc::io_failed, file.string() + ": " + failure.message());
}

} // namespace

result<std::unique_ptr<log_needs>> log_needs::open(std::filesystem::path directory) {
    std::error_code failure;
    std::filesystem::create_directories(directory, failure);
    if (failure) return file_error(directory, failure);
    std::unique_ptr<log_needs> opened(new log_needs(std::move(directory)));
    for (std::filesystem::directory_iterator at(opened->directory_, failure), end;
         !failure && at != end; at.increment(failure)) {
        // What a crash left of write_durably.
        const std::string user = at->path().filename().string();
        if (user.contains('.')) continue;
        const auto text = state::read_whole(at->path());
        if (!text) return std::unexpected(text.error());
        auto from = parse(*text);
        if (!from)
            return fail(errc::corrupt, at->path().string() +
                                           " holds no position of a log; remove it if the task " +
                                           user + " is to begin its relay log anew");
        opened->needs_[user] = {.from = *from, .on_disk = *from};
    }
    if (failure) return file_error(opened->directory_, failure);
    return opened;
}

result<void> log_needs::write(const std::string& user, known& value) const {
    auto done = state::write_durably(directory_ / user, value.from.to_string() + "\n");
    if (done) value.on_disk = value.from;
    return done;
}

result<void> log_needs::set(const std::string& user, const binlog_position& from) {
    UNDERSTUDY_ASSERT(!from.file.empty());
    const std::scoped_lock lock(mutex_);
    const auto [at, is_new] = needs_.try_emplace(user);
    at->second.from = from;
    if (!is_new && !is_far(at->second.on_disk, from)) return {};
    auto written = write(user, at->second);
    if (!written && is_new) needs_.erase(at);
    return written;
}

result<void> log_needs::save(const std::string& user) {
    const std::scoped_lock lock(mutex_);
    const auto found = needs_.find(user);
    return found == needs_.end() ? result<void>{} : write(user, found->second);
}

result<void> log_needs::forget(const std::string& user) {
    const std::scoped_lock lock(mutex_);
    std::error_code failure;
    std::filesystem::remove(directory_ / user, failure);
    if (failure) return file_error(directory_ / user, failure);
    needs_.erase(user);
    return {};
}

void log_needs::set_resting(const std::string& user, bool rests) {
    const std::scoped_lock lock(mutex_);
    if (const auto found = needs_.find(user); found != needs_.end()) found->second.rests = rests;
}

std::optional<log_needs::need> log_needs::first() const {
    const std::scoped_lock lock(mutex_);
    if (needs_.empty()) return std::nullopt;
    const auto& [user, value] =
        *std::ranges::min_element(needs_, {}, [](const auto& one) { return one.second.from; });
    return need{user, value.from, value.rests};
}

std::optional<log_needs::need> log_needs::find(const std::string& user) const {
    const std::scoped_lock lock(mutex_);
    const auto found = needs_.find(user);
    if (found == needs_.end()) return std::nullopt;
    return need{user, found->second.from, found->second.rests};
}

std::vector<std::string> log_needs::users() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::string> all;
    for (const auto& [user, value] : needs_)
        all.push_back(user);
    return all;
}

} // namespace understudy::relay
