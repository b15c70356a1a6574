#include "relay/inspection/binlog_file_source.hpp"
#include "relay/inspection/transaction_assembler.hpp"
#include "tests/relay/inspection/chopped_input.hpp"

#include <gtest/gtest.h>

namespace understudy::relay_test {
namespace {

using namespace relay::inspection;

// Writes down what it sees.
class note_taker final : public transaction_visitor {
public:
    done event(const stream_event&, const transaction* inside) override {
        ++(inside == nullptr ? outside : within);
        return {};
    }
    protocol::result<bool> begin(const transaction& one) override {
        text += "begin " + one.gtid + "\n";
        return pass_over_after == 0 || ++begun <= pass_over_after;
    }
    done statement(const transaction&, const protocol::query_event& query,
                   const protocol::event_header&) override {
        text += "statement " + std::string(query.text.substr(0, 40)) + "\n";
        return {};
    }
    done rows(const transaction&, const table_rows& change) override {
        protocol::row_reader reader(change.table.map, change.rows);
        std::size_t count = 0;
        for (;;) {
            const auto more = reader.next();
            if (!more) return std::unexpected(more.error());
            if (!*more) break;
            ++count;
        }
        text +=
            "rows of " + std::string(change.table.map.table) + ": " + std::to_string(count) + "\n";
        return {};
    }
    done end(const transaction& one, transaction_end how) override {
        text += (how == transaction_end::committed     ? "commit"
                 : how == transaction_end::rolled_back ? "rollback"
                                                       : "prepared");
        text += one.compressed ? " of a compressed one\n" : "\n";
        EXPECT_GT(one.bytes(), 0U);
        if (one.logged_bytes != 0) {
            EXPECT_EQ(one.bytes(), one.logged_bytes) << one.place();
        }
        ++ended;
        return {};
    }

    std::string text;
    std::size_t outside = 0;
    std::size_t within = 0;
    std::size_t ended = 0;
    std::size_t begun = 0;
    std::size_t pass_over_after = 0;
};

std::string assemble(const std::string& name, unsigned seed, note_taker& notes) {
    event_stream stream(
        std::make_unique<binlog_file_source>(
            std::make_unique<chopped_input>(read_bytes(captured(name)), seed), "binlog.000001"),
        event_stream::checksums::check);
    transaction_assembler assembler(notes);
    for (;;) {
        const auto event = stream.next();
        if (!event) return event.error().what;
        if (!*event) return assembler.in_transaction() ? "ends inside a transaction" : "";
        if (auto done = assembler.feed(**event); !done) return done.error().what;
    }
}

TEST(transaction_assembler, sees_the_same_however_the_bytes_arrive) {
    for (const char* name : {"mysql_97_all_types.binlog", "mysql_97_all_types_full_metadata.binlog",
                             "mysql_56_all_types.binlog", "mysql_97_statements.binlog",
                             "mariadb_1011.binlog", "mysql_97_tagged_previous_gtids.binlog"}) {
        note_taker first;
        EXPECT_EQ(assemble(name, 1, first), "") << name;
        EXPECT_EQ(first.begun == 0 && first.text.empty(), first.within == 0);
        for (unsigned seed = 2; seed <= 6; ++seed) {
            SCOPED_TRACE(std::string(name) + ", seed " + std::to_string(seed));
            note_taker notes;
            EXPECT_EQ(assemble(name, seed, notes), "");
            EXPECT_EQ(notes.text, first.text);
        }
    }
}

TEST(transaction_assembler, tells_statements_rows_and_ends) {
    note_taker notes;
    ASSERT_EQ(assemble("mysql_97_statements.binlog", 1, notes), "");
    EXPECT_NE(notes.text.find("begin 11111111-2222-3333-4444-555555555555:red_1:77\n"),
              std::string::npos)
        << notes.text;
    EXPECT_NE(notes.text.find("rows of t: 2\ncommit\n"), std::string::npos) << notes.text;
    EXPECT_GT(notes.outside, 0U);
}

TEST(transaction_assembler, looks_into_compressed_transactions) {
    note_taker notes;
    // The file also holds partial updates of JSON; what comes before them counts here.
    std::ignore = assemble("mysql_97_payload_and_partial_json.binlog", 1, notes);
    EXPECT_NE(notes.text.find("commit of a compressed one"), std::string::npos) << notes.text;
    EXPECT_NE(notes.text.find("rows of "), std::string::npos) << notes.text;
}

TEST(transaction_assembler, decodes_nothing_of_what_is_passed_over) {
    note_taker notes;
    notes.pass_over_after = 1;
    ASSERT_EQ(assemble("mysql_97_statements.binlog", 1, notes), "");
    EXPECT_EQ(notes.ended, 1U);
    EXPECT_GT(notes.begun, 2U);
}

} // namespace
} // namespace understudy::relay_test
