#include "state/account_selection.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace understudy::state {
namespace {

account_selection selection_of(const std::vector<std::string>& patterns) {
    account_selection made;
    made.keep_out("repl");
    for (const std::string& one : patterns) {
        const auto added = made.add(one);
        EXPECT_TRUE(added.has_value()) << one << ": " << added.error().what;
    }
    return made;
}

TEST(account_selection, takes_nothing_unless_asked) {
    const account_selection none;
    EXPECT_TRUE(none.empty());
    EXPECT_FALSE(none.selects({"app", "%"}));
}

TEST(account_selection, takes_what_a_pattern_fits) {
    struct known {
        std::string pattern;
        account_name account;
        bool selected;
    };
    const std::vector<known> cases{
        {"app@%", {"app", "%"}, true},
        {"app@%", {"app", "localhost"}, false},
        {"app", {"app", "%"}, true},
        {"app", {"app", "localhost"}, false},
        {"App", {"app", "%"}, false},
        {"report_*@10.%", {"report_a", "10.%"}, true},
        {"report_*@10.%", {"reportxa", "10.%"}, false},
        {"report_*@10.%", {"report_a", "10.1.%"}, false},
        {"report_*@10.*", {"report_a", "10.1.%"}, true},
        {"app@Host.Example", {"app", "host.example"}, true},
        {"*", {"anybody", "10.0.0.0/255.0.0.0"}, true},
        {"*", {"", "localhost"}, true},
        {"*@%", {"anybody", "localhost"}, false},
        {"''@localhost", {"", "localhost"}, true},
        {"'a*'@%", {"a*", "%"}, true},
        {"'a*'@%", {"ab", "%"}, false},
        {"`a@b`@'%'", {"a@b", "%"}, true},
        {"a@b@%", {"a@b", "%"}, true},
        {"*", {"mysql.sys", "localhost"}, false},
        {"*", {"mysql.session", "localhost"}, false},
        {"*", {"mysql.infoschema", "localhost"}, false},
        {"*", {"mariadb.sys", "localhost"}, false},
        {"*", {"root", "localhost"}, false},
        {"roo*@*", {"root", "localhost"}, false},
        {"root@*", {"root", "localhost"}, true},
        {"*", {"repl", "%"}, false},
        {"re*@*", {"repl", "10.%"}, false},
    };
    for (const known& one : cases) {
        SCOPED_TRACE(one.pattern + " and " + one.account.to_string());
        EXPECT_EQ(selection_of({one.pattern}).selects(one.account), one.selected);
    }
    EXPECT_TRUE(selection_of({"a@%", "b@%"}).selects({"b", "%"}));
}

TEST(account_selection, refuses_what_is_no_account_or_never_taken) {
    account_selection made;
    made.keep_out("repl");
    for (const std::string pattern : {"", "@%", "app@", "'app@%", "app@'%", "'app'x@%",
                                      "mysql.sys@localhost", "repl@%", "'repl'@'10.%'"}) {
        SCOPED_TRACE(pattern);
        EXPECT_FALSE(made.add(pattern).has_value());
    }
    EXPECT_TRUE(made.empty());
}

} // namespace
} // namespace understudy::state
