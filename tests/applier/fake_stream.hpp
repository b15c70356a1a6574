#pragma once

#include "protocol/binlog/event_type.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/binlog/table_map_layout.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "relay/log.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A source's log made by hand, as the relay's reader gives it.
//
//   fake_stream log;
//   log.gtid(1); log.begin(); log.map(7, "t", "a"); log.write(7, {1, 2}); log.commit();
//   group_builder builder(log.reader(), …);
//
// Tables have two INT columns; a row is (n, n * 10).
namespace understudy::applier {

class fake_stream {
public:
    fake_stream() {
        std::vector<std::byte> format = protocol::encode_format_description("9.7.4");
        push(std::move(format));
    }

    void gtid(std::uint8_t number) {
        body_.clear();
        protocol::byte_writer out(body_);
        out.u8(0);
        for (int i = 0; i < 16; ++i)
            out.u8(0xaa);
        out.u64(number);
        out.u8(2);
        out.u64(0);
        out.u64(number);
        event(protocol::event_type::gtid);
    }
    void query(std::string_view text, std::string_view database = "t") {
        body_.clear();
        protocol::byte_writer out(body_);
        out.u32(1);
        out.u32(0);
        out.u8(static_cast<std::uint8_t>(database.size()));
        out.u16(0);
        out.u16(0);
        out.nul_text(database);
        out.text(text);
        event(protocol::event_type::query);
    }
    void begin() { query("BEGIN"); }
    // XA PREPARE of X'<name>',X'',1; or XA COMMIT … ONE PHASE.
    void xa_prepare(std::string_view name, bool one_phase = false) {
        body_.clear();
        protocol::byte_writer out(body_);
        out.u8(one_phase ? 1 : 0);
        out.u32(1);
        out.u32(static_cast<std::uint32_t>(name.size()));
        out.u32(0);
        out.text(name);
        event(protocol::event_type::xa_prepare);
    }
    void commit() {
        body_.clear();
        protocol::byte_writer(body_).u64(99);
        event(protocol::event_type::xid);
    }
    // With binlog_row_metadata=FULL as far as names go; `columns` INTs or, where their name begins
    // with "t_", VARCHAR(20) of utf8mb4.
    void named_map(std::uint64_t id, std::string_view database, std::string_view table,
                   const std::vector<std::string>& columns) {
        constexpr std::uint16_t collation = 255;
        std::vector<protocol::map_column> all;
        for (const std::string& name : columns) {
            protocol::map_column one;
            one.what.name = name;
            one.what.type = protocol::column_type::long_;
            one.what.is_unsigned = false;
            if (name.starts_with("t_")) {
                one.what.type = protocol::column_type::varchar;
                one.what.is_unsigned.reset();
                one.what.collation = collation;
                one.logged_metadata = {std::byte{80}, std::byte{0}};
            }
            one.logged_type = static_cast<std::byte>(one.what.type);
            all.push_back(std::move(one));
        }
        body_.clear();
        protocol::byte_writer out(body_);
        out.u48(id);
        out.u16(1);
        out.u8(static_cast<std::uint8_t>(database.size()));
        out.nul_text(database);
        out.u8(static_cast<std::uint8_t>(table.size()));
        out.nul_text(table);
        out.bytes(protocol::join_columns(all, {}));
        event(protocol::event_type::table_map);
    }
    // Whole images of so many columns.
    void images(protocol::event_type type, std::uint64_t id, std::uint8_t columns,
                const std::vector<std::byte>& rows, std::uint16_t flags = 1) {
        body_.clear();
        protocol::byte_writer out(body_);
        out.u48(id);
        out.u16(flags);
        out.u16(2);
        out.lenenc(columns);
        out.u8(static_cast<std::uint8_t>((1U << columns) - 1));
        if (type == protocol::event_type::update_rows)
            out.u8(static_cast<std::uint8_t>((1U << columns) - 1));
        out.bytes(rows);
        event(type);
    }
    // Images with the columns of the bitmap only; an UPDATE has another for those behind it.
    void some_columns(protocol::event_type type, std::uint64_t id, std::uint8_t columns,
                      std::uint8_t present, const std::vector<std::byte>& rows,
                      std::optional<std::uint8_t> present_after = std::nullopt) {
        body_.clear();
        protocol::byte_writer out(body_);
        out.u48(id);
        out.u16(1);
        out.u16(2);
        out.lenenc(columns);
        out.u8(present);
        if (present_after) out.u8(*present_after);
        out.bytes(rows);
        event(type);
    }
    void map(std::uint64_t id, std::string_view database, std::string_view table) {
        body_.clear();
        protocol::byte_writer out(body_);
        out.u48(id);
        out.u16(1);
        out.u8(static_cast<std::uint8_t>(database.size()));
        out.nul_text(database);
        out.u8(static_cast<std::uint8_t>(table.size()));
        out.nul_text(table);
        out.lenenc(2);
        out.u8(3);
        out.u8(3);
        out.lenenc(0);
        out.u8(2); // the second column may be NULL
        event(protocol::event_type::table_map);
    }
    void write(std::uint64_t id, const std::vector<std::uint32_t>& rows, std::uint16_t flags = 1) {
        std::vector<std::byte> images;
        for (const std::uint32_t row : rows)
            append_row(images, row, row * 10);
        rows_event(protocol::event_type::write_rows, id, flags, images);
    }
    void rows_event(protocol::event_type type, std::uint64_t id, std::uint16_t flags,
                    const std::vector<std::byte>& images) {
        body_.clear();
        protocol::byte_writer out(body_);
        out.u48(id);
        out.u16(flags);
        out.u16(2);
        out.lenenc(2);
        out.u8(3);
        if (type == protocol::event_type::update_rows) out.u8(3);
        out.bytes(images);
        event(type);
    }
    void bare(protocol::event_type type, std::size_t size = 8) {
        body_.assign(size, std::byte{0});
        event(type);
    }
    static void append_row(std::vector<std::byte>& out, std::uint32_t first, std::uint32_t second) {
        protocol::byte_writer writer(out);
        writer.u8(0);
        writer.u32(first);
        writer.u32(second);
    }

    [[nodiscard]] std::uint64_t end_offset() const { return offset_; }
    [[nodiscard]] std::unique_ptr<relay::reader> reader() {
        return std::make_unique<fake_reader>(events_);
    }

private:
    using stored = std::vector<relay::stored_event>;
    class fake_reader final : public relay::reader {
    public:
        explicit fake_reader(std::shared_ptr<stored> events) : events_(std::move(events)) {}
        protocol::result<std::optional<relay::stored_event>> next() override {
            if (at_ == events_->size()) return std::nullopt;
            return (*events_)[at_++];
        }
        [[nodiscard]] std::optional<std::uint64_t> unread() const override {
            std::uint64_t sum = 0;
            for (std::size_t i = at_; i < events_->size(); ++i)
                sum += (*events_)[i].bytes.size();
            return sum;
        }
        void release_until(const protocol::binlog_position&) override {}

    private:
        std::shared_ptr<stored> events_;
        std::size_t at_ = 0;
    };

    void event(protocol::event_type type) {
        std::vector<std::byte> bytes;
        protocol::byte_writer out(bytes);
        out.u32(1'700'000'000);
        out.u8(static_cast<std::uint8_t>(type));
        out.u32(1);
        out.u32(static_cast<std::uint32_t>(protocol::event_header_size + body_.size()));
        out.u32(0);
        out.u16(0);
        out.bytes(body_);
        push(std::move(bytes));
    }
    void push(std::vector<std::byte> bytes) {
        kept_->push_back(std::move(bytes));
        const auto& held = kept_->back();
        offset_ += held.size();
        events_->push_back({nullptr, held, file_, offset_});
    }

    std::vector<std::byte> body_;
    std::uint64_t offset_ = 4;
    std::shared_ptr<const std::string> file_ = std::make_shared<const std::string>("binlog.000001");
    std::shared_ptr<std::deque<std::vector<std::byte>>> kept_ =
        std::make_shared<std::deque<std::vector<std::byte>>>();
    std::shared_ptr<stored> events_ = std::make_shared<stored>();
};

} // namespace understudy::applier
