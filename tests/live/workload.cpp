#include "tests/live/workload.hpp"

#include "tests/support/sql_client.hpp"

#include <fmt/format.h>

#include <chrono>
#include <random>
#include <set>
#include <thread>

namespace understudy::test {

namespace {

// What a statement of one writer may meet because of another: duplicate, foreign key, deadlock,
// lock timeout.
const std::set<unsigned> expected_errors{1062, 1451, 1452, 1213, 1205, 1761, 1264};

class writer_session {
public:
    writer_session(sql_client client, std::string database, std::uint64_t seed, int rows, bool xa)
        : sql_(std::move(client)), random_(seed), rows_(rows), xa_(xa), name_(seed) {
        sql_.exec("USE " + database);
    }

    void transaction() {
        const int statements = number(1, 6);
        if (xa_ && number(0, 2) == 0) {
            two_phases(statements);
            return;
        }
        sql_.exec("START TRANSACTION");
        for (int i = 0; i < statements; ++i) {
            if (number(0, 9) == 0) sql_.exec("SAVEPOINT s");
            run(statement());
            if (number(0, 19) == 0) run("ROLLBACK TO s");
        }
        sql_.exec(number(0, 14) == 0 ? "ROLLBACK" : "COMMIT");
    }

private:
    void two_phases(int statements) {
        const std::string id = fmt::format("'x{}','{}',7", name_, ++count_);
        sql_.exec("XA START " + id);
        bool lost = false; // a deadlock takes back all of it
        for (int i = 0; i < statements && !lost; ++i) {
            try {
                sql_.exec(statement());
            } catch (const sql_error& error) {
                if (!expected_errors.contains(error.number())) throw;
                lost = error.number() == 1213;
            }
        }
        if (lost) {
            // The server has rolled it back already; ending it says so.
            try {
                sql_.exec("XA END " + id);
            } catch (const sql_error& error) {
                if (error.number() != 1614) throw;
            }
            sql_.exec("XA ROLLBACK " + id);
            return;
        }
        sql_.exec("XA END " + id);
        const int how = number(1, 6);
        if (how == 1) {
            sql_.exec("XA COMMIT " + id + " ONE PHASE");
            return;
        }
        sql_.exec("XA PREPARE " + id);
        std::this_thread::sleep_for(std::chrono::milliseconds(number(0, 40)));
        sql_.exec((how == 2 ? "XA ROLLBACK " : "XA COMMIT ") + id);
    }

    int number(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
    int id() { return number(1, rows_ + rows_ / 2); }

    void run(const std::string& statement) {
        try {
            sql_.exec(statement);
        } catch (const sql_error& error) {
            if (!expected_errors.contains(error.number()) && error.number() != 1305) throw;
            if (error.number() == 1213) sql_.exec("START TRANSACTION");
        }
    }

    std::string statement() {
        switch (number(0, 15)) {
        case 0:
            return fmt::format("INSERT INTO account VALUES ({}, {}, NULLIF('m{}', 'm7'), NOW(6))",
                               id(), number(-99, 99), id());
        case 1:
            return fmt::format("UPDATE account SET balance = balance + {} WHERE id = {}",
                               number(1, 9), id());
        case 2: return fmt::format("UPDATE account SET id = {} WHERE id = {}", id(), id());
        case 3:
            return fmt::format("UPDATE account SET mail = NULLIF('m{}', 'm7') WHERE id = {}", id(),
                               id());
        case 4: return fmt::format("DELETE FROM account WHERE id = {}", id());
        case 5:
            return fmt::format("REPLACE INTO account VALUES ({}, {}, 'm{}', NOW(6))", id(),
                               number(-99, 99), id());
        case 6:
            return fmt::format("INSERT INTO account VALUES ({}, 1, 'm{}', NOW(6)) ON DUPLICATE KEY "
                               "UPDATE balance = 7",
                               id(), id());
        case 7:
            return fmt::format(
                "INSERT INTO log VALUES ({}, 'entry {}'), ({}, 'twice'), ({}, 'twice')",
                number(1, 5), number(1, 30), 3, 3);
        case 8:
            return fmt::format("UPDATE log SET line = 'changed {}' WHERE writer = {} LIMIT {}",
                               number(1, 5), number(1, 5), number(1, 4));
        case 9:
            return fmt::format("DELETE FROM log WHERE writer = {} LIMIT {}", number(1, 5),
                               number(1, 5));
        case 10:
            return fmt::format("INSERT INTO place VALUES ('Key {}', {}, REPEAT('x', {}))", id() / 7,
                               number(1, 7), number(0, 300));
        case 11:
            return fmt::format("UPDATE place SET name = 'KEY {}', part = part + {} WHERE name = "
                               "'key {}' AND part = {}",
                               id() / 7, number(0, 3), id() / 7, number(1, 7));
        case 12: return fmt::format("DELETE FROM place WHERE name = 'key {}' LIMIT 2", id() / 7);
        case 13: return fmt::format("INSERT INTO child VALUES ({}, {}, 'c')", id(), id());
        case 14: return fmt::format("DELETE FROM parent WHERE id = {}", id());
        default:
            return fmt::format(
                "INSERT INTO parent VALUES ({0}, 'p') ON DUPLICATE KEY UPDATE name = 'again {0}'",
                id());
        }
    }

    sql_client sql_;
    std::mt19937_64 random_;
    int rows_;
    bool xa_;
    std::uint64_t name_;
    int count_ = 0;
};

} // namespace

workload::workload(const live_server& server, workload_options options)
    : server_(server), options_(std::move(options)) {}

workload::~workload() {
    stopping_ = true;
    for (auto& thread : threads_)
        thread.join();
}

void workload::prepare() {
    auto sql = server_.root();
    sql.exec(fmt::format("CREATE DATABASE {0} CHARACTER SET utf8; USE {0};"
                         "CREATE TABLE account (id INT PRIMARY KEY, balance INT, mail VARCHAR(40), "
                         "at DATETIME(6), UNIQUE (mail)) ENGINE=InnoDB;"
                         "CREATE TABLE log (writer INT, line VARCHAR(100)) ENGINE=InnoDB;"
                         "CREATE TABLE place (name VARCHAR(60) NOT NULL, part INT NOT NULL, body "
                         "TEXT, PRIMARY KEY (name, part)) ENGINE=InnoDB;"
                         "CREATE TABLE parent (id INT PRIMARY KEY, name VARCHAR(40)) ENGINE=InnoDB;"
                         "CREATE TABLE child (id INT PRIMARY KEY, parent_id INT, name VARCHAR(40),"
                         " FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE ON "
                         "UPDATE CASCADE) ENGINE=InnoDB;",
                         options_.database));
    sql.exec("USE " + options_.database + "; START TRANSACTION");
    for (int i = 1; i <= options_.rows; ++i) {
        sql.exec(fmt::format("INSERT INTO account VALUES ({0}, {0}, 'm{0}', NOW(6));"
                             "INSERT INTO log VALUES ({0} % 5, 'entry');"
                             "INSERT INTO place VALUES ('Key {1}', {2}, REPEAT('y', {0} % 500));"
                             "INSERT INTO parent VALUES ({0}, 'parent'); INSERT INTO child VALUES "
                             "({0}, {0}, 'child');",
                             i, i / 7, i % 7 + 1));
    }
    sql.exec("COMMIT");
}

void workload::start() {
    stopping_ = false;
    failures_.assign(static_cast<std::size_t>(options_.writers), nullptr);
    for (int i = 0; i < options_.writers; ++i)
        threads_.emplace_back([this, i] { write(i); });
}

void workload::write(int writer) {
    const auto seed = options_.seed * 1000 + static_cast<std::uint64_t>(writer);
    std::uint64_t sessions = 0;
    while (!stopping_) {
        try {
            writer_session session(server_.root(), options_.database, seed + 77 * sessions++,
                                   options_.rows, options_.xa);
            while (!stopping_) {
                session.transaction();
                ++transactions_;
                if (options_.pause_microseconds > 0)
                    std::this_thread::sleep_for(
                        std::chrono::microseconds(options_.pause_microseconds));
            }
        } catch (...) {
            if (!options_.survives_restarts) {
                failures_[static_cast<std::size_t>(writer)] = std::current_exception();
                return;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
        }
    }
}

void workload::stop() {
    stopping_ = true;
    for (auto& thread : threads_)
        thread.join();
    threads_.clear();
    for (const auto& failure : failures_)
        if (failure) std::rethrow_exception(failure);
}

} // namespace understudy::test
