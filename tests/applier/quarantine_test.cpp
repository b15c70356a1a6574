#include "applier/quarantine.hpp"

#include "applier/bounded_reader.hpp"
#include "applier/errc.hpp"
#include "applier/group_builder.hpp"
#include "tests/applier/fake_stream.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace understudy::applier {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

state::object_selection selection() {
    state::task_spec spec;
    spec.name = "t";
    spec.objects.include = {"t.*"};
    spec.objects.accounts = {"*"};
    auto made = state::object_selection::make(spec);
    if (!made) throw std::runtime_error(made.error().what);
    return std::move(*made);
}

quarantine_entry entry(std::uint64_t id, std::set<state::object_name> tables) {
    return {.id = id,
            .now = quarantine_entry::stage::aside,
            .tables = std::move(tables),
            .why = "",
            .from = {"binlog.000001", 4}};
}

// "main", "own": which of the two streams executes it; "neither", or the error.
std::string executed_by(std::string_view text) {
    const auto first = entry(1, {{"t", "a"}, {"t", "b"}});
    const auto second = entry(2, {{"t", "x"}});
    logged_statement statement;
    statement.text = text;
    statement.database = "t";
    statement.source_version = 90704;
    source_transaction transaction;
    transaction.file = std::make_shared<const std::string>("binlog.000001");
    const auto plan = plan_statement(statement, selection());
    if (!plan) return plan.error().what;
    if (plan->what == statement_plan::action::skip) return "skipped";
    const auto chosen = selection();
    const auto main =
        stream_share::all_but({first, second}).takes(*plan, statement, transaction, chosen);
    const auto own = stream_share::only(first).takes(*plan, statement, transaction, chosen);
    if (!main) return main.error().code == errc::quarantined ? "refused" : main.error().what;
    if (!own) return own.error().what;
    if (*main && *own) return "both";
    return *main ? "main" : *own ? "own" : "neither";
}

TEST(stream_share, gives_each_statement_to_one_stream_or_refuses_it) {
    const std::pair<const char*, const char*> cases[] = {
        {"ALTER TABLE a ADD c INT", "own"},
        {"ALTER TABLE t.b ADD c INT", "own"},
        {"ALTER TABLE c ADD a INT", "main"},
        {"ALTER TABLE x ADD c INT", "neither"}, // its own stream's
        {"TRUNCATE TABLE a", "own"},
        {"GRANT SELECT ON a TO u", "refused"},
        {"REVOKE SELECT ON x FROM u", "refused"},
        {"GRANT SELECT ON c TO u", "main"},
        {"GRANT SELECT ON t.* TO u", "main"},
        {"DROP USER u", "main"},
        {"CREATE INDEX i ON b (v)", "own"},
        {"DROP INDEX i ON c", "main"},
        {"DROP TABLE a", "own"},
        {"DROP TABLE a, b", "own"},
        {"DROP TABLE a, c", "refused"},
        {"DROP TABLE a, x", "refused"},
        {"CREATE TABLE a (id INT)", "own"},
        {"CREATE TABLE a (id INT, FOREIGN KEY (id) REFERENCES b (id))", "own"},
        {"CREATE TABLE a (id INT, FOREIGN KEY (id) REFERENCES c (id))", "refused"},
        {"CREATE TABLE c (id INT, FOREIGN KEY (id) REFERENCES t.a (id))", "refused"},
        {"CREATE TABLE c (id INT, FOREIGN KEY (id) REFERENCES d (id))", "main"},
        {"CREATE TABLE a (id INT, FOREIGN KEY (id) REFERENCES elsewhere.c (id))", "own"},
        {"ALTER TABLE a ADD CHECK (v LIKE elsewhere.c)", "own"},
        {"CREATE TABLE _a_gho LIKE a", "refused"},
        {"CREATE TABLE a LIKE b", "own"},
        {"CREATE TABLE c (v VARCHAR(9) CHECK (v LIKE 'a%'))", "main"},
        {"ALTER TABLE c ADD FOREIGN KEY (v) REFERENCES `a` (id)", "refused"},
        {"CREATE TABLE m (id INT) ENGINE=MERGE UNION=(c, a)", "refused"},
        {"RENAME TABLE c TO d", "main"},
        {"RENAME TABLE a TO d", "refused"},
        {"RENAME TABLE a TO tmp, b TO a, tmp TO b", "refused"},
        {"ALTER TABLE a RENAME TO b", "own"},
        {"ALTER TABLE a EXCHANGE PARTITION p WITH TABLE c", "refused"},
        {"DROP DATABASE t", "refused"},
        {"ALTER DATABASE t CHARACTER SET latin1", "refused"},
        {"CREATE VIEW v AS SELECT * FROM a", "refused"}, // it waits with the table: wait_with()
        {"CREATE VIEW v AS SELECT * FROM c JOIN t.a USING (id)", "refused"},
        {"CREATE VIEW b AS SELECT * FROM a", "own"}, // a view that was taken in
        {"CREATE VIEW v AS SELECT * FROM c WHERE id > 1", "main"},
        {"CREATE VIEW v AS WITH a AS (SELECT 1) SELECT * FROM a", "main"},
        {"DROP VIEW v", "main"},
        {"DROP VIEW b", "own"},
        {"CREATE TRIGGER tr BEFORE INSERT ON a FOR EACH ROW SET @x = 1", "own"},
        {"CREATE TRIGGER tr BEFORE INSERT ON c FOR EACH ROW SET @x = 1", "main"},
        {"DROP TRIGGER tr", "both"}, // the target tells whose it is
        {"CREATE PROCEDURE p() DELETE FROM a", "main"},
        {"INSERT INTO c VALUES (1)", "refused"}, // as text: nobody knows all that it reads
    };
    for (const auto& [text, wanted] : cases) {
        SCOPED_TRACE(text);
        EXPECT_EQ(executed_by(text), wanted);
    }
}

TEST(stream_share, of_a_task_without_trouble_is_everything) {
    const stream_share all;
    EXPECT_TRUE(all.is_everything());
    EXPECT_TRUE(all.takes(state::object_name{"t", "a"}));
    // One that is only asked for is not aside yet.
    auto asked = entry(1, {{"t", "a"}});
    asked.now = quarantine_entry::stage::asked;
    EXPECT_TRUE(stream_share::all_but({asked}).is_everything());
}

class shared_log : public testing::Test {
protected:
    static std::vector<std::string> read(std::unique_ptr<relay::reader> reader,
                                         stream_share share) {
        const auto chosen = selection();
        group_builder builder(std::move(reader), chosen, {}, true, 90704, {});
        builder.set_share(std::move(share));
        std::vector<std::string> seen;
        for (;;) {
            auto next = builder.next();
            if (!next) {
                seen.push_back(next.error().code == errc::quarantined ? "refused"
                                                                      : next.error().what);
                return seen;
            }
            if (!*next) return seen;
            if ((*next)->statement) seen.push_back((*next)->statement->plan.text);
            for (const row_change& change : (*next)->changes) {
                seen.push_back(change.table ? change.table->name.object : "other");
            }
        }
    }
    void rows(std::uint8_t number, std::string_view table) {
        log.gtid(number);
        log.begin();
        log.map(7, "t", table);
        log.write(7, {1, 2});
        log.commit();
    }
    fake_stream log;
    const quarantine_entry aside = entry(1, {{"t", "a"}});
};

TEST_F(shared_log, has_each_change_in_one_stream) {
    rows(1, "a");
    rows(2, "b");
    log.gtid(3);
    log.query("ALTER TABLE a ADD c INT");
    log.gtid(4);
    log.query("ALTER TABLE b ADD c INT");
    log.gtid(5);
    log.begin();
    log.map(7, "t", "a");
    log.map(8, "t", "b");
    log.write(7, {1}, 0);
    log.write(8, {1});
    log.commit();
    EXPECT_THAT(read(log.reader(), stream_share::all_but({aside})),
                ElementsAre("b", "ALTER TABLE b ADD c INT", "b"));
    EXPECT_THAT(read(log.reader(), stream_share::only(aside)),
                ElementsAre("a", "ALTER TABLE a ADD c INT", "a"));
}

TEST_F(shared_log, stops_at_an_xa_transaction_that_changes_a_table_set_aside) {
    log.gtid(1);
    log.query("XA START X'61',X'',1");
    log.map(7, "t", "a");
    log.write(7, {1});
    log.query("XA END X'61',X'',1");
    log.xa_prepare("a");
    EXPECT_THAT(read(log.reader(), stream_share::all_but({aside})), ElementsAre("refused"));
    EXPECT_THAT(read(log.reader(), stream_share::only(aside)), ElementsAre("refused"));
}

TEST_F(shared_log, leaves_other_xa_transactions_to_the_task) {
    log.gtid(1);
    log.query("XA START X'61',X'',1");
    log.map(7, "t", "b");
    log.write(7, {1});
    log.query("XA END X'61',X'',1");
    log.xa_prepare("a");
    log.gtid(2);
    log.query("XA COMMIT X'61',X'',1");
    EXPECT_THAT(read(log.reader(), stream_share::all_but({aside})), ElementsAre("b", "other"));
    EXPECT_THAT(read(log.reader(), stream_share::only(aside)), IsEmpty());
}

TEST_F(shared_log, ends_at_the_bound_and_goes_on_when_it_moves) {
    rows(1, "a");
    protocol::binlog_position bound{"binlog.000001", log.end_offset()};
    rows(2, "a");
    bounded_reader reader(log.reader(), bound);
    int before = 0;
    for (auto next = reader.next(); next && *next; next = reader.next())
        ++before;
    EXPECT_EQ(before, 6); // the format and a transaction
    bound.offset = log.end_offset();
    int after = 0;
    for (auto next = reader.next(); next && *next; next = reader.next())
        ++after;
    EXPECT_EQ(after, 5);
    EXPECT_FALSE(*reader.next());
}

} // namespace
} // namespace understudy::applier
