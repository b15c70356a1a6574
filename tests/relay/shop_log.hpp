#pragma once

#include "protocol/binlog/boundary.hpp"
#include "protocol/binlog/format_description.hpp"
#include "protocol/binlog/rows_event.hpp"
#include "protocol/binlog/table_map.hpp"
#include "protocol/gtid/uuid.hpp"
#include "protocol/wire/byte_writer.hpp"
#include "relay/definition_store.hpp"
#include "relay/stored_log.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace understudy::relay_test {

// A relay log on the disk of a source that changes shop.orders (id INT, status ENUM('new','paid'))
// and other tables of the same columns, with binlog_row_metadata=MINIMAL and without GTIDs.
class shop_log {
public:
    explicit shop_log(std::filesystem::path where) {
        options_.directory = std::move(where);
        options_.source_uuid = *protocol::uuid::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562");
        options_.frame_bytes_max = 512;
        options_.segment_bytes_max = 4'096;
        options_.disk_reserve_bytes = 0;
        auto opened = relay::log::open(options_);
        EXPECT_TRUE(opened) << opened.error().what;
        if (!opened) return;
        log_ = std::move(*opened);
        EXPECT_TRUE(log_->reset({{file_, 4}, {}}));
        append(protocol::encode_format_description("9.7.0"));
    }

    [[nodiscard]] const std::filesystem::path& path() const { return options_.directory; }
    [[nodiscard]] protocol::binlog_position end() const { return {file_, offset_}; }

    // Of what comes from here on.
    void define(std::string_view table, std::vector<std::string> names,
                protocol::column_type key = protocol::column_type::long_) {
        relay::definition_record record;
        record.from = end();
        record.what.database = "shop";
        record.what.table = table;
        record.what.columns = {
            {.name = names[0], .type_text = "int", .type = key, .nullable = false},
            {.name = names[1],
             .type_text = "enum('new','paid')",
             .type = protocol::column_type::enum_,
             .metadata = 1,
             .character_set = "utf8mb4",
             .collation = "utf8mb4_bin",
             .labels = {"new", "paid"}}};
        record.what.unique_keys = {{"PRIMARY", {{0, 0}}}};
        EXPECT_TRUE(log_->definitions().note(record));
    }

    // status: 1 or 2.
    void insert(std::uint64_t number, std::string_view table, std::uint32_t id, int status) {
        begin(number, table);
        rows(number, protocol::rows_kind::write, row(id, status));
        commit();
    }
    void update(std::uint64_t number, std::string_view table, std::uint32_t id, int status,
                std::uint32_t new_id, int new_status) {
        begin(number, table);
        auto images = row(id, status);
        const auto after = row(new_id, new_status);
        images.insert(images.end(), after.begin(), after.end());
        rows(number, protocol::rows_kind::update, images);
        commit();
    }
    // An INSERT whose row has so many bytes more than the table's columns, or fewer.
    void insert_misfit(std::uint64_t number, std::string_view table, std::uint32_t id, int more) {
        begin(number, table);
        auto image = row(id, 1);
        image.resize(static_cast<std::size_t>(static_cast<int>(image.size()) + more));
        rows(number, protocol::rows_kind::write, image);
        commit();
    }
    void statement(std::string_view text) { append(query(text)); }
    // Another server's file, or the next one of the same.
    void enter(const std::string& file) {
        file_ = file;
        offset_ = 4;
        EXPECT_TRUE(log_->switch_file({file_, 4}));
        append(protocol::encode_format_description("9.7.0"));
    }
    void flush() { EXPECT_TRUE(log_->flush(true)); }
    // As if everything was applied.
    void index() {
        flush();
        EXPECT_TRUE(log_->retire(end()));
        auto& stored = dynamic_cast<relay::stored_log&>(*log_);
        stored.wait_for_indexes();
    }

private:
    using bytes = std::vector<std::byte>;

    static bytes event(protocol::event_type type, std::span<const std::byte> body) {
        bytes made;
        protocol::byte_writer out(made);
        out.u32(1'700'000'000);
        out.u8(static_cast<std::uint8_t>(type));
        out.u32(1);
        out.u32(static_cast<std::uint32_t>(protocol::event_header_size + body.size()));
        out.u32(0);
        out.u16(0);
        out.bytes(body);
        return made;
    }
    static bytes query(std::string_view text) {
        bytes body;
        protocol::byte_writer out(body);
        out.u32(1);
        out.u32(0);
        out.u8(4);
        out.u16(0);
        out.u16(0);
        out.nul_text("shop");
        out.text(text);
        return event(protocol::event_type::query, body);
    }
    static bytes row(std::uint32_t id, int status) {
        bytes image;
        protocol::byte_writer out(image);
        out.u8(0);
        out.u32(id);
        out.u8(static_cast<std::uint8_t>(status));
        return image;
    }

    void begin(std::uint64_t number, std::string_view table) {
        append(query("BEGIN"));
        bytes layout;
        protocol::byte_writer out(layout);
        out.lenenc(2);
        out.u8(3);
        out.u8(254);
        out.lenenc(2);
        out.u8(247);
        out.u8(1);
        out.u8(2); // status may be NULL
        bytes map;
        protocol::encode_table_map(map, 1'700'000'000, 1, number, 1, "shop", table, layout);
        append(std::move(map));
    }
    void rows(std::uint64_t number, protocol::rows_kind kind, const bytes& images) {
        constexpr std::array all{std::byte{3}};
        protocol::rows_event_header header;
        header.timestamp = 1'700'000'000;
        header.server_id = 1;
        header.kind = kind;
        header.table_id = number;
        header.flags = protocol::rows_flag::statement_end;
        header.column_count = 2;
        header.present = all;
        header.present_after = all;
        bytes whole;
        protocol::encode_rows_event(whole, header, images);
        append(std::move(whole));
    }
    void commit() {
        const bytes number(8);
        append(event(protocol::event_type::xid, number));
    }
    void append(bytes made) {
        offset_ += made.size();
        constexpr std::size_t end_at = 13;
        protocol::byte_writer(made).patch_u32(end_at, static_cast<std::uint32_t>(offset_));
        const auto view = protocol::decode_event(made, false);
        ASSERT_TRUE(view) << view.error().what;
        const auto found = boundary_.feed(*view, format_);
        ASSERT_TRUE(found) << found.error().what;
        const auto done = log_->append(*view, offset_, *found, nullptr);
        ASSERT_TRUE(done) << done.error().what;
    }

    relay::log_options options_;
    std::unique_ptr<relay::log> log_;
    std::string file_ = "binlog.000001";
    std::uint64_t offset_ = 4;
    protocol::boundary boundary_;
    const protocol::format_description format_ =
        *protocol::decode_format_description(protocol::encode_format_description("9.7.0"));
};

} // namespace understudy::relay_test
