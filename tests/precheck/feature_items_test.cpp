#include "tests/precheck/seen.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy::precheck {
namespace {

using kind = feature_fact::kind;
using testing::HasSubstr;

void make_mariadb(scene& s) {
    s.target.server.is_mariadb = true;
    s.target.server.version_number = 101106;
}

const std::vector<spoiled> rows{
    {"target.features",
     [](scene& s) {
         s.source.features = {{kind::vector, {"shop", "orders"}, "v"}};
         s.target.server.version_number = 80400;
     },
     "objects.exclude", true},
    {"target.features",
     [](scene& s) {
         s.source.features = {{kind::invisible, {"shop", "orders"}, "v"}};
         s.target.server.version_number = 80022;
     },
     "objects.exclude", true},
    {"source.view_tables",
     [](scene& s) { s.source.view_tables = {{{"shop", "names"}, {"crm", "people"}}}; }, "exclude"},
};

TEST(feature_items, pass_where_nothing_is_wrong) {
    expect_all_pass(rows);
}

TEST(feature_items, say_what_is_wrong_and_what_mends_it) {
    expect_all_fail(rows);
}

TEST(feature_items, name_what_mariadb_lacks) {
    scene at = well();
    at.source.features = {{kind::vector, {"shop", "orders"}, "v"},
                          {kind::srid, {"shop", "orders"}, "place"},
                          {kind::invisible, {"shop", "orders"}, "hidden"},
                          {kind::expression, {"shop", "orders"}, "sums"},
                          {kind::not_enforced, {"shop", "orders"}, "positive"}};
    EXPECT_EQ(said(at.target_said(), "target.features").state, outcome::passed);
    make_mariadb(at);
    const item found = said(at.target_said(), "target.features");
    for (const char* part :
         {"`v` is a VECTOR", "`place` has an SRID", "`hidden` is INVISIBLE",
          "index `sums` is of an expression", "constraint `positive` is NOT ENFORCED"})
        EXPECT_THAT(found.seen, HasSubstr(part));
    at.known.first_start = false;
    for (const item& one : at.target_said())
        EXPECT_NE(one.id, "target.features");
}

TEST(feature_items, let_views_use_what_every_server_has) {
    scene at = well();
    at.source.view_tables = {{{"shop", "names"}, {"shop", "orders"}},
                             {{"shop", "versions"}, {"sys", "version"}}};
    EXPECT_EQ(said(at.source_said(), "source.view_tables").state, outcome::passed);
}

} // namespace
} // namespace understudy::precheck
