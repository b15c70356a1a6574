#include "applier/errc.hpp"
#include "applier/statement_plan.hpp"
#include "protocol/wire/byte_reader.hpp"
#include "tests/fuzz/fuzz_target.hpp"
#include "tests/support/ddl_corpus.hpp"
#include "tests/support/ddl_corpus_selections.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

namespace understudy::applier {
namespace {

using test::corpus_statement;

constexpr std::uint32_t version_97 = 90704;

TEST(ddl_corpus, is_decided_about_as_each_statement_says) {
    std::size_t count = 0;
    const auto selections = test::ddl_corpus_selections();
    for (const std::string& file : test::ddl_corpus_files()) {
        for (const corpus_statement& one : test::read_ddl_corpus(file)) {
            ++count;
            for (const auto& [name, selection, renames] : selections) {
                SCOPED_TRACE(one.place + " with " + name + ": " + one.text);
                const auto plan = plan_statement(
                    {one.text, one.database, one.mode_bits(), version_97}, selection);
                if (one.expected == corpus_statement::outcome::refused) {
                    EXPECT_FALSE(plan.has_value());
                    continue;
                }
                ASSERT_TRUE(plan.has_value()) << plan.error().what;
                const bool skipped = one.expected == corpus_statement::outcome::skipped;
                EXPECT_EQ(plan->what,
                          skipped ? statement_plan::action::skip : statement_plan::action::execute)
                    << plan->reason;
            }
        }
    }
    EXPECT_GE(count, 400U);
}

// What only an older server takes, as that one logs it.
TEST(ddl_corpus, of_older_servers_is_decided_about_as_each_statement_says) {
    const auto selections = test::ddl_corpus_selections();
    for (const auto& [server, version] :
         {std::pair("mysql-5.6", 50624U), std::pair("mariadb-10.11", 101118U)}) {
        std::size_t count = 0;
        for (const std::string& file : test::ddl_corpus_files(server)) {
            for (const corpus_statement& one : test::read_ddl_corpus(file)) {
                ++count;
                for (const auto& [name, selection, renames] : selections) {
                    SCOPED_TRACE(one.place + " with " + name + ": " + one.text);
                    const auto plan = plan_statement(
                        {one.text, one.database, one.mode_bits(), version}, selection);
                    EXPECT_EQ(plan.has_value(), one.expected != corpus_statement::outcome::refused)
                        << (plan ? plan->text : plan.error().what);
                    if (plan) EXPECT_EQ(plan->what, statement_plan::action::execute);
                }
            }
        }
        EXPECT_GE(count, 40U) << server;
    }
}

// Under its own names a statement is executed as it stands, but for what is said here.
TEST(ddl_corpus, is_not_touched_without_need) {
    const auto selections = test::ddl_corpus_selections();
    for (const std::string& file : test::ddl_corpus_files()) {
        for (const corpus_statement& one : test::read_ddl_corpus(file)) {
            const auto plan = plan_statement({one.text, one.database, one.mode_bits(), version_97},
                                             selections[0].selection);
            if (!plan || plan->what == statement_plan::action::skip) continue;
            SCOPED_TRACE(one.place + ": " + one.text);
            const bool may_differ = plan->is == statement_plan::kind::rename_table ||
                                    plan->is == statement_plan::kind::view ||
                                    plan->is == statement_plan::kind::create_table_with_rows ||
                                    one.text.starts_with("DROP ") ||
                                    one.text.contains(" RENAME TO e1b") || one.database != "corpus";
            if (!may_differ) EXPECT_EQ(plan->text, one.text);
        }
    }
}

// Every statement cut short at every place, and under every quoting: what the fuzzer begins with.
TEST(ddl_corpus, cut_anywhere_is_read_without_harm) {
    std::size_t count = 0;
    auto files = test::ddl_corpus_files();
    for (const auto* server : {"mysql-5.6", "mariadb-10.11"})
        std::ranges::move(test::ddl_corpus_files(server), std::back_inserter(files));
    for (const std::string& file : files) {
        for (const corpus_statement& one : test::read_ddl_corpus(file)) {
            const std::size_t step = 1 + one.text.size() / 3;
            for (std::size_t length = 0; length <= one.text.size(); length += step) {
                for (const char modes : {'\0', '\1', '\2', '\3', '\4', '\x8'}) {
                    const std::string input = std::string{modes, static_cast<char>(count % 8)} +
                                              one.text.substr(0, length);
                    fuzz::feed_ddl(protocol::as_bytes(input));
                }
            }
            ++count;
        }
    }
    EXPECT_GE(count, 400U);
}

} // namespace
} // namespace understudy::applier
