#include "applier/checkpoint_image.hpp"
#include "applier/checkpoint_store.hpp"
#include "applier/errc.hpp"
#include "applier/row_session.hpp"
#include "applier/statement_pipe.hpp"
#include "applier/table_writer.hpp"
#include "tests/live/applier_rig.hpp"
#include "tests/support/live_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>

namespace understudy::test {
namespace {

using applier::checkpoint;
using testing::HasSubstr;

class checkpoint_of : public testing::TestWithParam<server_kind> {
protected:
    checkpoint_of() : server_(live_server::start(GetParam())) {
        server_.root().exec(
            "CREATE USER 'a'@'%' IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO 'a'@'%'");
        spec_.target.host = "127.0.0.1";
        spec_.target.port = server_.port();
        spec_.target.user = "a";
        spec_.target.password = protocol::secret(std::string("secret"));
        auto opened = applier::connect_for_rows(spec_);
        if (!opened) throw std::runtime_error(opened.error().what);
        session_ = std::move(*opened);
    }

    void make() {
        checkpoint first;
        first.source_uuid = protocol::uuid::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562").value();
        first.applied.binlog = {"binlog.000001", 4};
        first.epoch = 7;
        for (auto done : {store_.prepare(*session_), store_.create(*session_, first)}) {
            if (!done) throw std::runtime_error(done.error().what);
        }
    }
    std::string row() {
        return server_.root().scalar(
            "SELECT CONCAT_WS('|', task, stage, source_uuid, by_gtid, log_file, "
            "log_offset, gtid_set, copy_end_file, copy_end_offset, epoch) FROM "
            "understudy.checkpoint");
    }
    protocol::result<void> write(const state::source_position& to, std::uint64_t epoch) {
        applier::statement_pipe pipe(*session_);
        applier::table_writer writer(session_->facts(), 1U << 20U, pipe);
        applier::checkpoint_image image(store_, epoch);
        auto done = writer.append(image.advance(to, {}, when_), applier::rbr_mode::strict, {});
        if (done) done = writer.finish();
        if (done) done = pipe.drain();
        return done ? session_->run("COMMIT") : done;
    }

    static constexpr std::chrono::sys_time<std::chrono::microseconds> when_{
        std::chrono::microseconds(1'800'000'000'123'456)};
    live_server server_;
    state::task_spec spec_;
    std::unique_ptr<applier::target_session> session_;
    applier::checkpoint_store store_{"understudy", "a task"};
};

class checkpoint_image : public checkpoint_of {};

TEST_P(checkpoint_image, says_what_the_statement_says) {
    make();
    ASSERT_TRUE(applier::prepare_for_rows(*session_, spec_));
    state::source_position to;
    to.binlog = {"mysql-bin.000123", 4'294'967'299};
    to.executed = protocol::gtid_set::parse("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5:7-900,"
                                            "4e11fa47-71ca-11e1-9e33-c80aa9429562:1")
                      .value();
    ASSERT_TRUE(store_.advance(*session_, to, 7));
    const std::string by_statement = row();
    state::source_position back;
    back.binlog = {"binlog.000001", 4};
    ASSERT_TRUE(store_.advance(*session_, back, 7));
    ASSERT_NE(row(), by_statement);

    ASSERT_TRUE(session_->run("SET SESSION autocommit = 0"));
    const auto done = write(to, 7);
    ASSERT_TRUE(done) << done.error().what;
    EXPECT_EQ(row(), by_statement);
    EXPECT_EQ(server_.root().scalar("SELECT UNIX_TIMESTAMP(updated) FROM understudy.checkpoint"),
              "1800000000.123456");
}

TEST_P(checkpoint_image, is_refused_after_another_process_took_the_task_over) {
    make();
    ASSERT_TRUE(applier::prepare_for_rows(*session_, spec_));
    ASSERT_TRUE(session_->run("SET SESSION autocommit = 0"));
    const std::string before = row();
    state::source_position to;
    to.binlog = {"binlog.000002", 4};
    for (const std::uint64_t epoch : {6U, 8U}) {
        const auto done = write(to, epoch);
        ASSERT_FALSE(done);
        EXPECT_EQ(done.error().code, applier::errc::row_not_found) << done.error().what;
        ASSERT_TRUE(session_->run("ROLLBACK"));
        EXPECT_EQ(row(), before);
    }
}

INSTANTIATE_TEST_SUITE_P(on, checkpoint_image, testing::Values(server_kind::mysql_97),
                         [](const auto&) { return "mysql_97"; });

class checkpoint_table : public checkpoint_of {};

TEST_P(checkpoint_table, of_an_older_version_gets_the_keys_of_this_one) {
    make();
    const std::string made =
        server_.root().scalar("SELECT GROUP_CONCAT(index_name, column_name ORDER BY "
                              "index_name, seq_in_index) FROM "
                              "information_schema.statistics WHERE table_schema = "
                              "'understudy' AND table_name = 'checkpoint'");
    EXPECT_EQ(made, "PRIMARYtask,PRIMARYepoch,tasktask");
    const std::string before = row();
    server_.root().exec("ALTER TABLE understudy.checkpoint DROP PRIMARY KEY, DROP KEY task, ADD "
                        "PRIMARY KEY (task)");
    for (int i = 0; i < 2; ++i)
        ASSERT_TRUE(store_.prepare(*session_));
    EXPECT_EQ(server_.root().scalar("SELECT GROUP_CONCAT(index_name, column_name ORDER BY "
                                    "index_name, seq_in_index) FROM "
                                    "information_schema.statistics WHERE table_schema = "
                                    "'understudy' AND table_name = 'checkpoint'"),
              made);
    EXPECT_EQ(row(), before);
    checkpoint second;
    second.epoch = 1;
    EXPECT_FALSE(store_.create(*session_, second));
}

INSTANTIATE_TEST_SUITE_P(on, checkpoint_table,
                         testing::Values(server_kind::mysql_97, server_kind::mariadb_1011),
                         [](const auto& info) {
                             return is_mariadb(info.param) ? "mariadb_1011" : "mysql_97";
                         });

// A group is on its way when the task is taken over: the rows that it holds up are released after
// that.
TEST(fenced_lanes, commit_nothing_after_another_process_took_the_task_over) {
    applier_rig rig;
    rig.exec_both("CREATE DATABASE t; CREATE TABLE t.a (id INT PRIMARY KEY, n INT); "
                  "INSERT INTO t.a VALUES (1, 1)");
    rig.begin();
    sql_client holder = rig.target_server().root();
    holder.exec("BEGIN");
    holder.exec("UPDATE t.a SET n = n WHERE id = 1");
    rig.source().exec("INSERT INTO t.a VALUES (2, 2); UPDATE t.a SET n = 2 WHERE id = 1");
    bool taken = false;
    rig.meanwhile = [&] {
        const bool waits =
            rig.target().scalar("SELECT COUNT(*) FROM performance_schema.data_lock_waits") != "0";
        if (taken || !waits) return;
        rig.target().exec("UPDATE understudy.checkpoint SET epoch = epoch + 1");
        holder.exec("ROLLBACK");
        taken = true;
    };
    EXPECT_THAT(rig.catch_up(), HasSubstr("another process"));
    EXPECT_TRUE(taken);
    EXPECT_EQ(rig.target().scalar("SELECT GROUP_CONCAT(id, '=', n) FROM t.a"), "1=1");
}

} // namespace
} // namespace understudy::test
