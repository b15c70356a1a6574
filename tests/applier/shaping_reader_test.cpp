#include "applier/shaping_reader.hpp"

#include "applier/errc.hpp"
#include "applier/group_builder.hpp"
#include "tests/applier/fake_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <tuple>

namespace understudy::applier {
namespace {

using protocol::event_type;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using rules = state::task_spec::table_rules;

state::object_selection select(rules with) {
    state::task_spec spec;
    spec.name = "t";
    spec.objects.include = {"t.*"};
    with.pattern = "t.a";
    spec.objects.tables = {std::move(with)};
    auto made = state::object_selection::make(spec);
    if (!made) throw std::runtime_error(made.error().what);
    return std::move(*made);
}

rules where(std::string condition) {
    rules made;
    made.where = std::move(condition);
    return made;
}

// Images of (id INT, v INT, t_name VARCHAR(20)); a name of "-" is NULL.
class rows_of_three {
public:
    rows_of_three& add(std::uint32_t id, std::uint32_t v, std::string_view name) {
        protocol::byte_writer out(bytes);
        out.u8(name == "-" ? 4 : 0);
        out.u32(id);
        out.u32(v);
        if (name == "-") return *this;
        out.u8(static_cast<std::uint8_t>(name.size()));
        out.text(name);
        return *this;
    }
    std::vector<std::byte> bytes;
};

// What the applier would see: "W 1,2,x" for each row, "U 1,2,x>1,3,x", "end" for statement ends
// without rows.
class shaped_log : public testing::Test {
protected:
    void begin(const std::vector<std::string>& columns = {"id", "v", "t_name"}) {
        log.gtid(1);
        log.begin();
        log.named_map(7, "t", "a", columns);
    }
    static std::string text_of(const protocol::row_image& image,
                               const std::vector<protocol::column_definition>& columns) {
        std::string text;
        protocol::value_writer values(protocol::value_form::text);
        for (std::size_t i = 0; i < columns.size(); ++i) {
            if (i > 0) text += ",";
            if (!image.columns[i].present) continue;
            EXPECT_TRUE(values.append(text, columns[i], image.columns[i]));
        }
        return text;
    }
    std::vector<std::string> read(rules with) {
        const auto selection = select(std::move(with));
        group_builder builder(log.reader(), selection, {}, true, 90704, {});
        std::vector<std::string> seen;
        for (;;) {
            auto next = builder.next();
            if (!next) {
                seen.push_back(next.error().what);
                return seen;
            }
            if (!*next) return seen;
            for (const row_change& change : (*next)->changes)
                show(**next, change, seen);
        }
    }
    void show(const group& of, const row_change& change, std::vector<std::string>& seen) {
        const auto event =
            protocol::decode_event(change.event.bytes, of.format->has_checksum()).value();
        const auto rows = protocol::decode_rows_event(event, *of.format).value();
        const auto& map = change.table->map;
        const auto columns = protocol::define_columns(map).value();
        names = map.column_names;
        protocol::row_reader reader(map, rows);
        std::uint32_t count = 0;
        while (reader.next().value()) {
            ++count;
            switch (rows.kind) {
            case protocol::rows_kind::write:
                seen.push_back("W " + text_of(reader.after(), columns));
                break;
            case protocol::rows_kind::delete_:
                seen.push_back("D " + text_of(reader.before(), columns));
                break;
            case protocol::rows_kind::update:
                seen.push_back("U " + text_of(reader.before(), columns) + ">" +
                               text_of(reader.after(), columns));
                break;
            }
        }
        EXPECT_EQ(change.rows, count);
        EXPECT_GT(count, 0U);
    }

    fake_stream log;
    std::vector<std::string> names; // of the columns last seen
};

TEST_F(shaped_log, has_only_rows_that_the_condition_takes) {
    begin();
    log.images(event_type::write_rows, 7, 3,
               rows_of_three().add(1, 5, "a").add(2, 15, "b").add(3, 25, "-").bytes, 0);
    log.images(event_type::delete_rows, 7, 3, rows_of_three().add(1, 5, "a").add(2, 15, "b").bytes);
    log.commit();
    EXPECT_THAT(read(where("v > 10")), ElementsAre("W 2,15,b", "W 3,25,NULL", "D 2,15,b"));
    EXPECT_THAT(read(where("t_name = 'b' OR t_name IS NULL")),
                ElementsAre("W 2,15,b", "W 3,25,NULL", "D 2,15,b"));
    // NULL is neither equal nor not.
    EXPECT_THAT(read(where("t_name != 'b'")), ElementsAre("W 1,5,a", "D 1,5,a"));
}

TEST_F(shaped_log, turns_updates_that_cross_the_condition_into_inserts_and_deletes_in_order) {
    begin();
    rows_of_three rows;
    rows.add(1, 20, "a").add(1, 21, "a"); // stays
    rows.add(2, 20, "b").add(2, 5, "b");  // leaves
    rows.add(3, 5, "c").add(3, 20, "c");  // comes
    rows.add(4, 5, "d").add(4, 6, "d");   // never was there
    rows.add(5, 5, "e").add(5, 30, "e");  // comes
    rows.add(6, 11, "f").add(7, 12, "f"); // stays
    log.images(event_type::update_rows, 7, 3, rows.bytes);
    log.commit();
    EXPECT_THAT(read(where("v > 10")), ElementsAre("U 1,20,a>1,21,a", "D 2,20,b", "W 3,20,c",
                                                   "W 5,30,e", "U 6,11,f>7,12,f"));
}

TEST_F(shaped_log, goes_on_behind_statements_of_which_nothing_is_left) {
    begin();
    log.images(event_type::write_rows, 7, 3, rows_of_three().add(1, 5, "a").bytes);
    log.map(8, "t", "b");
    log.write(8, {4});
    log.commit();
    log.gtid(2);
    log.begin();
    log.named_map(7, "t", "a", {"id", "v", "t_name"});
    log.images(event_type::write_rows, 7, 3, rows_of_three().add(2, 15, "b").bytes);
    log.commit();
    EXPECT_THAT(read(where("v > 10")), ElementsAre("W 4,40", "W 2,15,b"));
}

TEST_F(shaped_log, has_the_columns_of_the_target) {
    begin();
    log.images(event_type::write_rows, 7, 3, rows_of_three().add(1, 5, "a").add(2, 6, "-").bytes,
               0);
    log.images(event_type::update_rows, 7, 3, rows_of_three().add(1, 5, "a").add(1, 7, "-").bytes,
               0);
    log.images(event_type::delete_rows, 7, 3, rows_of_three().add(2, 6, "-").bytes);
    log.commit();
    rules with;
    with.drop_columns = {"v"};
    with.rename_columns = {{"t_name", "label"}};
    with.add_columns = {{"shard", -3, ""}, {"origin", std::nullopt, "Zürich"}};
    EXPECT_THAT(read(with), ElementsAre("W -3,Zürich,1,a", "W -3,Zürich,2,NULL",
                                        "U -3,Zürich,1,a>-3,Zürich,1,NULL", "D -3,Zürich,2,NULL"));
    EXPECT_THAT(names, ElementsAre("shard", "origin", "id", "label"));
}

TEST_F(shaped_log, takes_rows_by_columns_that_the_target_has_not) {
    begin();
    log.images(event_type::write_rows, 7, 3, rows_of_three().add(1, 5, "a").add(2, 6, "b").bytes);
    log.commit();
    rules with = where("v = 6");
    with.drop_columns = {"v"};
    EXPECT_THAT(read(with), ElementsAre("W 2,b"));
}

TEST_F(shaped_log, asks_the_condition_where_only_columns_change_that_the_target_has_not) {
    begin();
    std::vector<std::byte> body;
    protocol::byte_writer out(body);
    for (const auto& [id, v_before, v_after] :
         {std::tuple{1U, 6U, 7U}, std::tuple{2U, 6U, 5U}, std::tuple{3U, 9U, 8U}}) {
        out.u8(4); // the name is NULL
        out.u32(id);
        out.u32(v_before);
        out.u8(0);
        out.u32(v_after);
    }
    log.some_columns(event_type::update_rows, 7, 3, 0x07, body, 0x02);
    log.commit();
    rules with = where("v < 7");
    with.drop_columns = {"v"};
    EXPECT_THAT(read(with), ElementsAre("D 1,NULL"));
    with.where.clear();
    EXPECT_THAT(read(with), IsEmpty());
}

TEST_F(shaped_log, leaves_out_the_kinds_of_changes_that_the_task_skips) {
    begin();
    log.images(event_type::write_rows, 7, 3, rows_of_three().add(1, 5, "a").bytes, 0);
    log.images(event_type::update_rows, 7, 3, rows_of_three().add(1, 5, "a").add(1, 6, "a").bytes,
               0);
    log.images(event_type::delete_rows, 7, 3, rows_of_three().add(1, 6, "a").bytes);
    log.commit();
    rules with;
    with.skip = {"delete"};
    EXPECT_THAT(read(with), ElementsAre("W 1,5,a", "U 1,5,a>1,6,a"));
    with.skip = {"insert", "update"};
    EXPECT_THAT(read(with), ElementsAre("D 1,6,a"));
    with.skip = {"insert", "update", "delete"};
    EXPECT_THAT(read(with), IsEmpty());
}

TEST_F(shaped_log, stops_behind_what_came_before_where_a_table_does_not_fit) {
    log.gtid(1);
    log.begin();
    log.map(8, "t", "b");
    log.write(8, {4});
    log.commit();
    log.gtid(2);
    log.begin();
    log.named_map(7, "t", "a", {"id", "t_name"});
    log.images(event_type::write_rows, 7, 2, {});
    log.commit();
    EXPECT_THAT(read(where("v > 10")),
                ElementsAre("W 4,40", HasSubstr("objects.tables does not fit it: it has no column "
                                                "`v`")));
}

TEST_F(shaped_log, stops_at_a_table_whose_columns_have_no_names) {
    log.gtid(1);
    log.begin();
    log.map(7, "t", "a");
    log.write(7, {4});
    log.commit();
    EXPECT_THAT(read(where("v > 10")),
                ElementsAre(HasSubstr("SET GLOBAL binlog_row_metadata = FULL")));
    rules with;
    with.skip = {"delete"};
    EXPECT_THAT(read(with), ElementsAre("W 4,40"));
}

TEST_F(shaped_log, stops_at_a_change_that_does_not_hold_what_the_condition_asks_for) {
    begin();
    std::vector<std::byte> body;
    protocol::byte_writer out(body);
    out.u8(0);
    out.u32(1);
    log.some_columns(event_type::delete_rows, 7, 3, 0x01, body);
    log.commit();
    EXPECT_THAT(read(where("v > 10")), ElementsAre(HasSubstr("binlog_row_image=FULL")));
    EXPECT_THAT(read(where("id = 1")), ElementsAre("D 1,,"));
}

} // namespace
} // namespace understudy::applier
