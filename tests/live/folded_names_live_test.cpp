// lower_case_table_names = 1 on both servers: names are the same whatever their case, in the task
// file, in commands, and in statements of the stream.

#include "tests/support/background_writer.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/source_and_target.hpp"
#include "tests/support/wait_until.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>

namespace understudy::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

// MySQL takes the setting for a data directory once and for all, so these servers need one of their
// own in place of the template's; it is made once for all tests of the process.
class folding_servers {
public:
    // Options of the next server: it works on a copy of the directory.
    server_options next() {
        const fs::path data = directory_.path() / fmt::format("data-{}", ++count_);
        run_successfully(
            {.argv = {"cp", "-a", "--reflink=auto", initialized(), data}, .environment = {}}, 1min);
        fs::remove(data / "auto.cnf");
        return {.extra_args = {"--datadir=" + data.string(), "--lower-case-table-names=1",
                               "--log-bin-trust-function-creators=1"}};
    }

private:
    const fs::path& initialized() {
        if (initialized_.empty()) {
            const fs::path data = directory_.path() / "template";
            std::string user = run_successfully({.argv = {"id", "-un"}, .environment = {}}, 10s);
            while (user.ends_with('\n'))
                user.pop_back();
            run_successfully({.argv = {server_root(server_kind::mysql_97) / "bin/mysqld",
                                       "--initialize-insecure", "--lower-case-table-names=1",
                                       "--datadir=" + data.string(),
                                       "--innodb-redo-log-capacity=8M", "--user=" + user},
                              .environment = {}},
                             2min);
            initialized_ = data;
        }
        return initialized_;
    }

    scratch_directory directory_{"folding"};
    fs::path initialized_;
    int count_ = 0;
};

class folded_names : public testing::Test {
protected:
    static void SetUpTestSuite() { made = new folding_servers(); }
    static void TearDownTestSuite() { delete made; }
    static pair_options options() {
        pair_options given;
        given.objects.include = {"Shop.*", "CRM.Customers", "crm.PARTNERS"};
        given.objects.exclude = {"SHOP.Tmp_*"};
        given.objects.rename = {{"Shop.Orders", "Dw.Facts"}, {"CRM.Customers", "Dw.People"}};
        given.source = made->next();
        given.target = made->next();
        return given;
    }
    // The same, as both servers have it.
    static object_selection by_stored_name() {
        return {.include = {"shop.*", "crm.customers", "crm.partners"},
                .exclude = {"shop.tmp_*"},
                .rename = {{"shop.orders", "dw.facts"}, {"crm.customers", "dw.people"}}};
    }
    void SetUp() override {
        ASSERT_EQ(source().scalar("SELECT @@lower_case_table_names"), "1");
        ASSERT_EQ(target().scalar("SELECT @@lower_case_table_names"), "1");
        source().exec(
            "CREATE DATABASE Shop; CREATE DATABASE Crm; USE SHOP; CREATE TABLE Orders (Id INT "
            "PRIMARY KEY AUTO_INCREMENT, v VARCHAR(30)); CREATE TABLE Items (id INT PRIMARY KEY, "
            "order_id INT, CONSTRAINT Of_Order FOREIGN KEY (order_id) REFERENCES ORDERS (id) ON "
            "DELETE CASCADE); CREATE TABLE Bare (v INT); CREATE TABLE Emptied (id INT PRIMARY "
            "KEY); CREATE TABLE Tmp_Left_Out (id INT PRIMARY KEY); CREATE TABLE CRM.CUSTOMERS (id "
            "INT PRIMARY KEY, Name VARCHAR(20)); CREATE TABLE CRM.Partners (id INT PRIMARY KEY); "
            "CREATE TABLE CRM.Others (id INT PRIMARY KEY); INSERT INTO ORDERS (V) VALUES ('a'), "
            "('b'), ('c'); INSERT INTO items VALUES (1, 1), (2, 2); INSERT INTO BARE VALUES (1), "
            "(1); INSERT INTO emptied VALUES (1), (2); INSERT INTO TMP_left_out VALUES (1); INSERT "
            "INTO Crm.customers VALUES (1, 'x'); INSERT INTO crm.PARTNERS VALUES (1); CREATE VIEW "
            "Big_Orders AS SELECT O.ID, O.v FROM Shop.ORDERS AS O WHERE o.id > 1; CREATE TRIGGER "
            "On_Order BEFORE INSERT ON ORDERS FOR EACH ROW SET NEW.V = CONCAT(NEW.v, '!')");
    }
    sql_client& source() { return pair.source_sql(); }
    sql_client& target() { return pair.target_sql(); }
    void run() {
        const auto done = pair.run_task();
        if (done.status.code != 0) throw std::runtime_error(done.error + done.output);
    }
    // Foreign keys and views of renamed tables of another database read otherwise.
    void expect_equal() {
        run();
        auto same_text = by_stored_name();
        same_text.exclude.insert(same_text.exclude.end(), {"shop.items", "shop.big_orders"});
        EXPECT_THAT(compare(source(), target(), same_text), IsEmpty());
        EXPECT_THAT(compare(source(), target(), by_stored_name(), {.definitions = false}),
                    IsEmpty());
        EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM understudy.quarantine"), "0");
    }
    std::string names_on_target() {
        return target().scalar(
            "SELECT GROUP_CONCAT(CONCAT(table_schema, '.', table_name) ORDER BY table_schema, "
            "table_name SEPARATOR ' ') FROM information_schema.tables WHERE table_schema IN "
            "('shop', 'crm', 'dw')");
    }
    void command(const char* verb, const std::string& table) {
        const auto done = pair.run_program(
            {verb, pair.task_file(), "--table", table, "--data-dir", pair.data_dir()});
        EXPECT_EQ(done.status.code, 0) << done.error << done.output;
    }

    static folding_servers* made;
    source_and_target pair{server_kind::mysql_97, server_kind::mysql_97, options()};
};

folding_servers* folded_names::made = nullptr;

TEST_F(folded_names, of_the_task_file_select_and_rename_what_is_copied) {
    run();
    EXPECT_EQ(names_on_target(), "crm.partners dw.facts dw.people shop.bare shop.big_orders "
                                 "shop.emptied shop.items");
    expect_equal();
    EXPECT_EQ(target().scalar("SELECT CONCAT(referenced_table_schema, '.', referenced_table_name) "
                              "FROM information_schema.key_column_usage WHERE table_name = 'items' "
                              "AND referenced_table_name IS NOT NULL"),
              "dw.facts");
    EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM shop.big_orders"), "2");
}

// Include, exclude and rename need not agree in it either.
TEST_F(folded_names, of_the_task_file_are_the_same_in_any_case) {
    pair.options().objects.rename = {{"SHOP.orders", "Dw.Facts"}, {"Crm.customers", "DW.People"}};
    pair.write_task_file();
    run();
    expect_equal();
}

TEST_F(folded_names, of_rows_and_statements_are_found_in_any_case) {
    run();
    auto task = pair.start_task();
    {
        const background_writer busy(pair.source(), 4ms, [](sql_client& sql, int i) {
            sql.exec(fmt::format(
                "INSERT INTO SHOP.oRdErS (v) VALUES ('n{0}'); INSERT INTO Shop.ITEMS VALUES ({0} + "
                "10, LAST_INSERT_ID()); UPDATE sHoP.orders SET V = 'u{0}' WHERE iD = 1 + {0} % 5; "
                "UPDATE Crm.CUSTOMERS SET name = 'c{0}'; INSERT INTO shop.TMP_LEFT_OUT VALUES ({0} "
                "+ 5)",
                i));
        });
        source().exec(
            "ALTER TABLE SHOP.ORDERS ADD COLUMN Total INT DEFAULT 3; USE sHoP; CREATE INDEX By_V "
            "ON "
            "oRDERS (V); ALTER TABLE crm.Customers ADD COLUMN n INT DEFAULT 1 FIRST; TRUNCATE "
            "TABLE "
            "EMPTIED; INSERT INTO eMPTIED VALUES (7); UPDATE BARE SET V = 2 LIMIT 1; CREATE TABLE "
            "LIKE_Orders LIKE Orders; INSERT INTO Like_Orders (v) VALUES ('alike'); CREATE TABLE "
            "TMP_New (id INT PRIMARY KEY); INSERT INTO tmp_new VALUES (1); CREATE TABLE "
            "CRM.Unknown (id INT PRIMARY KEY)");
        std::this_thread::sleep_for(300ms);
        task.kill_9();
        task = pair.start_task();
        source().exec(
            "USE SHOP; RENAME TABLE BARE TO Naked, EMPTIED TO Bare, naked TO Emptied; INSERT INTO "
            "bare VALUES (8); INSERT INTO EMPTIED VALUES (9); CREATE OR REPLACE VIEW BIG_orders AS "
            "SELECT o.Id FROM Orders o JOIN ITEMS i ON I.order_id = O.id; DROP TRIGGER "
            "sHOP.ON_Order; CREATE TRIGGER ON_ITEM AFTER INSERT ON Items FOR EACH ROW SET @x = "
            "(SELECT COUNT(*) FROM ORDERS); ALTER TABLE Shop.Items DROP FOREIGN KEY OF_order; "
            "ALTER TABLE ITEMS ADD CONSTRAINT Again FOREIGN KEY (ORDER_ID) REFERENCES SHOP.oRdErS "
            "(ID) ON DELETE CASCADE; CREATE PROCEDURE Count_Them() SELECT 1; "
            "DROP TABLE IF EXISTS Like_ORDERS, TMP_NEW; DROP TABLE crm.UNKNOWN; DROP TABLE "
            "CRM.pARTNERS; CREATE TABLE crm.Partners (id INT PRIMARY KEY, v INT); INSERT INTO "
            "CRM.PARTNERS VALUES (2, 2)");
        std::this_thread::sleep_for(500ms);
    }
    EXPECT_TRUE(task.running()) << task.error() << task.output();
    task.signal(SIGTERM);
    std::ignore = task.wait(60s);
    expect_equal();
    EXPECT_EQ(names_on_target(), "crm.partners dw.facts dw.people shop.bare shop.big_orders "
                                 "shop.emptied shop.items");
    EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM dw.facts"),
              source().scalar("SELECT COUNT(*) FROM shop.orders"));
    source().exec("ALTER TABLE Shop.BARE RENAME TO SHOP.Last; INSERT INTO shop.LAST VALUES (77); "
                  "DELETE FROM Shop.Orders WHERE ID < 3; TRUNCATE TABLE sHOP.iTEMS");
    expect_equal();
}

TEST_F(folded_names, in_bodies_stay_as_they_are_written_where_nothing_is_renamed) {
    source().exec("USE SHOP; CREATE PROCEDURE Before_Copy() SELECT COUNT(*) FROM BARE");
    run();
    expect_equal();
    source().exec("CREATE PROCEDURE Behind_Copy() SELECT COUNT(*) FROM BARE, SHOP.eMPTIED");
    expect_equal();
}

// While it is set aside the statement waits with the table's rows, under whatever name it came.
TEST_F(folded_names, of_a_table_that_is_set_aside_are_known_in_any_case) {
    run();
    command("quarantine", "Shop.Bare");
    command("quarantine", "Shop.EMPTIED");
    source().exec("INSERT INTO Shop.BARE VALUES (5); TRUNCATE TABLE SHOP.BARE; INSERT INTO "
                  "sHop.bAre VALUES (6); TRUNCATE TABLE Shop.Emptied; ALTER TABLE SHOP.emptied ADD "
                  "COLUMN n INT DEFAULT 4; INSERT INTO shop.EMPTIED VALUES (3, 3); INSERT INTO "
                  "Crm.partners VALUES (9)");
    const auto aside = pair.run_task();
    EXPECT_EQ(aside.status.code, 1) << aside.error << aside.output; // it is caught up but for these
    EXPECT_THAT(aside.error + aside.output, HasSubstr("shop"));
    EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM crm.partners"), "2");
    EXPECT_EQ(target().scalar("SELECT GROUP_CONCAT(v) FROM shop.bare"), "1,1");
    EXPECT_EQ(target().scalar("SELECT GROUP_CONCAT(id) FROM shop.emptied"), "1,2");
    EXPECT_EQ(target().scalar("SELECT COUNT(*) FROM understudy.quarantine"), "2");
    command("resume", "Shop.Bare");
    command("resume", "Shop.EMPTIED");
    expect_equal();
    EXPECT_EQ(target().scalar("SELECT GROUP_CONCAT(v) FROM shop.bare"), "6");
    EXPECT_EQ(target().scalar("SELECT GROUP_CONCAT(id) FROM shop.emptied"), "3");
}

TEST_F(folded_names, of_a_renamed_table_that_is_set_aside_or_copied_anew_are_known_in_any_case) {
    run();
    command("quarantine", "CRM.Customers");
    command("quarantine", "Shop.Orders");
    source().exec("TRUNCATE TABLE CRM.CUSTOMERS; INSERT INTO Crm.Customers VALUES (5, 'five'); "
                  "DELETE FROM SHOP.Orders WHERE id = 1; CREATE INDEX V ON SHOP.ORDERS (v)");
    EXPECT_EQ(pair.run_task().status.code, 1);
    EXPECT_EQ(target().scalar("SELECT GROUP_CONCAT(id) FROM dw.people"), "1");
    command("resume", "CRM.Customers");
    command("reload", "Shop.Orders");
    source().exec("INSERT INTO Shop.orders (V) VALUES ('late'); ALTER TABLE crm.CUSTOMERS ADD "
                  "COLUMN w INT");
    expect_equal();
    target().exec("DELETE FROM dw.people");
    command("reload", "CRM.Customers");
    expect_equal();
}

TEST_F(folded_names, of_a_table_are_known_to_commands_in_any_case) {
    run();
    command("quarantine", "SHOP.bare");
    command("quarantine", "crm.CUSTOMERS");
    source().exec("INSERT INTO shop.bare VALUES (5); INSERT INTO crm.customers VALUES (5, 'e')");
    EXPECT_EQ(pair.run_task().status.code, 1);
    EXPECT_EQ(target().scalar("SELECT GROUP_CONCAT(v) FROM shop.bare"), "1,1");
    command("resume", "sHOP.BARE");
    command("resume", "Crm.Customers");
    command("reload", "SHOP.EMPTIED");
    target().exec("DELETE FROM shop.emptied");
    expect_equal();
}

} // namespace
} // namespace understudy::test
