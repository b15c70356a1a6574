#include "protocol/net/replica_session.hpp"

#include "protocol/errc.hpp"
#include "protocol/session/commands.hpp"
#include "protocol/session/dump_error.hpp"
#include "protocol/session/packets.hpp"
#include "protocol/session/semi_sync.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace understudy::protocol::net {

namespace asio = boost::asio;

namespace {

constexpr std::uint16_t unknown_system_variable = 1193;
constexpr std::uint32_t first_with_heartbeat_v2 = 80'026;
constexpr int silent_heartbeats_max = 3;
constexpr std::uint64_t first_event_offset = 4; // behind the magic bytes of a file

std::uint16_t dump_flags(const server_info& server) {
    const bool has_heartbeat_v2 =
        !server.is_mariadb && server.version_number >= first_with_heartbeat_v2;
    return has_heartbeat_v2 ? dump_heartbeat_v2 : std::uint16_t{0};
}

result<std::vector<std::byte>> encode_dump(const server_info& server,
                                           const replica_options& options) {
    const auto flags = dump_flags(server);
    const auto* const have = std::get_if<gtid_set>(&options.start);
    if (have != nullptr && server.is_mariadb) {
        // Where to begin was set in the session.
        const binlog_position unnamed{"", first_event_offset};
        return encode_binlog_dump(unnamed, flags, options.server_id);
    }
    if (have != nullptr) {
        return encode_binlog_dump_gtid(*have, flags, options.server_id);
    }
    return encode_binlog_dump(std::get<binlog_position>(options.start), flags, options.server_id);
}

// Whether the source has semi-synchronous replication on; then it knows that we take part.
asio::awaitable<result<bool>> announce(connection& source) {
    auto shown = co_await source.query(std::string(show_semi_sync_enabled));
    if (!shown) co_return wrap(std::move(shown.error()), "asking for semi-synchronous replication");
    const bool enabled = std::ranges::any_of(
        shown->rows, [](const auto& row) { return row.size() == 2 && row[1] == "ON"; });
    if (!enabled) co_return false;
    auto set = co_await source.execute(std::string(announce_semi_sync));
    if (!set) co_return std::unexpected(std::move(set.error()));
    co_return true;
}

// Up to the dump command; the first answer to it comes with the first read.
asio::awaitable<result<source_facts>> begin_dump(connection& source, replica_options options,
                                                 bool& semi_sync) {
    auto facts = co_await read_source_facts(source);
    if (!facts) co_return facts;
    auto checked = check_source(*facts, source.server(), options);
    if (!checked) co_return std::unexpected(std::move(checked.error()));
    auto dump = encode_dump(source.server(), options);
    if (!dump) co_return std::unexpected(std::move(dump.error()));

    for (const auto& statement : replica_setup_statements(source.server(), options)) {
        auto set = co_await source.execute(statement);
        if (!set && set.error().server.number != unknown_system_variable) {
            co_return wrap(std::move(set.error()), statement);
        }
    }
    auto sent = co_await source.send_command(encode_register_replica(options.server_id));
    if (!sent) co_return std::unexpected(std::move(sent.error()));
    auto registered = co_await source.read_ok();
    if (!registered) {
        co_return wrap(dump_error(std::move(registered.error())), "registering as a replica");
    }
    if (options.semi_sync) {
        auto announced = co_await announce(source);
        if (!announced) co_return std::unexpected(std::move(announced.error()));
        semi_sync = *announced;
    }
    sent = co_await source.send_command(*std::move(dump));
    if (!sent) co_return std::unexpected(std::move(sent.error()));
    co_return facts;
}

} // namespace

replica_session::replica_session(std::unique_ptr<connection> source, source_facts facts,
                                 std::chrono::milliseconds silence_max, bool semi_sync)
    : connection_(std::move(source)), facts_(std::move(facts)), silence_max_(silence_max),
      semi_sync_(semi_sync) {}

asio::awaitable<result<std::unique_ptr<replica_session>>>
replica_session::start(std::unique_ptr<connection> source, replica_options options) {
    bool semi_sync = false;
    auto facts = co_await begin_dump(*source, options, semi_sync);
    if (!facts) {
        co_await source->close();
        co_return std::unexpected(std::move(facts.error()));
    }
    const auto silence_max = silent_heartbeats_max * options.heartbeat_period;
    // Heartbeats begin with the stream; before it, the source may read the head of every file.
    source->set_read_timeout(std::max(silence_max, source->options().read_timeout));
    co_return std::unique_ptr<replica_session>(
        new replica_session(std::move(source), *std::move(facts), silence_max, semi_sync));
}

asio::awaitable<result<std::span<const std::span<const std::byte>>>> replica_session::read() {
    if (ended_) co_return std::unexpected(*ended_);
    auto packets = co_await connection_->read_packets();
    if (!packets) co_return std::unexpected(std::move(packets.error()));
    if (!running_) {
        connection_->set_read_timeout(silence_max_);
        running_ = true;
    }
    events_.clear();
    ack_wanted_ = 0;
    for (const auto packet : *packets) {
        ended_ = take(packet);
        if (ended_) break;
    }
    if (events_.empty()) co_return std::unexpected(*ended_);
    co_return std::span<const std::span<const std::byte>>(events_);
}

std::optional<error> replica_session::take(std::span<const std::byte> packet) {
    if (is_error(packet)) return dump_error(decode_error(packet));
    if (is_eof(packet)) {
        return error{make_error_code(errc::connection_lost), "the source ended the dump", {}};
    }
    if (packet.empty() || packet.front() != ok_header) {
        return error{make_error_code(errc::malformed),
                     "the source sends a packet that is no event in its dump",
                     {}};
    }
    auto event = packet.subspan(1);
    if (semi_sync_) {
        const auto taken = take_semi_sync_header(event);
        if (!taken) return taken.error();
        event = taken->event;
        if (taken->wants_ack) ack_wanted_ = events_.size() + 1;
    }
    events_.push_back(event);
    return std::nullopt;
}

asio::awaitable<result<void>> replica_session::acknowledge(binlog_position durable) {
    co_return co_await connection_->send_command(encode_semi_sync_ack(durable));
}

} // namespace understudy::protocol::net
