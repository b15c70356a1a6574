#include "applier/row_image_writer.hpp"

#include "applier/base64.hpp"
#include "applier/errc.hpp"
#include "tests/applier/fake_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <openssl/evp.h>

#include <stdexcept>

namespace understudy::applier {
namespace {

constexpr std::byte both{3};

std::vector<std::byte> decode_statement(std::string_view sql) {
    const std::string_view text = sql.substr(8, sql.size() - 9);
    std::vector<std::byte> out(text.size());
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    std::size_t padding = 0;
    while (text[text.size() - 1 - padding] == '=')
        ++padding;
    out.resize(static_cast<std::size_t>(size) - padding);
    return out;
}

class row_images : public testing::Test {
protected:
    row_images() : plan_a(make_plan(1, "a")), plan_b(make_plan(2, "b")) {
        auto decoded =
            protocol::decode_format_description(protocol::encode_format_description("9.7.4"));
        if (!decoded) throw std::runtime_error(decoded.error().what);
        format = *decoded;
    }

    static table_plan make_plan(std::uint64_t id, const std::string& name) {
        auto source = std::make_shared<source_table>();
        static const std::byte definition[] = {std::byte{2}, std::byte{3}, std::byte{3},
                                               std::byte{0}, std::byte{0}};
        source->map.after_names = definition;
        source->map.columns.resize(2);
        source->name = {"t", name};
        table_plan plan;
        plan.source = source;
        plan.target.name = {"t", name};
        plan.table_id = id;
        return plan;
    }
    row_image_writer make(writer_limits limits = {}) {
        return {limits,
                [this](std::string_view sql, rbr_mode mode, auto) -> protocol::result<void> {
                    statements.emplace_back(sql);
                    modes.push_back(mode);
                    return {};
                }};
    }
    rows_to_write rows(const table_plan& plan, std::uint32_t value, std::uint16_t flags = 0) {
        auto& image = images.emplace_back();
        fake_stream::append_row(image, value, value);
        rows_to_write out;
        out.table = &plan;
        out.flags = flags;
        out.present = {&both, 1};
        out.rows = image;
        return out;
    }
    // "Ma Mb Wa Wb!" : maps, rows, and ! for the end of a statement
    std::string outline(const std::string& sql) {
        std::string out;
        const std::vector<std::byte> bytes = decode_statement(sql);
        std::span<const std::byte> rest = bytes;
        while (!rest.empty()) {
            auto header = protocol::decode_event_header(rest);
            auto event = protocol::decode_event(rest.first(header->length), false);
            if (header->type == protocol::event_type::table_map) {
                out += 'M';
                out += static_cast<char>('a' + std::to_integer<int>(event->body[0]) - 1);
            } else {
                auto decoded = protocol::decode_rows_event(*event, format);
                out += 'R';
                out += static_cast<char>('a' + static_cast<int>(decoded->table_id) - 1);
                out += std::to_string(decoded->rows.size() / 9);
                if ((decoded->flags & protocol::rows_flag::statement_end) != 0) out += '!';
            }
            rest = rest.subspan(header->length);
        }
        return out;
    }

    table_plan plan_a;
    table_plan plan_b;
    protocol::format_description format;
    std::deque<std::vector<std::byte>> images;
    std::vector<std::string> statements;
    std::vector<rbr_mode> modes;
};

TEST_F(row_images, map_every_table_before_the_rows_and_end_the_statement) {
    auto writer = make();
    ASSERT_TRUE(writer.append(rows(plan_a, 1), rbr_mode::strict, {}));
    ASSERT_TRUE(writer.append(rows(plan_b, 2), rbr_mode::strict, {}));
    ASSERT_TRUE(writer.append(rows(plan_a, 3), rbr_mode::strict, {}));
    ASSERT_TRUE(writer.finish());
    ASSERT_EQ(statements.size(), 1U);
    EXPECT_EQ(outline(statements[0]), "MaMbRa1Rb1Ra1!");
}

TEST_F(row_images, commit_behind_the_last_statement_only) {
    auto writer = make({.statement_bytes = 200});
    for (std::uint32_t i = 0; i < 40; ++i)
        ASSERT_TRUE(writer.append(rows(plan_a, i), rbr_mode::strict, {}));
    ASSERT_TRUE(writer.finish_and_commit());
    ASSERT_GT(statements.size(), 1U);
    EXPECT_THAT(statements.back(), testing::EndsWith("'; COMMIT"));
    statements.pop_back();
    EXPECT_THAT(statements, testing::Each(testing::EndsWith("'")));
}

TEST_F(row_images, join_neighbours_of_one_kind) {
    auto writer = make();
    for (std::uint32_t i = 0; i < 5; ++i)
        ASSERT_TRUE(writer.append(rows(plan_a, i), rbr_mode::strict, {}));
    auto alone = rows(plan_a, 6);
    alone.joinable = false;
    ASSERT_TRUE(writer.append(alone, rbr_mode::strict, {}));
    ASSERT_TRUE(writer.append(rows(plan_a, 7), rbr_mode::strict, {}));
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(outline(statements.at(0)), "MaRa5Ra1Ra1!");
}

TEST_F(row_images, take_an_update_whose_images_lie_apart) {
    auto writer = make();
    std::vector<std::byte> before;
    std::vector<std::byte> after;
    fake_stream::append_row(before, 1, 10);
    fake_stream::append_row(after, 1, 11);
    rows_to_write update;
    update.table = &plan_a;
    update.kind = protocol::rows_kind::update;
    update.present = update.present_after = {&both, 1};
    update.rows = before;
    update.after = after;
    ASSERT_TRUE(writer.append(update, rbr_mode::strict, {}));
    ASSERT_TRUE(writer.append(update, rbr_mode::strict, {}));
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(outline(statements.at(0)), "MaRa4!");
    const auto bytes = decode_statement(statements.at(0));
    std::vector<std::byte> images = before;
    images.insert(images.end(), after.begin(), after.end());
    images.insert(images.end(), images.begin(), images.end());
    EXPECT_TRUE(std::ranges::equal(std::span(bytes).last(images.size()), images));
}

TEST_F(row_images, start_a_run_when_the_flags_change) {
    auto writer = make();
    ASSERT_TRUE(writer.append(rows(plan_a, 1), rbr_mode::strict, {}));
    ASSERT_TRUE(writer.append(rows(plan_a, 2, protocol::rows_flag::no_foreign_key_checks),
                              rbr_mode::strict, {}));
    ASSERT_TRUE(writer.append(rows(plan_a, 3, protocol::rows_flag::no_foreign_key_checks | 1),
                              rbr_mode::strict, {}));
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(outline(statements.at(0)), "MaRa1!MaRa2!");
}

TEST_F(row_images, start_a_statement_when_the_mode_changes) {
    auto writer = make();
    ASSERT_TRUE(writer.append(rows(plan_a, 1), rbr_mode::strict, {}));
    ASSERT_TRUE(writer.append(rows(plan_a, 2), rbr_mode::idempotent, {}));
    ASSERT_TRUE(writer.finish());
    ASSERT_EQ(statements.size(), 2U);
    EXPECT_EQ(modes[0], rbr_mode::strict);
    EXPECT_EQ(modes[1], rbr_mode::idempotent);
    EXPECT_EQ(outline(statements[1]), "MaRa1!");
}

TEST_F(row_images, repeat_the_maps_in_every_statement) {
    auto writer = make({.statement_bytes = 200, .event_bytes = 60});
    for (std::uint32_t i = 0; i < 12; ++i) {
        ASSERT_TRUE(writer.append(rows(i % 2 == 0 ? plan_a : plan_b, i), rbr_mode::strict, {}));
    }
    ASSERT_TRUE(writer.finish());
    EXPECT_GT(statements.size(), 2U);
    for (const auto& sql : statements) {
        const std::string seen = outline(sql);
        EXPECT_EQ(seen[0], 'M');
        EXPECT_EQ(seen.back(), '!');
    }
}

TEST_F(row_images, hold_the_maps_of_tables_that_only_foreign_keys_need) {
    auto writer = make();
    const table_plan* const needed[] = {&plan_a, &plan_b};
    ASSERT_TRUE(writer.append(rows(plan_a, 1), rbr_mode::strict, needed));
    ASSERT_TRUE(writer.finish());
    EXPECT_EQ(outline(statements.at(0)), "MaMbRa1!");
}

TEST_F(row_images, refuse_what_no_packet_holds) {
    auto writer = make({.packet_bytes = 150});
    auto refused = writer.append(rows(plan_a, 1), rbr_mode::strict, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, errc::packet_too_large);
    EXPECT_NE(refused.error().what.find("`t`.`a`"), std::string::npos);
}

TEST(base64, is_what_the_rfc_says) {
    const auto encode = [](std::string_view text) {
        std::string out = "<";
        append_base64(out, std::as_bytes(std::span(text)));
        return out;
    };
    EXPECT_EQ(encode(""), "<");
    EXPECT_EQ(encode("f"), "<Zg==");
    EXPECT_EQ(encode("fo"), "<Zm8=");
    EXPECT_EQ(encode("foo"), "<Zm9v");
    EXPECT_EQ(encode("foobar"), "<Zm9vYmFy");
    const std::string large((7U << 20U) + 1, 'x');
    EXPECT_EQ(encode(large).size(), base64_size(large.size()) + 1);
}

} // namespace
} // namespace understudy::applier
