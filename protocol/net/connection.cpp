#include "protocol/net/connection.hpp"

#include "protocol/assert.hpp"
#include "protocol/errc.hpp"
#include "protocol/net/stream.hpp"
#include "protocol/session/commands.hpp"
#include "protocol/session/handshake.hpp"
#include "protocol/session/packets.hpp"
#include "protocol/session/query_response.hpp"
#include "protocol/wire/capabilities.hpp"
#include "protocol/wire/compression.hpp"
#include "protocol/wire/packet_buffer.hpp"
#include "protocol/wire/packet_framing.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace understudy::protocol::net {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

// Whoever answers before we are signed in is a stranger and gets little memory.
constexpr std::size_t payload_max_before_sign_in = 1U << 20U;
// The largest event is 1 GiB; semi-synchronous replication and row packets add a few bytes.
constexpr std::size_t payload_max = (1U << 30U) + 1024;
constexpr milliseconds farewell_limit{500};

bool is_server_error(const error& failed) {
    return failed.code == make_error_code(errc::server_error);
}

} // namespace

struct connection::impl {
    connect_options options;
    server_info server;
    std::unique_ptr<stream> wire;
    packet_buffer buffer{payload_max_before_sign_in};
    std::unique_ptr<frame_reader> frames; // when the protocol is compressed
    std::uint8_t sequence = 0;            // of the next packet of the conversation
    milliseconds read_limit{0};
    std::uint64_t received_bytes = 0;
    std::optional<error> broken; // what ended the conversation for good
    std::optional<query_response> response;
    ok_packet last_ok;
    std::vector<text_row> rows; // the first row_count are of now; the others keep their memory
    std::size_t row_count = 0;
    std::vector<std::span<const std::byte>> packets;

    // Notes what ends the connection, so that a later call tells the same story.
    std::unexpected<error> give_up(error failed) {
        if (!is_server_error(failed)) broken = failed;
        response.reset();
        return std::unexpected(std::move(failed));
    }

    asio::awaitable<result<void>> fill() {
        if (broken) co_return std::unexpected(*broken);
        if (frames) co_return co_await fill_from_frames();
        auto count = co_await wire->read_some(buffer.free_space(), read_limit);
        if (!count) co_return give_up(std::move(count.error()));
        buffer.commit(*count);
        received_bytes += *count;
        co_return result<void>{};
    }

    asio::awaitable<result<void>> fill_from_frames() {
        for (;;) {
            auto plain = frames->read(buffer.free_space());
            if (!plain) co_return give_up(std::move(plain.error()));
            buffer.commit(*plain);
            if (*plain > 0) co_return result<void>{};
            auto count = co_await wire->read_some(frames->free_space(), read_limit);
            if (!count) co_return give_up(std::move(count.error()));
            frames->commit(*count);
            received_bytes += *count;
        }
    }

    // A packet that is already here, with its number checked.
    result<std::optional<packet_buffer::packet>> next_in_order() {
        auto packet = buffer.next();
        if (!packet) return give_up(std::move(packet.error()));
        if (!*packet) return std::nullopt;
        // Inside of compressed frames the numbers jump with each flush of the server's.
        if ((*packet)->first_sequence != sequence && !frames) {
            return give_up({make_error_code(errc::malformed),
                            options.address() + ": packet number " +
                                std::to_string((*packet)->first_sequence) + " where " +
                                std::to_string(sequence) + " comes next",
                            {}});
        }
        sequence = static_cast<std::uint8_t>((*packet)->last_sequence + 1);
        return packet;
    }

    asio::awaitable<result<packet_buffer::packet>> read_packet() {
        for (;;) {
            auto packet = next_in_order();
            if (!packet) co_return std::unexpected(std::move(packet.error()));
            if (*packet) co_return **packet;
            auto filled = co_await fill();
            if (!filled) co_return std::unexpected(std::move(filled.error()));
        }
    }

    asio::awaitable<result<void>> write(std::span<const std::byte> bytes) {
        if (broken) co_return std::unexpected(*broken);
        std::vector<std::byte> compressed;
        if (frames) {
            compressed = compress_packets(bytes, options.compressed, options.zstd_level);
            bytes = compressed;
        }
        auto written = co_await wire->write(bytes, options.write_timeout);
        if (!written) co_return give_up(std::move(written.error()));
        co_return written;
    }

    asio::awaitable<result<void>> command(std::vector<std::byte> payload) {
        UNDERSTUDY_ASSERT(!response); // one conversation at a time
        sequence = 0;
        std::vector<std::byte> framed;
        append_packets(payload, sequence, framed);
        co_return co_await write(framed);
    }

    // Reads on until the response has something to tell.
    asio::awaitable<result<query_response::part>> next_part(packet_buffer::packet& packet) {
        for (;;) {
            auto read = co_await read_packet();
            if (!read) co_return std::unexpected(std::move(read.error()));
            packet = *read;
            auto part = response->feed(packet.payload);
            if (!part) co_return give_up(std::move(part.error()));
            if (*part != query_response::part::more) co_return *part;
        }
    }

    asio::awaitable<result<void>> sign_in(handshake& machine);
    asio::awaitable<result<void>> upgrade();
    asio::awaitable<result<void>> begin_query(std::string sql);
    result<void> take_rows();
};

asio::awaitable<result<void>> connection::impl::sign_in(handshake& machine) {
    auto action = handshake::action::read;
    while (action != handshake::action::done) {
        if (action != handshake::action::read) {
            auto written = co_await write(machine.output());
            if (!written) co_return written;
        }
        result<handshake::action> next = handshake::action::read;
        if (action == handshake::action::write_then_tls) {
            auto upgraded = co_await upgrade();
            if (!upgraded) co_return upgraded;
            next = machine.on_tls(wire->tls_version());
        } else {
            auto found = buffer.next();
            while (found && !*found) {
                auto filled = co_await fill();
                if (!filled) co_return filled;
                found = buffer.next();
            }
            if (!found) co_return std::unexpected(std::move(found.error()));
            next = machine.on_packet((*found)->payload, (*found)->first_sequence);
        }
        if (!next) co_return std::unexpected(std::move(next.error()));
        action = *next;
    }
    co_return result<void>{};
}

asio::awaitable<result<void>> connection::impl::upgrade() {
    // Bytes that came in the clear must not count as if they had come over TLS.
    if (!buffer.empty()) {
        co_return fail(errc::malformed, options.address() +
                                            " sends data between its greeting and TLS: someone may "
                                            "be tampering with the connection");
    }
    co_return co_await wire->start_tls(options);
}

asio::awaitable<result<void>> connection::impl::begin_query(std::string sql) {
    auto sent = co_await command(encode_query(sql));
    if (!sent) co_return sent;
    response.emplace((server.capabilities & capability::deprecate_eof) != 0);
    co_return result<void>{};
}

connection::connection(std::unique_ptr<impl> state) : impl_(std::move(state)) {}
connection::~connection() = default;

asio::awaitable<result<std::unique_ptr<connection>>>
connection::open(asio::any_io_executor executor, connect_options options, warning_sink warn) {
    auto connected = co_await stream::connect(executor, options);
    if (!connected) co_return std::unexpected(std::move(connected.error()));

    auto state = std::make_unique<impl>();
    state->wire = *std::move(connected);
    state->read_limit = options.connect_timeout;
    state->options = options;
    {
        handshake machine(std::move(options));
        auto signed_in = co_await state->sign_in(machine);
        if (machine.warning() && warn) warn(*machine.warning());
        if (!signed_in) {
            co_return wrap(std::move(signed_in.error()),
                           "signing in to " + state->options.address());
        }
        state->server = machine.server();
    }
    state->options.password = secret();
    state->read_limit = state->options.read_timeout;
    state->received_bytes = 0;
    state->buffer.set_payload_max(payload_max);
    if (state->options.compressed != compression::none) {
        state->frames = std::make_unique<frame_reader>(state->options.compressed);
    }

    std::unique_ptr<connection> made(new connection(std::move(state)));
    // The greeting's collation is only a wish: init_connect and
    // character_set_client_handshake come in between.
    auto named = co_await made->execute("SET NAMES utf8mb4");
    if (!named)
        co_return wrap(std::move(named.error()), "signing in to " + made->options().address());
    co_return made;
}

const server_info& connection::server() const {
    return impl_->server;
}
const connect_options& connection::options() const {
    return impl_->options;
}
std::uint64_t connection::received_bytes() const {
    return impl_->received_bytes;
}
void connection::set_read_timeout(milliseconds limit) {
    impl_->read_limit = limit;
}

asio::awaitable<result<ok_packet>> connection::execute(std::string sql) {
    auto begun = co_await impl_->begin_query(std::move(sql));
    if (!begun) co_return std::unexpected(std::move(begun.error()));
    for (;;) {
        packet_buffer::packet packet;
        auto part = co_await impl_->next_part(packet);
        if (!part) co_return std::unexpected(std::move(part.error()));
        if (*part != query_response::part::done) continue;
        auto ok = impl_->response->ok();
        impl_->response.reset();
        co_return ok;
    }
}

asio::awaitable<result<text_result>> connection::query(std::string sql, std::size_t rows_max) {
    auto columns = co_await start_query(std::move(sql));
    if (!columns) co_return std::unexpected(std::move(columns.error()));
    text_result collected;
    collected.columns = *std::move(columns);
    for (;;) {
        auto rows = co_await read_rows();
        if (!rows) co_return std::unexpected(std::move(rows.error()));
        if (rows->empty()) break;
        if (collected.rows.size() + rows->size() > rows_max) {
            co_return impl_->give_up(
                {make_error_code(errc::limit_exceeded),
                 "a result has more than " + std::to_string(rows_max) + " rows",
                 {}});
        }
        for (const auto& row : *rows) {
            collected.rows.emplace_back(row.fields.begin(), row.fields.end());
        }
    }
    collected.ok = impl_->last_ok;
    co_return collected;
}

asio::awaitable<result<std::vector<result_column>>> connection::start_query(std::string sql) {
    auto begun = co_await impl_->begin_query(std::move(sql));
    if (!begun) co_return std::unexpected(std::move(begun.error()));
    packet_buffer::packet packet;
    auto part = co_await impl_->next_part(packet);
    if (!part) co_return std::unexpected(std::move(part.error()));
    // Without columns there are no rows either: read_rows finds the response done.
    co_return impl_->response->columns();
}

// All rows at hand become views at once: one resumption for many of them.
result<void> connection::impl::take_rows() {
    row_count = 0;
    while (!response->is_done()) {
        auto packet = next_in_order();
        if (!packet) return std::unexpected(std::move(packet.error()));
        if (!*packet) break;
        auto part = response->feed((*packet)->payload);
        if (!part) {
            // The rows before the error are good, but of no use: the result is not complete.
            return give_up(std::move(part.error()));
        }
        if (*part != query_response::part::row) continue;
        if (row_count == rows.size()) rows.emplace_back();
        auto cut = decode_text_row((*packet)->payload, response->columns().size(), rows[row_count]);
        if (!cut) return give_up(std::move(cut.error()));
        ++row_count;
    }
    return {};
}

asio::awaitable<result<std::span<const text_row>>> connection::read_rows() {
    UNDERSTUDY_ASSERT(impl_->response || impl_->broken); // after start_query only
    while (!impl_->broken) {
        auto taken = impl_->take_rows();
        if (!taken) co_return std::unexpected(std::move(taken.error()));
        if (impl_->row_count > 0) break;
        if (impl_->response->is_done()) {
            impl_->last_ok = impl_->response->ok();
            impl_->response.reset();
            co_return std::span<const text_row>{};
        }
        auto filled = co_await impl_->fill();
        if (!filled) co_return std::unexpected(std::move(filled.error()));
    }
    if (impl_->broken) co_return std::unexpected(*impl_->broken);
    co_return std::span<const text_row>(impl_->rows.data(), impl_->row_count);
}

asio::awaitable<result<void>> connection::send_command(std::vector<std::byte> payload) {
    co_return co_await impl_->command(std::move(payload));
}

asio::awaitable<result<ok_packet>> connection::read_ok() {
    auto packet = co_await impl_->read_packet();
    if (!packet) co_return std::unexpected(std::move(packet.error()));
    if (is_error(packet->payload)) co_return std::unexpected(decode_error(packet->payload));
    auto ok = decode_ok(packet->payload);
    if (!ok) co_return impl_->give_up(std::move(ok.error()));
    co_return ok;
}

asio::awaitable<result<std::span<const std::span<const std::byte>>>> connection::read_packets() {
    auto& packets = impl_->packets;
    packets.clear();
    for (;;) {
        for (;;) {
            // Numbers are not looked at: a source counts anew after each acknowledgement.
            auto packet = impl_->buffer.next();
            if (!packet) co_return impl_->give_up(std::move(packet.error()));
            if (!*packet) break;
            packets.push_back((*packet)->payload);
        }
        if (!packets.empty()) break;
        auto filled = co_await impl_->fill();
        if (!filled) co_return std::unexpected(std::move(filled.error()));
    }
    co_return std::span<const std::span<const std::byte>>(packets);
}

asio::awaitable<void> connection::close() {
    const bool is_idle = !impl_->broken && !impl_->response;
    if (is_idle) {
        impl_->sequence = 0;
        std::vector<std::byte> framed;
        append_packets(encode_quit(), impl_->sequence, framed);
        if (impl_->frames) {
            framed = compress_packets(framed, impl_->options.compressed, impl_->options.zstd_level);
        }
        const auto limit = std::min(impl_->options.write_timeout, farewell_limit);
        // The connection ends either way; only the server's error log is tidier if this arrives.
        [[maybe_unused]] auto written = co_await impl_->wire->write(framed, limit);
    }
    impl_->wire->close();
    if (!impl_->broken) {
        impl_->broken = error{make_error_code(errc::connection_lost),
                              "the connection to " + impl_->options.address() + " is closed",
                              {}};
    }
}

void connection::cancel() {
    impl_->wire->cancel();
}

} // namespace understudy::protocol::net
