// What precheck says about real servers: the statement that it gives is executed, and then it is
// content.

#include "applier/checkpoint_store.hpp"
#include "applier/objects_store.hpp"
#include "precheck/owner_sql.hpp"
#include "precheck/precheck.hpp"
#include "state/objects_text.hpp"

#include "tests/support/live_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace understudy::test {
namespace {

using precheck::item;
using precheck::outcome;
using precheck::report;
using precheck::severity;
using testing::HasSubstr;

constexpr auto shop = R"(
CREATE DATABASE shop; USE shop;
CREATE TABLE customer (id INT PRIMARY KEY, name VARCHAR(100)) ENGINE=InnoDB;
CREATE TABLE visit (at DATETIME, page VARCHAR(100)) ENGINE=InnoDB;
CREATE VIEW names AS SELECT name FROM customer;
CREATE TRIGGER note BEFORE INSERT ON customer FOR EACH ROW SET NEW.name = TRIM(NEW.name);
)";

item said(const report& all, const std::string& id) {
    const auto found = std::ranges::find(all.items, id, &item::id);
    EXPECT_NE(found, all.items.end()) << id << " in\n" << precheck::to_text(all, false);
    return found == all.items.end() ? item{} : *found;
}

class precheck_live : public testing::Test {
protected:
    precheck_live(server_kind source = server_kind::mysql_97, server_options source_options = {},
                  server_options target_options = {}, server_kind target = server_kind::mysql_97)
        : servers_(live_server::start_all(
              {{source, std::move(source_options)}, {target, std::move(target_options)}})) {
        spec_.name = "shop";
        spec_.source = endpoint(source_server(), "repl");
        spec_.target = endpoint(target_server(), "apply");
        spec_.objects.include = {"shop.*"};
        source_server().root().exec("CREATE USER repl@'%' IDENTIFIED BY 'secret'");
        target_server().root().exec("CREATE USER apply@'%' IDENTIFIED BY 'secret'");
    }

    [[nodiscard]] live_server& source_server() { return servers_[0]; }
    [[nodiscard]] live_server& target_server() { return servers_[1]; }

    [[nodiscard]] static protocol::connect_options endpoint(const live_server& server,
                                                            std::string user) {
        protocol::connect_options options;
        options.host = "127.0.0.1";
        options.port = server.port();
        options.user = std::move(user);
        options.password = protocol::secret("secret");
        return options;
    }

    [[nodiscard]] report check() {
        const auto selection = state::object_selection::make(spec_);
        EXPECT_TRUE(selection.has_value());
        return precheck::check_blocking(spec_, *selection, known_);
    }

    void grant_everything() {
        source_server().root().exec(
            "GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT, SHOW VIEW, EVENT, TRIGGER,"
            " LOCK TABLES ON *.* TO repl@'%'");
        target_server().root().exec("GRANT ALL ON *.* TO apply@'%'");
    }

    // Does what the report says until it has nothing to say, a few rounds at most.
    void obey() {
        for (int round = 0; round < 4; ++round) {
            const report said = check();
            if (said.passed()) return;
            for (const item& one : said.items) {
                if (one.level != severity::blocking || one.state != outcome::failed) continue;
                auto root =
                    one.id.starts_with("source.") ? source_server().root() : target_server().root();
                root.exec(one.fix);
            }
        }
    }

    // As if a task of that name wrote these objects to the server.
    static void pretend_task(live_server& server, const protocol::connect_options& options,
                             std::string name, std::vector<std::string> include,
                             const std::string& source_uuid) {
        auto session = applier::target_session::connect(options, {});
        ASSERT_TRUE(session) << session.error().what;
        const applier::checkpoint_store checkpoints("understudy", name);
        const applier::objects_store objects("understudy", name);
        ASSERT_TRUE(checkpoints.prepare(**session));
        ASSERT_TRUE(objects.prepare(**session));
        applier::checkpoint fresh;
        fresh.source_uuid = *protocol::uuid::parse(source_uuid);
        ASSERT_TRUE(checkpoints.create(**session, fresh));
        state::task_spec other;
        other.objects.include = std::move(include);
        auto root = server.root();
        root.exec("INSERT INTO understudy.objects VALUES (" + root.quote(name) + ", " +
                  root.quote(state::objects_text(other)) + ")");
    }

    // What is on a target besides the tables that are written, and acts when they are.
    void add_bystanders() {
        target_server().root().exec(
            "CREATE DATABASE shop; CREATE DATABASE crm; USE shop;"
            "CREATE TABLE customer (id INT PRIMARY KEY, name VARCHAR(99)) ENGINE=InnoDB;"
            "CREATE TRIGGER note BEFORE INSERT ON customer FOR EACH ROW SET NEW.name = 'x';"
            "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO SET @x = 1;"
            "CREATE TABLE crm.notes (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES "
            "shop.customer (id)) ENGINE=InnoDB; SET GLOBAL event_scheduler = ON");
        spec_.conflict.policy = state::task_spec::existing_tables::ignore;
        spec_.apply.how = state::task_spec::writer::sql;
    }

    void expect_bystanders(const report& found) {
        EXPECT_EQ(said(found, "target.answers").state, outcome::passed);
        EXPECT_THAT(said(found, "target.triggers").seen, HasSubstr("note of `shop`.`customer`"));
        EXPECT_EQ(said(found, "target.events").seen, "`shop`.`nightly`");
        EXPECT_EQ(said(found, "target.foreign_key_children").seen,
                  "`crm`.`notes` refers to `shop`.`customer`");
        EXPECT_THAT(said(found, "target.definitions").seen,
                    HasSubstr("name is varchar(100) utf8mb4 there, varchar(99) utf8mb4 here"));
        EXPECT_EQ(said(found, "target.load").state, outcome::passed);
        EXPECT_THAT(said(found, "target.load").seen, HasSubstr("not purged"));
    }

    std::vector<live_server> servers_;
    state::task_spec spec_;
    precheck::context known_;
};

// What `understudy grants` prints is enough, on both sides, for all that the task does.
TEST_F(precheck_live, is_content_with_what_the_owners_are_told_to_grant) {
    source_server().root().exec(shop);
    const auto selection = state::object_selection::make(spec_);
    ASSERT_TRUE(selection);
    EXPECT_FALSE(check().passed());
    source_server().root().exec(precheck::source_owner_sql(spec_, *selection, {}));
    target_server().root().exec(precheck::target_owner_sql(spec_, *selection, {}));
    target_server().root().exec("SET GLOBAL log_bin_trust_function_creators = ON");
    const auto found = check();
    EXPECT_TRUE(found.passed()) << precheck::to_text(found, false);
    for (const item& one : found.items) {
        if (one.id.ends_with("privileges")) EXPECT_EQ(one.state, outcome::passed) << one.seen;
    }
    EXPECT_EQ(source_server().root().scalar("SELECT COUNT(*) FROM mysql.user WHERE user = 'repl' "
                                            "AND select_priv = 'Y'"),
              "0");
}

TEST_F(precheck_live, passes_after_the_statements_that_it_names_were_executed) {
    source_server().root().exec(shop);
    EXPECT_FALSE(check().passed());
    obey();
    const report after = check();
    EXPECT_TRUE(after.passed()) << precheck::to_text(after, false);
    EXPECT_EQ(said(after, "source.keys").state, outcome::failed) << "`visit` has no key";
}

TEST_F(precheck_live, takes_rights_from_active_roles_and_minds_partial_revokes) {
    source_server().root().exec(shop);
    grant_everything();
    auto root = source_server().root();
    root.exec("REVOKE ALL ON *.* FROM repl@'%'; CREATE ROLE replica; GRANT replica TO repl@'%';"
              "GRANT REPLICATION SLAVE, REPLICATION CLIENT, SELECT, SHOW VIEW, EVENT, TRIGGER,"
              " LOCK TABLES ON *.* TO replica");
    EXPECT_THAT(said(check(), "source.privileges").fix, HasSubstr("SET DEFAULT ROLE ALL TO"));
    root.exec("SET DEFAULT ROLE ALL TO repl@'%'");
    EXPECT_EQ(said(check(), "source.privileges").state, outcome::passed);

    auto target = target_server().root();
    target.exec("SET GLOBAL partial_revokes = ON; REVOKE INSERT ON shop.* FROM apply@'%'");
    EXPECT_THAT(said(check(), "target.privileges").seen, HasSubstr("INSERT on `shop`.*"));
}

TEST_F(precheck_live, refuses_same_named_tables_before_anything_is_written) {
    source_server().root().exec(shop);
    grant_everything();
    auto target = target_server().root();
    target.exec("SET GLOBAL log_bin_trust_function_creators = ON;"
                "CREATE DATABASE shop; CREATE TABLE shop.customer (id INT)");
    const report refused = check();
    EXPECT_FALSE(refused.passed());
    EXPECT_THAT(said(refused, "target.same_names").seen, HasSubstr("`shop`.`customer`"));
    spec_.conflict.policy = state::task_spec::existing_tables::ignore;
    EXPECT_EQ(said(check(), "target.definitions").state, outcome::failed);
    target.exec("ALTER TABLE shop.customer ADD COLUMN name VARCHAR(100)");
    EXPECT_TRUE(check().passed()) << precheck::to_text(check(), false);
    EXPECT_EQ(target.scalar("SELECT COUNT(*) FROM information_schema.SCHEMATA"
                            " WHERE SCHEMA_NAME = 'understudy'"),
              "0")
        << "precheck writes nothing";
}

TEST_F(precheck_live, sees_settings_that_block) {
    source_server().root().exec(shop);
    grant_everything();
    source_server().root().exec(
        "SET GLOBAL binlog_row_image = 'MINIMAL';"
        "SET GLOBAL binlog_row_value_options = 'PARTIAL_JSON';"
        "SET GLOBAL binlog_format = 'MIXED'; SET GLOBAL max_allowed_packet = 134217728");
    target_server().root().exec("SET GLOBAL super_read_only = ON");
    const report before = check();
    for (const char* id : {"source.row_image", "source.partial_json", "source.row_format",
                           "target.max_allowed_packet"}) {
        EXPECT_EQ(said(before, id).state, outcome::failed) << id;
    }
    EXPECT_EQ(said(before, "target.writable").state, outcome::failed);
    obey();
    EXPECT_TRUE(check().passed()) << precheck::to_text(check(), false);
}

TEST_F(precheck_live, sees_what_acts_on_the_target_besides) {
    source_server().root().exec(shop);
    grant_everything();
    const report before = check();
    for (const char* id :
         {"target.events", "target.foreign_key_children", "target.other_tasks", "target.ring"})
        EXPECT_EQ(said(before, id).state, outcome::passed) << id;
    add_bystanders();
    expect_bystanders(check());
    target_server().root().exec(said(check(), "target.events").fix);
    EXPECT_EQ(said(check(), "target.events").state, outcome::passed);
    target_server().root().exec("ALTER TABLE shop.customer MODIFY name VARCHAR(100)");
    EXPECT_EQ(said(check(), "target.definitions").state, outcome::passed);
    spec_.apply.how = state::task_spec::writer::automatic;
    EXPECT_EQ(said(check(), "target.binary_log").level, severity::info);
}

TEST_F(precheck_live, sees_tasks_that_it_would_meet) {
    source_server().root().exec(shop);
    grant_everything();
    source_server().root().exec("CREATE USER apply@'%' IDENTIFIED BY 'secret';"
                                "GRANT ALL ON *.* TO apply@'%'");
    const std::string uuid = target_server().root().scalar("SELECT @@server_uuid");
    pretend_task(target_server(), spec_.target, "crm", {"shop.c*"}, uuid);
    pretend_task(target_server(), spec_.target, spec_.name, {"shop.*"}, uuid);
    pretend_task(source_server(), endpoint(source_server(), "apply"), "back", {"shop.visit"}, uuid);
    // The checkpoint that is there is found by the check itself.
    const report found = check();
    EXPECT_EQ(said(found, "target.other_tasks").seen, "task crm: `shop`.`customer`");
    EXPECT_EQ(said(found, "target.ring").seen, "task back: `shop`.`visit`");
    target_server().root().exec(said(found, "target.other_tasks").fix);
    source_server().root().exec(said(found, "target.ring").fix);
    EXPECT_EQ(said(check(), "target.other_tasks").state, outcome::passed);
    EXPECT_EQ(said(check(), "target.ring").state, outcome::passed);
}

TEST_F(precheck_live, sees_what_would_keep_the_stream_from_having_all) {
    source_server().root().exec(shop);
    grant_everything();
    auto root = source_server().root();
    root.exec("GRANT XA_RECOVER_ADMIN ON *.* TO repl@'%'");
    spec_.semi_sync = true;
    const report before = check();
    for (const char* id : {"source.gtid_mode", "source.sessions", "source.prepared_transactions",
                           "source.certificate", "target.certificate"})
        EXPECT_EQ(said(before, id).state, outcome::passed) << id;
    EXPECT_THAT(said(before, "source.semi_sync").seen, HasSubstr("not installed"));

    auto client = source_server().root();
    client.exec("SET SESSION binlog_format = 'MIXED', sql_log_bin = OFF; XA START 'x'; "
                "INSERT INTO shop.customer VALUES (1, 'x'); XA END 'x'; XA PREPARE 'x'");
    root.exec("CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1'");
    const report after = check();
    EXPECT_THAT(said(after, "source.sessions").seen,
                HasSubstr("1 session with binlog_format = MIXED, 1 session with sql_log_bin"));
    EXPECT_EQ(root.query(said(after, "source.sessions").fix).size(), 2U);
    EXPECT_EQ(said(after, "source.prepared_transactions").seen, "1");
    EXPECT_EQ(said(after, "source.replica_lag").seen, "what it receives is not being applied");
    EXPECT_EQ(said(after, "source.skipped_errors").state, outcome::passed);
}

TEST_F(precheck_live, names_the_step_that_failed) {
    grant_everything();
    spec_.source.password = protocol::secret("wrong");
    report refused = check();
    EXPECT_EQ(said(refused, "source.sign_in").state, outcome::failed);
    EXPECT_THAT(said(refused, "source.sign_in").seen, HasSubstr("Access denied"));
    EXPECT_THAT(precheck::to_json(refused), testing::Not(HasSubstr("wrong")));

    spec_.source.password = protocol::secret("secret");
    const std::uint16_t port = target_server().port();
    target_server().stop();
    refused = check();
    EXPECT_EQ(said(refused, "source.sign_in").state, outcome::passed);
    EXPECT_EQ(said(refused, "target.sign_in").state, outcome::failed);
    EXPECT_THAT(said(refused, "target.sign_in").title, HasSubstr(std::to_string(port)));
}

TEST_F(precheck_live, refuses_a_purged_start) {
    source_server().root().exec(shop);
    grant_everything();
    auto root = source_server().root();
    const auto executed = protocol::gtid_set::parse(root.scalar("SELECT @@GLOBAL.gtid_executed"));
    ASSERT_TRUE(executed.has_value());
    known_.first_start = false;
    known_.start = state::source_position{{}, *executed};
    EXPECT_EQ(said(check(), "source.start_position").state, outcome::passed);
    root.exec("INSERT INTO shop.customer VALUES (1, 'x'); FLUSH BINARY LOGS");
    root.exec("PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY");
    EXPECT_EQ(said(check(), "source.start_position").state, outcome::failed);
}

TEST_F(precheck_live, refuses_the_same_server_twice) {
    grant_everything();
    source_server().root().exec("CREATE USER apply@'%' IDENTIFIED BY 'secret'");
    spec_.target.port = source_server().port();
    EXPECT_EQ(said(check(), "target.another_server").state, outcome::failed);
}

class precheck_live_56 : public precheck_live {
protected:
    precheck_live_56() : precheck_live(server_kind::mysql_56) {}
};

TEST_F(precheck_live_56, passes_an_old_source_after_obeying) {
    source_server().root().exec(shop);
    source_server().root().exec("CHANGE MASTER TO MASTER_HOST = '127.0.0.1'");
    obey();
    const report after = check();
    EXPECT_TRUE(after.passed()) << precheck::to_text(after, false);
    EXPECT_EQ(said(after, "source.answers").state, outcome::passed);
    EXPECT_EQ(said(after, "source.replica_lag").state, outcome::failed);
}

class precheck_live_positions : public precheck_live {
protected:
    precheck_live_positions()
        : precheck_live(server_kind::mysql_97, {.extra_args = {"--gtid-mode=OFF"}, .gtid = false}) {
    }
};

TEST_F(precheck_live_positions, looks_for_the_binary_log_file) {
    source_server().root().exec(shop);
    grant_everything();
    target_server().root().exec("SET GLOBAL log_bin_trust_function_creators = ON");
    EXPECT_THAT(said(check(), "source.gtid_mode").seen, HasSubstr("gtid_mode = OFF"));
    known_.first_start = false;
    const auto file = source_server().root().query("SHOW BINARY LOGS").back().front().value();
    known_.start = state::source_position{{file, 4}, {}};
    EXPECT_EQ(said(check(), "source.start_position").state, outcome::passed);
    known_.start = state::source_position{{"binlog.000999", 4}, {}};
    EXPECT_EQ(said(check(), "source.start_position").state, outcome::failed);
}

class precheck_live_mariadb : public precheck_live {
protected:
    precheck_live_mariadb() : precheck_live(server_kind::mariadb_1011) {}
};

TEST_F(precheck_live_mariadb, passes_after_the_statements_that_it_names_were_executed) {
    source_server().root().exec(shop);
    EXPECT_FALSE(check().passed());
    obey();
    const report after = check();
    EXPECT_TRUE(after.passed()) << precheck::to_text(after, false);
    EXPECT_THAT(said(after, "source.version").seen, HasSubstr("MariaDB 10.11"));
    EXPECT_THAT(said(after, "source.start_position").seen, HasSubstr("by GTID"));
    EXPECT_EQ(said(after, "source.answers").state, outcome::passed);
    auto client = source_server().root();
    client.exec("XA START 'x'; INSERT INTO shop.customer VALUES (1, 'x'); XA END 'x'; "
                "XA PREPARE 'x'");
    EXPECT_EQ(said(check(), "source.prepared_transactions").seen, "1");
}

TEST_F(precheck_live_mariadb, names_the_tables_that_mysql_cannot_have) {
    auto root = source_server().root();
    root.exec(shop);
    root.exec("USE shop; CREATE TABLE ids (u UUID PRIMARY KEY); CREATE SEQUENCE numbers;"
              "CREATE TABLE history (a INT) WITH SYSTEM VERSIONING;"
              "CREATE TABLE aria (a INT PRIMARY KEY) ENGINE=Aria;"
              "CREATE TABLE sorted (a VARCHAR(9) COLLATE utf8mb4_uca1400_ai_ci);"
              "SET GLOBAL mysql56_temporal_format = OFF;"
              "CREATE TABLE one (a INT PRIMARY KEY, CONSTRAINT c CHECK (a > 0));"
              "CREATE TABLE two (a INT PRIMARY KEY, CONSTRAINT c CHECK (a > 0));"
              "CREATE TABLE old (a DATETIME(3)); SET GLOBAL mysql56_temporal_format = ON");
    grant_everything();
    const item refused = said(check(), "source.not_in_mysql");
    EXPECT_EQ(refused.state, outcome::failed);
    for (const auto* part :
         {"`shop`.`ids`: the type UUID of column `u`", "`numbers`: a sequence",
          "`history`: system versioning", "`aria`: the storage engine Aria",
          "utf8mb4_uca1400_ai_ci", "`old`: times", "`two`: the CHECK constraint `c`"})
        EXPECT_THAT(refused.seen, HasSubstr(part));
    spec_.objects.exclude = {"shop.ids",    "shop.numbers", "shop.history", "shop.aria",
                             "shop.sorted", "shop.old",     "shop.one",     "shop.two"};
    EXPECT_EQ(said(check(), "source.not_in_mysql").state, outcome::passed);
}

class precheck_live_into_mariadb : public precheck_live {
protected:
    precheck_live_into_mariadb()
        : precheck_live(server_kind::mysql_97, {}, {}, server_kind::mariadb_1011) {}
};

TEST_F(precheck_live_into_mariadb, sees_what_acts_on_the_target_besides) {
    source_server().root().exec(shop);
    grant_everything();
    target_server().root().exec("SET GLOBAL character_set_server = utf8mb4;"
                                "SET GLOBAL collation_server = utf8mb4_general_ci");
    add_bystanders();
    expect_bystanders(check());
}

TEST_F(precheck_live_into_mariadb, names_what_the_target_cannot_have) {
    source_server().root().exec(shop);
    grant_everything();
    EXPECT_EQ(said(check(), "target.features").state, outcome::passed);
    EXPECT_EQ(said(check(), "source.view_tables").state, outcome::passed);
    source_server().root().exec(
        "CREATE DATABASE crm; CREATE TABLE crm.people (id INT PRIMARY KEY); USE shop;"
        "CREATE VIEW people AS SELECT id, VERSION() FROM crm.people;"
        "CREATE TABLE odd (id INT PRIMARY KEY, v VECTOR(3), place POINT NOT NULL SRID 4326,"
        " hidden INT INVISIBLE, j JSON, KEY sums ((id + 1)),"
        " KEY many ((CAST(j->'$.x' AS UNSIGNED ARRAY))),"
        " CONSTRAINT positive CHECK (id > 0) NOT ENFORCED)");
    const report found = check();
    EXPECT_EQ(said(found, "source.answers").state, outcome::passed);
    EXPECT_EQ(said(found, "target.features").seen,
              "`shop`.`odd` (column `v` is a VECTOR), `shop`.`odd` (column `place` has an SRID), "
              "`shop`.`odd` (column `hidden` is INVISIBLE), `shop`.`odd` (index `many` is of an "
              "expression), `shop`.`odd` (index `sums` is of an expression) and 1 more");
    EXPECT_EQ(said(found, "source.view_tables").seen, "`shop`.`people` uses `crm`.`people`");
    spec_.objects.exclude = {"shop.odd"};
    EXPECT_EQ(said(check(), "target.features").state, outcome::passed);
}

class precheck_live_mariadb_without_order : public precheck_live {
protected:
    precheck_live_mariadb_without_order()
        : precheck_live(server_kind::mariadb_1011, {.gtid = false}) {}
};

TEST_F(precheck_live_mariadb_without_order, begins_by_file_and_position) {
    source_server().root().exec(shop);
    grant_everything();
    const report all = check();
    EXPECT_TRUE(all.passed()) << precheck::to_text(all, false);
    EXPECT_THAT(said(all, "source.start_position").seen, HasSubstr("by file and position"));
}

} // namespace
} // namespace understudy::test
