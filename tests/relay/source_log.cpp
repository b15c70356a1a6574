#include "tests/relay/source_log.hpp"

#include "protocol/binlog/format_description.hpp"
#include "protocol/wire/byte_writer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

namespace understudy::relay_test {

using protocol::event_type;
using role = protocol::boundary::role;

protocol::uuid test_uuid() {
    return *protocol::uuid::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562");
}

protocol::event_view source_event::view() const {
    return {*protocol::decode_event_header(bytes), bytes,
            std::span(bytes).subspan(protocol::event_header_size)};
}

bool source_event::begins_file() const {
    return view().header.type == event_type::format_description;
}

namespace {

// Flags, UUID, number; the rest of the body is as good as any other.
void write_gtid(std::vector<std::byte>& body, const protocol::gtid& id) {
    constexpr std::size_t flags_size = 1;
    const auto& uuid = id.sequence.source.bytes;
    std::ranges::transform(uuid, body.begin() + flags_size,
                           [](std::uint8_t byte) { return static_cast<std::byte>(byte); });
    auto* at = body.data() + flags_size + uuid.size();
    for (int i = 0; i < 8; ++i)
        at[i] = static_cast<std::byte>(static_cast<std::uint64_t>(id.number) >> (8 * i));
    body.resize(flags_size + uuid.size() + 8);
}

// BEGIN behind a made-up thread and status: what a boundary reads of it.
void write_begin(std::vector<std::byte>& body) {
    constexpr std::string_view text("\0BEGIN", 6); // behind the name of no database
    constexpr std::size_t fixed_size = 13;
    const auto status_size = body.size() - fixed_size - text.size();
    std::fill(body.begin() + 8, body.begin() + fixed_size, std::byte{0});
    body[11] = static_cast<std::byte>(status_size);
    std::ranges::transform(text, body.end() - static_cast<std::ptrdiff_t>(text.size()),
                           [](char c) { return static_cast<std::byte>(c); });
}

} // namespace

void source_log::add(event_type type, std::size_t body_size, role what,
                     std::optional<protocol::gtid> id) {
    source_event event;
    std::vector<std::byte> body(body_size);
    if (type == event_type::format_description) {
        const auto encoded = protocol::encode_format_description("9.7.0");
        body.assign(encoded.begin() + protocol::event_header_size, encoded.end());
    } else {
        // Compresses, but not away, and differs from event to event.
        for (std::size_t i = 0; i < body.size(); ++i) {
            body[i] = static_cast<std::byte>(i % 7 == 0 ? salt_ >> (i % 3 * 8) : i);
        }
        ++salt_;
        if (type == event_type::query) write_begin(body);
        if (id) write_gtid(body, *id);
    }
    protocol::byte_writer out(event.bytes);
    const auto size = protocol::event_header_size + body.size();
    offset_ += size;
    out.u32(timestamp_++);
    out.u8(static_cast<std::uint8_t>(type));
    out.u32(1);
    out.u32(static_cast<std::uint32_t>(size));
    out.u32(static_cast<std::uint32_t>(offset_));
    out.u16(0);
    out.bytes(body);
    event.file = "binlog." + std::to_string(1'000'000 + file_number_).substr(1);
    event.end_offset = offset_;
    event.role = what;
    event.id = std::move(id);
    events_.push_back(std::move(event));
}

void source_log::begin_file(bool with_rotate) {
    if (file_number_ > 0 && with_rotate) add(event_type::rotate, 30, role::outside);
    ++file_number_;
    offset_ = 4;
    add(event_type::format_description, 0, role::outside);
    add(event_type::previous_gtids, 40, role::outside);
}

void source_log::add_group(const std::vector<std::size_t>& body_sizes) {
    add(event_type::gtid, 60, role::starts, protocol::gtid{{source_, ""}, next_gtid_++});
    add(event_type::query, 45, role::inside);
    for (const auto size : body_sizes)
        add(event_type::write_rows, size, role::inside);
    add(event_type::xid, 8, role::ends);
}

void source_log::add_random(std::minstd_rand& random, std::size_t events, std::size_t body_max) {
    const auto target = events_.size() + events;
    if (file_number_ == 0) begin_file();
    while (events_.size() < target) {
        const auto dice = random() % 40;
        if (dice == 0) {
            begin_file(random() % 3 != 0);
        } else if (dice == 1) {
            std::vector<std::size_t> sizes(random() % 20);
            for (auto& size : sizes)
                size = random() % (4 * body_max);
            add_group(sizes);
        } else {
            std::vector<std::size_t> sizes(random() % 4);
            for (auto& size : sizes)
                size = random() % body_max;
            add_group(sizes);
        }
    }
}

state::source_position source_log::position_after(std::size_t count) const {
    state::source_position position;
    for (std::size_t i = 0; i < count; ++i) {
        position.binlog = events_[i].end();
        if (events_[i].id) position.executed.add(*events_[i].id);
    }
    return position;
}

protocol::result<void> append(relay::log& log, const source_event& event) {
    if (event.begins_file()) {
        if (auto done = log.switch_file({event.file, 4}); !done) return done;
    }
    return log.append(event.view(), event.end_offset, event.role, event.id ? &*event.id : nullptr);
}

void append_all(relay::log& log, std::span<const source_event> events) {
    for (const auto& event : events) {
        const auto done = append(log, event);
        ASSERT_TRUE(done) << done.error().what;
    }
}

protocol::result<std::vector<read_event>> read_available(relay::reader& from) {
    std::vector<read_event> events;
    for (;;) {
        auto event = from.next();
        if (!event) return std::unexpected(event.error());
        if (!*event) return events;
        const auto& found = **event;
        const auto header = protocol::decode_event_header(found.bytes);
        if (!header) return std::unexpected(header.error());
        const bool given_again =
            header->type == event_type::format_description &&
            header->end_log_pos != static_cast<std::uint32_t>(found.end_offset);
        if (given_again) continue;
        events.push_back({{found.bytes.begin(), found.bytes.end()}, *found.file, found.end_offset});
    }
}

std::string difference(std::span<const read_event> got, std::span<const source_event> expected) {
    for (std::size_t i = 0; i < got.size() && i < expected.size(); ++i) {
        const auto& event = expected[i];
        if (got[i].bytes != event.bytes || got[i].file != event.file ||
            got[i].end_offset != event.end_offset) {
            return "event " + std::to_string(i) + " is another one: " + got[i].file + ":" +
                   std::to_string(got[i].end_offset) + " instead of " + event.file + ":" +
                   std::to_string(event.end_offset);
        }
    }
    if (got.size() != expected.size()) {
        return std::to_string(got.size()) + " events instead of " + std::to_string(expected.size());
    }
    return {};
}

} // namespace understudy::relay_test
